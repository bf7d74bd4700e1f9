"""The atlas, against what was worked out by hand: `expected/` says it, with the derivations."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from midpo_sym.kernel.theorem import Answer, decide
from midpo_sym.language.grammar.losses import Scope, parse
from midpo_sym.language.tree import Number
from midpo_sym.pipeline import Pipeline
from midpo_sym.session import Session
from midpo_sym.spec.library import directory
from midpo_sym.spec.reading.losses import load

ATLAS = directory() / "atlas"
EXPECTED = {
    id_: row
    for path in sorted((Path(__file__).parent / "expected").glob("*.toml"))
    for id_, row in tomllib.loads(path.read_text(encoding="utf-8")).items()
}
DEFAULTS = {
    "value": "proved",
    "gradient": "proved",
    "gives": "loss",
    "policy": False,
    "links": ["logsigmoid"],
    "scope": "pair",
    "batch": [],
    "stop_gradient": False,
    "reference_free": False,
    "lengths": False,
}
KEYS = {*DEFAULTS, "knows", "anchors", "claims", "fast"}
CASES = [
    pytest.param(id_, id=id_, marks=() if row.get("fast") else pytest.mark.slow)
    for id_, row in EXPECTED.items()
]


def knows(result):
    """Return what a prior for the loss is shown to have to know."""
    if result.parts and all(part.reading.score_of for part in result.parts):
        return "none"
    return result.prior.reach.name.lower() if result.prior.is_needed else "unknown"


def computed(result):
    """Return what the prover says of a statement, in the keys of the expected files."""
    properties = result.properties
    return {
        "value": result.verdict.status.value,
        "gradient": result.gradient.status.value,
        "gives": result.statement.gives,
        "knows": knows(result),
        "policy": properties.prior_depends_on_policy,
        "links": [term.link.name.replace(" ", "") for term in result.statement.target.terms],
        "scope": result.scope.unit.value,
        "batch": [*result.scope.of_batch],
        "stop_gradient": properties.uses_stop_gradient,
        "reference_free": properties.reference_free,
        "lengths": properties.needs_length,
    }


def same_anchor(part, expected, derivation):
    """Return whether a term is of a pair, for "", or is a score against what is expected."""
    if not expected or not part.reading.score_of:
        return not expected and not part.reading.score_of
    parameters = {each.name: each.domain for each in derivation.parameters}
    data = {each.name: (each.arity, each.domain, each.by_label) for each in derivation.data}
    anchor = parse(expected, Scope(frozenset(), parameters, {}, data=data))
    return decide(part.reading.anchor, anchor).answer is Answer.EQUAL


def test_every_file_is_expected_and_every_expectation_has_a_file():
    shipped = {path.stem for path in ATLAS.glob("*.toml")}
    assert {each for each in shipped if not each.startswith("sources")} == set(EXPECTED)


def test_expectations_have_no_other_keys():
    """A key that is misspelt would be compared with nothing."""
    for id_, row in EXPECTED.items():
        assert set(row) <= KEYS, id_
        assert "knows" in row, id_


@pytest.mark.parametrize("id_", CASES)
def test_verdict(id_):
    """All of it, and that the file says of its claims what the prover finds."""
    row, pipeline = EXPECTED[id_], Pipeline(Session())
    derivation = load(ATLAS / f"{id_}.toml")
    result = pipeline.judge(derivation)
    wanted = {**DEFAULTS, **row}
    wanted["links"] = [link.replace(" ", "") for link in wanted["links"]]
    found = computed(result)
    assert found == {key: wanted[key] for key in found}
    anchors = wanted.get("anchors", [""] * len(result.parts))
    assert len(anchors) == len(result.parts)
    for part, anchor in zip(result.parts, anchors, strict=True):
        assert same_anchor(part, anchor, derivation), f"term {part.number}: {part.reading.anchor}"
    claims = pipeline.judge_claims(derivation)
    assert all(each.as_expected for each in claims)
    statuses = {each.claim.id: each.verdict.status.value for each in claims if each.claim}
    assert {key: statuses[key] for key in row.get("claims", {})} == row.get("claims", {})


def test_an_anchor_of_another_value_is_noticed():
    """KTO's terms are scores against βz₀: neither z₀, nor terms of a pair."""
    derivation = load(ATLAS / "kto.toml")
    result = Pipeline(Session()).judge(derivation)
    for part in result.parts:
        assert same_anchor(part, "beta*z0", derivation)
        assert not same_anchor(part, "z0", derivation)
        assert not same_anchor(part, "", derivation)
    assert decide(result.parts[0].reading.anchor, Number(0)).answer is not Answer.EQUAL
