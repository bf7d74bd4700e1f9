"""What is shown of counterexamples: whether they are exact or enclosures, and all that it takes."""

from __future__ import annotations

import json
from fractions import Fraction
from io import StringIO
from pathlib import Path

import jsonschema
import pytest
from rich.console import Console

import midpo_sym
from midpo_sym.prover.prove import prove_derivation
from midpo_sym.site.maths import formula
from midpo_sym.site.parts.counterexample import counterexamples
from midpo_sym.spec.reading.losses import load, loads
from midpo_sym.targets.coq.emit import Outside, emit
from midpo_sym.targets.json import report as json_report
from midpo_sym.targets.terminal import points

CASES = Path(__file__).parents[1] / "cases"
SCHEMA = json.loads(
    (Path(json_report.__file__).parent / "result.schema.json").read_text(encoding="utf-8")
)
# m(a, b) = log(π(a) + 2 π(b)): no prior of one response gives that, and it has log 3 and the like.
PAIR = """
title = "pair"
summary = "A margin in which the responses do not separate."
[parameters]
alpha = { domain = "positive", meaning = "temperature" }
[prior]
zeta = "ref(y)"
[loss]
argument = "log(pi(w) + 2*pi(l))"
"""


@pytest.fixture(scope="module")
def const3():
    """3π for π_ref, one claim; the argument of MI-DPO is 0."""
    (result,) = prove_derivation(load(CASES / "const3.toml"))
    return result


@pytest.fixture(scope="module")
def pair():
    (result,) = prove_derivation(loads(PAIR, "pair.toml"))
    return result


def printed(renderable):
    out = StringIO()
    Console(file=out, width=200).print(renderable)
    return out.getvalue()


def witness_of(result):
    report = json_report.report([result], {})
    jsonschema.validate(report, SCHEMA)
    return report["results"][0]["value"]["witness"]


@pytest.mark.slow
def test_a_terminal_shows_two_enclosures_and_their_point(const3):
    text = printed(points.counterexample(const3, const3.witness))
    assert "A counterexample in certified intervals." in text
    left, right = const3.witness.enclosures
    for side in (left, right):
        assert f"∈ {side}" in text
    assert "which does not hold 0" in text
    assert "π_ref after the prompt" in text


@pytest.mark.slow
def test_an_exact_counterexample_says_so():
    """Residual −g: exact, as g and log 2 are."""
    result = midpo_sym.prove(CASES / "cure_zero.toml")
    assert "An exact counterexample." in printed(points.counterexample(result, result.witness))
    row = witness_of(result)
    assert (row["kind"], row["enclosures"]) == ("exact", None)


@pytest.mark.slow
def test_json_has_decimals_that_show_it(const3):
    """Whoever reads the report alone can see that the two numbers differ, and by how much."""
    row = witness_of(const3)
    assert row["kind"] == "enclosure"
    one, other, difference = (
        [Fraction(end) for end in row["enclosures"][name]]
        for name in ("framework", "target", "difference")
    )
    assert one[1] < other[0] or other[1] < one[0]
    assert difference == [one[0] - other[1], one[1] - other[0]]
    for name in ("framework", "target"):
        low, high = map(Fraction, row["enclosures"][name])
        assert low <= Fraction(row[name].replace("−", "-")) <= high


def test_a_page_shows_enclosures(const3):
    """As mathematics that the website's converter takes."""
    (found,) = counterexamples(const3)
    assert not found.exact
    shown = [value for _, value in found.values[-3:]]
    assert all(value.startswith(r"\in [") for value in shown)
    assert r"\not\ni 0" in shown[-1]
    for value in shown:
        assert "<math" in str(formula.inline(value))


@pytest.mark.slow
def test_the_certificate_is_missing_for_a_reason(const3):
    """Coq checks exact numbers; these are none."""
    refused = emit(const3)
    assert isinstance(refused, Outside)
    assert "certified intervals" in refused.reason


@pytest.mark.slow
def test_why_a_prior_has_to_know_the_pair_in_enclosures(pair):
    """log(π(a) + 2π(b)) − log(π(a) + 2π(d)) − log(π(c) + 2π(b)) + log(π(c) + 2π(d)) is not 0."""
    failure = pair.prior.failure
    assert (pair.prior.reach.name, failure.kind) == ("PAIR", "enclosure")
    row = json_report.solutions(pair.derivation, [pair.prior])["failure"]
    assert row["kind"] == "enclosure"
    low = high = Fraction(0)
    for margin in row["margins"]:
        ends = sorted(margin["sign"] * Fraction(end) for end in margin["enclosure"])
        low, high = low + ends[0], high + ends[1]
    assert [low, high] == [Fraction(end) for end in row["enclosure"]]
    assert not low <= 0 <= high
    text = printed(points.solutions(pair.derivation, [pair.prior]))
    assert "The numbers are certified intervals." in text
    assert f"∈ {failure.total}, which does not hold 0" in text
