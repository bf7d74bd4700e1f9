"""Coverage is computed: nothing counts as certified that the lock does not vouch for."""

from types import SimpleNamespace

import pytest

from midpo_sym.spec import library
from midpo_sym.targets.coq.checking import lock
from midpo_sym.targets.coq.checking.coverage import coverage
from midpo_sym.targets.coq.checking.outcome import prepare
from midpo_sym.targets.coq.checking.theory import THEOREMS

NO_WORDS = "the prover does not check it either"


def entry(id_, status="proved", claims=(), chains=(), same=""):
    evidence = SimpleNamespace(claims=claims, chains=chains, same=same)
    return SimpleNamespace(id=id_, status=status, evidence=evidence)


CHAINS = [SimpleNamespace(id="least"), SimpleNamespace(id="unheard-of")]
THEORY = SimpleNamespace(setting=SimpleNamespace(id="lemma_1"), chains=CHAINS)
AUDIT = SimpleNamespace(
    entries=[
        entry("by-claim", claims=("simpo/section-4", "dpo/section-4")),
        entry("by-chain", chains=("lemma_1/least",)),
        entry("half-open", claims=("dpo/section-4",), chains=("lemma_1/unheard-of",)),
        entry("appendix-simpo-reward"),
        entry("of-its-own", status="refuted"),
        entry("without-words", status="not checked"),
        entry("misspelt", claims=("dpo/section-5",)),
        entry("the-same", same="by-chain"),
    ]
)


@pytest.fixture(scope="session")
def outcomes(results):
    return [outcome for each in results for outcome in prepare(each)]


@pytest.mark.slow
def test_what_rests_on_certified_claims_and_theorems_is_certified(outcomes):
    rows = {each.id: each for each in coverage(outcomes, [THEORY], [AUDIT])}
    assert rows["simpo/section-4"].by == ("simpo/claim_section_4.v",)
    assert rows["lemma_1/least"].by == ("MidpoTheory.lemma_1",)
    assert rows["by-claim"].by == ("simpo/claim_section_4.v", "dpo/claim_section_4.v")
    assert rows["by-chain"].by == rows["the-same"].by == ("MidpoTheory.lemma_1",)
    assert rows["appendix-simpo-reward"].by == ("MidpoTheory.simpo_reward",)
    missing = {id_: each.missing for id_, each in rows.items() if not each.by}
    assert missing == {
        "lemma_1/unheard-of": "no theorem states it",
        "half-open": "rests on lemma_1/unheard-of",
        "of-its-own": "no theorem states it",
        "without-words": NO_WORDS,
        "misspelt": "rests on dpo/section-5",
    }


@pytest.mark.slow
def test_a_lock_of_another_library_vouches_for_nothing(outcomes):
    found = {**lock.shipped(), "library": {}}
    assert not any(each.by for each in coverage(outcomes, [THEORY], [AUDIT], found))


def test_each_theorem_is_listed_once_and_named_with_its_file():
    names = [each.name for each in THEOREMS]
    assert len(set(names)) == len(names)
    assert {each.partition(".")[0] for each in names} == {"MidpoCore", "MidpoTheory"}


@pytest.mark.slow
def test_what_theorems_settle_is_there(outcomes):
    """Each derivation and entry that a theorem names exists; what is unchecked stays so."""
    rows = {each.id: each for each in coverage(outcomes, library.theories(), library.audits())}
    assert {name for each in THEOREMS for name in each.settles} <= set(rows)
    for id_ in ("lemma_1/least", "optimal_policy/maximum", "eq-5", "optimal-policy-section-2"):
        assert rows[id_].by, id_
    for audit in library.audits():
        for each in audit.entries:
            assert (rows[each.id].missing == NO_WORDS) == (each.status == "not checked")
