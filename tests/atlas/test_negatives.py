"""What losses are not: each point is evaluated again, in floating point and by hand."""

import math
from dataclasses import replace

import pytest

from midpo_sym.atlas import index
from midpo_sym.atlas.negatives import ALONE, ANY, LABEL, Negative, negative_of, wanted
from midpo_sym.session import remembering
from midpo_sym.spec import library

ROWS = index.read()
TOKENS = "abc∎"


def found(id_: str, **changed) -> Negative | None:
    with remembering():
        return negative_of(library.get(id_), replace(ROWS[id_], **changed))


def log_probability(negative: Negative, model: str, name: str) -> float:
    """Add the logarithms of the probabilities of a response's tokens."""
    table = dict(negative.probabilities)
    tokens = dict(negative.responses)[name].split()
    total = 0.0
    for t, token in enumerate(tokens):
        row = table[f"{model} after {' '.join(tokens[:t]) or 'the prompt'}"].split()
        share, of = row[TOKENS.index(token)].split("/")
        total += math.log(int(share) / int(of))
    return total


def simpo(negative, w, l, given):  # noqa: E741
    scores = [
        given["alpha"]
        * log_probability(negative, "pi", y)
        / len(dict(negative.responses)[y].split())
        for y in (w, l)
    ]
    return math.log1p(math.exp(given["gamma"] - scores[0] + scores[1]))


def ratio(negative, y):
    return log_probability(negative, "pi", y) - log_probability(negative, "ref", y)


def ipo(negative, w, l, given):  # noqa: E741
    return (ratio(negative, w) - ratio(negative, l) - 1 / (2 * given["tau"])) ** 2


def cpo(negative, w, l, given):  # noqa: E741
    logs = [log_probability(negative, "pi", y) for y in (w, l)]
    return math.log1p(math.exp(given["beta"] * (logs[1] - logs[0]))) - given["lam"] * logs[0]


def apo_zero(negative, w, l, given):  # noqa: E741
    """1 − σ(r_w) + σ(r_l), up to the constant with which its specification has it."""
    chances = [1 / (1 + math.exp(-given["beta"] * ratio(negative, y))) for y in (w, l)]
    return chances[1] - chances[0]


@pytest.mark.parametrize(
    ("id_", "loss", "excludes"),
    [
        ("simpo", simpo, ALONE),
        ("ipo", ipo, LABEL),
        ("cpo", cpo, LABEL),
        ("apo_zero", apo_zero, ANY),
    ],
)
def test_the_equation_fails_where_it_is_said_to(id_, loss, excludes):
    """The loss of each pair by its formula, and from these the left side of the equation."""
    negative = found(id_)
    assert negative.excludes == excludes
    given = {name: float(fraction(value)) for name, value in negative.given}
    pairs = {name: (name[2], name[5]) for name, _ in negative.losses}
    values = {name: loss(negative, *pair, given) for name, pair in pairs.items()}
    for name, shown in negative.losses:
        assert inside(values[name], shown)
    left = {
        ANY: lambda ab: ab,
        ALONE: lambda ab, ba: math.exp(-ab) + math.exp(-ba) - 1,
        LABEL: lambda ab, cd, ad, cb: (
            math.expm1(ab) * math.expm1(cd) - math.expm1(ad) * math.expm1(cb)
        ),
    }[excludes](*values.values())
    assert inside(left, negative.left)
    assert left <= 0 if excludes == ANY else abs(left) > 1e-3


def fraction(text: str) -> float:
    top, _, bottom = text.partition("/")
    return int(top) / int(bottom or 1)


def inside(value: float, shown: str) -> bool:
    low, high = (float(each.replace("−", "-")) for each in shown.strip("[]").split(", "))
    slack = 1e-6 * max(1, abs(value))
    return low - slack <= value <= high + slack


@pytest.mark.parametrize("id_", ["dpo", "centropy", "dpo_unlearning"])
def test_of_what_is_mi_dpo_s_no_point_is_found(id_):
    """Whatever its row says; the third is DPO times a number."""
    assert found(id_, value="refuted") is None


def test_what_is_tried_goes_by_what_is_proved():
    assert wanted(ROWS["dpo"]) == wanted(ROWS["gpo"]) == ()
    assert wanted(ROWS["simpo"]) == (ALONE,)
    assert wanted(ROWS["ipo"]) == (ANY, LABEL, ALONE)


def test_a_third_response_stays_one():
    """TPO has the likelihood of a gold answer, which is neither of the pair."""
    assert [name for name, _ in found("tpo").responses][-1] == "o"


def test_a_negative_is_data_and_back():
    negative = found("simpo")
    assert Negative.of_data(negative.to_data()) == negative
