"""The gradient of a random loss: proved coefficients are evaluated again."""

from __future__ import annotations

from collections.abc import Iterator

from attacks.findings import Finding
from generators.cases import Case
from generators.trees.random_losses import derivation_of
from oracles.trees.gradients import disagreements
from oracles.trees.independent import Point, evaluate

from midpo_sym.prover.gradients.gradient import Gradient
from midpo_sym.prover.gradients.report import gradient_result

COLUMNS = ("derivative",)
POINTS = 3


def case(seed: int, number: int) -> Case:
    """Return a random loss by seed and number, as it is kept and counted."""
    derivation = derivation_of(_drawn(seed, number))
    text = str(derivation.statement.target.loss)
    return Case(f"gradient_{seed}_{number}", "loss", "", f"# {text}\n")


def attack(seed: int, number: int) -> list[Finding]:
    """Return what is found of a gradient: wrong, or right, or that it is undecided."""
    derivation = derivation_of(_drawn(seed, number))
    try:
        result = gradient_result(derivation)
        proved = result.gradient.is_proved
        if proved:
            _ = result.motions  # compared with steps when it is asked for
    except TimeoutError:
        raise
    except Exception as error:  # noqa: BLE001 - any exception is a finding
        said = f"{type(error).__name__}: {str(error)[:300]}"
        return [Finding("derivative", "exception", said)]
    if not proved:
        return [Finding("derivative", "unknown", "undecided")]
    wrong = [
        *map(str, disagreements(result.gradient, derivation.statement.target.loss)),
        *_wrong_signs(result.gradient),
    ]
    kind = "wrong" if wrong else "right"
    return [Finding("derivative", kind, wrong[0][:300] if wrong else "proved")]


def _drawn(seed: int, number: int) -> int:
    return 1_000_000 * seed + number


def _wrong_signs(gradient: Gradient) -> Iterator[str]:
    """Yield coefficients whose sign is not what is said of it, at points where they have values."""
    for each in gradient.coefficients:
        for seed in range(POINTS):
            point = Point(seed)
            for t in range(point.length(each.response)):
                decides = each.sign.decides
                try:
                    value = evaluate(each.value, point, t).real
                    of_factor = 1.0 if decides is None else evaluate(decides, point, t).real
                except (ZeroDivisionError, OverflowError, ValueError):
                    continue
                if value * each.sign.direction * of_factor < -1e-12:
                    yield f"sign of {each.value}: {value} where {decides} is {of_factor}"
