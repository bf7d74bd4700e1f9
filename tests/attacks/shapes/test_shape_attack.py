"""Random losses of any shape through the whole program, and whether what is wrong is noticed.

Thousands of cases are for `benchmarks/attack.py --shapes`.
"""

import copy
import doctest
import re
from dataclasses import replace
from fractions import Fraction

import generators.shapes.cases
import oracles.shapes
import pytest
from attacks import product
from attacks.shapes import facts, readings
from attacks.shapes.run import COLUMNS, OF_LINKS, OF_PARTS, OF_VERDICTS, attack
from generators.shapes.cases import FAMILIES, case
from oracles import links
from oracles.reader import parse
from oracles.shapes import Candidate, beyond, shape
from oracles.statement import read

SEED = 7
CORE = (*OF_PARTS, *OF_LINKS, *OF_VERDICTS)
LR = "log(pi({0})/ref({0}))"
W, L = (f"alpha*{LR.format(r)}" for r in "wl")
HEAD = """
title = "T"
summary = "s"
parameters.alpha = { domain = "positive", meaning = "m" }
parameters.c = { domain = "real", meaning = "m" }
data.z0 = { of = "batch", domain = "real", meaning = "m" }
prior.zeta = "ref(y)"
"""
OF_PAIR = 'data.margin = { of = "pair", domain = "real", meaning = "m" }\n'
KTO = f"""{HEAD}prior.gives = "terms"
[loss]
plus = "-log(pi(w))"
[[loss.term]]
weight = "sg(pi(w))"
link = "(1 - a)**2 + c*a"
argument = "{W} - z0/2"
[[loss.term]]
link = "softplus(-a)"
argument = "z0/2 - {L}"
"""


def test_a_case_is_the_same_again():
    drawn = [case(SEED, number) for number in range(8)]
    assert drawn == [case(SEED, number) for number in range(8)]
    assert [each.family for each in drawn] == [*FAMILIES]


@pytest.mark.slow
def test_every_word_of_the_whole_language_is_drawn():
    """Each often enough to matter: in one of a hundred cases, at least."""
    texts = [case(SEED, number).text for number in range(300)]
    words = [
        "position(",
        "cauchy_cdf(",
        "(o",
        'of = "batch"',
        'of = "pair"',
        "open unit",
        "mean_t(",
    ]
    rows = {word: sum(word in text for text in texts) for word in words}
    rows["a link over lines"] = sum('link = """' in text for text in texts)
    rows["1 + something"] = sum(bool(re.search(r"log\(1\s*\+", text)) for text in texts)
    assert not {word: count for word, count in rows.items() if count < 3}


@pytest.mark.parametrize(
    ("gives", "argument", "readings"),
    [
        ("argument", f"{W} - {L}", {(1, "")}),
        ("argument", f"{L} - {W}", {(-1, "")}),
        ("argument", f"{W} - {L} - c", set()),  # a pair has no anchor
        ("argument", f"{W} - c", set()),
        ("scores", f"{W} - c*z0", {(1, "w")}),
        ("scores", f"c**2 - {L}", {(-1, "l")}),
        ("scores", f"{W} - margin", set()),  # a number of the pair is not free of the responses
        ("scores", f"2*{W}", set()),
        ("scores", f"{W} + {L}", set()),
        ("scores", f"{W} - length(w)", set()),
        ("scores", f"sg({W})", {(1, "w")}),  # in value
        ("scores", f"{W} - {L} + max({L}, {L})", {(1, "w")}),  # speaks of both, is of one
    ],
)
def test_what_an_argument_is_by_numbers(gives, argument, readings):
    text = f'{HEAD}{OF_PAIR}prior.gives = "{gives}"\nloss.argument = "{argument}"'
    statement = read(text)[""]
    found = shape(statement, statement.points("s", 8))
    assert {*found.terms[0]} == {Candidate(*each) for each in readings}
    assert found.value is bool(readings)
    assert found.gradient is (found.value and "sg" not in argument)


@pytest.mark.parametrize(
    ("body", "rises", "sags", "falls"),
    [
        ("-a", False, False, True),
        ("(1 - a)**2", True, False, False),
        ("1 - sigmoid(a)", False, True, False),
        ("-softplus(a)", False, True, True),
        ("max(0, c - a)", False, False, False),
        ("abs(a) - 2*a", False, False, True),
    ],
)
def test_what_a_link_does_by_numbers(body, rises, sags, falls):
    statement, tree = read(KTO)[""], parse(body)
    assert bool(links.rises_at(statement, tree, "s")) is rises
    assert bool(links.sags_at(statement, tree, "s")) is sags
    assert any(links.falls_without_end(statement, tree, "s")) is falls
    slope = links.value(statement, parse("(2 - a)**3"), {}, Fraction(0), slope=True)
    assert float(slope) == -12  # -3 (2 - a)²


def test_what_is_too_far_to_say_is_neither_bounded_nor_not():
    """a³/2 falls without end, but exp(-500) is below the digits that are looked at."""
    assert links.falls_far_out(read(KTO)[""], parse("log(exp(a**3/2))"), {}) is None
    assert links.falls_far_out(read(KTO)[""], parse("a**3/2"), {}) is True


@pytest.mark.parametrize("module", [oracles.shapes, generators.shapes.cases, readings])
def test_what_docstrings_say(module):
    found = doctest.testmod(module)
    assert found.attempted > 0
    assert found.failed == 0


@pytest.fixture
def kto(tmp_path):
    """A true loss of two terms with what is said of it; the parts may be changed."""
    path = tmp_path / "kto.toml"
    path.write_text(KTO, encoding="utf-8")
    (answer,) = product.answers(path, brief=True)
    answer = product.terms_of(answer)
    return read(KTO)[""], replace(answer, found=copy.deepcopy(answer.found))


def kinds(found):
    return {(each.column, each.kind) for each in found if each.kind != "right"}


@pytest.mark.slow
def test_a_true_loss_has_no_wrong_finding(kto):
    statement, answer = kto
    found = [*readings.check(statement, answer, "s", 8), *facts.check(statement, answer.found, "s")]
    assert "wrong" not in {each.kind for each in found}
    assert {"shape", "readings", "slopes", "convex", "weights"} <= {each.column for each in found}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "value", "column"),
    [
        ("sign", -1, "readings"),
        ("anchor", "z0", "readings"),
        ("anchor", "z0/2 + length(w) - length(w)", "readings"),  # right, but not free
        ("score_of", "l", "readings"),
        ("score_of", None, "readings"),
    ],
)
def test_a_wrong_reading_is_noticed(kto, key, value, column):
    statement, answer = kto
    answer.found["parts"][0][key] = value
    assert (column, "wrong") in kinds(readings.check(statement, answer, "s", 8))


@pytest.mark.slow
def test_a_wrong_verdict_is_noticed(kto):
    """Proved of a loss that is not; refuted of one that is."""
    statement, answer = kto
    other = read(KTO.replace("z0/2 - alpha", "z0/2 + length(l) - alpha"))[""]
    assert ("shape", "wrong") in kinds(readings.check(other, answer, "s", 8))
    refuted = replace(answer, value=replace(answer.value, status="refuted"))
    assert ("shape", "wrong") in kinds(readings.check(statement, refuted, "s", 8))


@pytest.mark.slow
@pytest.mark.parametrize(("link", "true"), [("-a", "proved"), ("softplus(-a)", "refuted")])
def test_a_wrong_gradient_of_a_refuted_loss_is_noticed(tmp_path, link, true):
    """s(y_w) − |y_w| has the gradient of the score under a line, and under nothing else."""
    text = f'{HEAD}prior.gives = "scores"\n[loss]\nargument = "{W} - length(w) - c + z0"\n'
    text += f'link = "{link}"\n'
    path = tmp_path / "s.toml"
    path.write_text(text, encoding="utf-8")
    (answer,) = map(product.terms_of, product.answers(path, brief=True))
    statement = read(text)[""]
    assert (answer.value.status, answer.gradient.status) == ("refuted", true)
    assert ("slope", "wrong") not in kinds(readings.check(statement, answer, "s", 8))
    other = {"proved": "refuted", "refuted": "proved"}[true]
    wrong = replace(answer, gradient=replace(answer.gradient, status=other))
    assert ("slope", "wrong") in kinds(readings.check(statement, wrong, "s", 8))


A0, A1, C1 = {"a": "0"}, {"a": "1"}, {"c": "1"}


@pytest.mark.parametrize(
    ("number", "fact", "value"),
    [
        (0, "weight_is", "data"),
        (0, "decreasing", {"answer": "yes", "points": []}),
        *(
            pytest.param(*each, marks=pytest.mark.slow)
            for each in (
                (1, "decreasing", {"answer": "no", "points": [A0 | C1, A1 | C1]}),
                (1, "convex", {"answer": "no", "points": [A0, A1, {"a": "2"}]}),
                (1, "bounded_below", {"answer": "no", "points": []}),
                (1, "bounded_below", {"answer": "no", "points": [{"a": "30", "c": "1"}] * 2}),
            )
        ),
        (1, "slope_at_zero", "1/2"),
    ],
)
def test_a_wrong_fact_is_noticed(kto, number, fact, value):
    statement, answer = kto
    row = answer.found["statement"]["terms"][number]
    (row if fact == "weight_is" else row["link_is"])[fact] = value
    assert "wrong" in {kind for _, kind in kinds(facts.check(statement, answer.found, "s"))}


def test_a_wrong_reading_in_latex_is_noticed(kto):
    statement, answer = kto
    assert not kinds(readings.latex(statement, answer))
    answer.found["parts"][1]["sign"] = 1
    assert ("latex", "wrong") in kinds(readings.latex(statement, answer))


def wrong(numbers, folder, columns):
    """Return what is wrong with some cases, with how many findings there are."""
    found = [
        (drawn.name, each)
        for drawn in (case(SEED, number) for number in numbers)
        for each in attack(drawn, folder, columns, points=8)
    ]
    return [each for each in found if each[1].kind in ("wrong", "exception")], len(found)


def test_what_differs_beyond_a_maximum_only_is_looked_at_there():
    """max(c, log π(y_w)) is the constant c for c from 0 on, and not below: no score minus c is it.

    With s(y) = log π(y) - max(c, m(y) - 9), m given of a response and below 3 but at few points,
    the argument log π(y_w) is a score against the anchor -c as long as m is below c + 9.
    """
    given = 'data.m = { of = "y", domain = "nonnegative", meaning = "m" }\n'
    text = f"""{HEAD}{given}prior.gives = "scores"
prior.scale = "1"
[loss]
argument = "log(pi(w))"
""".replace('zeta = "ref(y)"', 'zeta = "exp(max(c, alpha*m(y) - 40))"')
    statement = read(text)[""]
    points = [*statement.points("s", 8)]
    assert shape(statement, points).value is True
    assert shape(statement, beyond(statement, statement.points("s", 40))).value is False


@pytest.mark.slow
def test_nothing_shown_of_some_losses_is_wrong(tmp_path):
    bad, count = wrong((0, 3, 8, 13), tmp_path, CORE)
    assert not bad
    assert count > 40


@pytest.mark.slow
def test_nothing_shown_of_many_losses_is_wrong(tmp_path):
    bad, count = wrong(range(16, 56), tmp_path, COLUMNS)
    assert not bad
    assert count > 800
