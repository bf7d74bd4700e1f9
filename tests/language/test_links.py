"""The losses of a pair that pages print, and their slopes, belong together."""

import math

import pytest

from midpo_sym.language.links import LINKS

# What the specification language says of each link, by hand.
LOSSES = {
    "logsigmoid": lambda m: math.log(1 + math.exp(-m)),
    "identity": lambda m: -m,
    "hinge": lambda m: max(0.0, 1 - m),
    "square": lambda m: (1 - m) ** 2,
    "sigmoid": lambda m: 1 / (1 + math.exp(m)),
}
SPELT = (
    (r"\log\sigma(m)", "log(sigma(m))"),
    (r"\max(0,\, 1 - m)", "max(0, 1 - m)"),
    (r"\mathbf{1}[m < 1]", "(m < 1)"),
    (r"\sigma", "sigma"),
    ("^2", "**2"),
    ("-2(", "-2*("),
    (r"\,", "*"),
)


def at(latex: str, m: float) -> float:
    for printed, spelt in SPELT:
        latex = latex.replace(printed, spelt)
    names = {"m": m, "log": math.log, "max": max, "sigma": lambda a: 1 / (1 + math.exp(-a))}
    return eval(latex, {"__builtins__": {}}, names)  # a table of this package, no outside text


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("m", [-2.5, -0.3, 0.4, 1.7])
def test_the_printed_slope_is_the_derivative_of_the_printed_loss(link, m):
    loss, slope = LINKS[link].latex, LINKS[link].slope
    assert at(loss, m) == pytest.approx(LOSSES[link](m), abs=1e-12)
    step = 1e-6
    numeric = (LOSSES[link](m + step) - LOSSES[link](m - step)) / (2 * step)
    assert at(slope, m) == pytest.approx(numeric, abs=1e-7)
