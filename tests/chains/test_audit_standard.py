"""The audit keeps to the standard of `derivations/audit/README.md`.

What is expected was written down from the paper, place by place, and not from the files.
"""

import re

import pytest
from generators.trees.words import DERIVATIONS

from midpo_sym.chains.audit import audit_entries, check_entry, find_entries
from midpo_sym.spec import library
from midpo_sym.spec.errors import SpecError
from midpo_sym.spec.reading.theory import loads_audit
from midpo_sym.targets.terminal.audit import in_order, report

pytestmark = pytest.mark.slow

ENTRIES = {name: entry for name, (entry, _) in audit_entries(library.audits()).items()}


def of_kind(category):
    return {name for name, each in ENTRIES.items() if each.category == category}


def judged(name):
    return check_entry(*find_entries([name])[0]).judgement


def test_the_errors_are_the_five_that_the_paper_prints():
    """Each has a definite meaning and is false.

    - Section 2: equation 3 penalises by 1/β, its "optimal policy" has exp(r/β); exp(βr) is right.
    - Section 4, J_cEntropy: π^η/π_ref^η, with ζ = π_ref π^(1−η) set beside it.
    - Section 4 and appendix B, J_sparsePO: "−E [u − Δ]", no log-sigmoid.
    - Appendix A, q(λ): "− (1/β) Σ_y exp(βr − 1) exp(βλ) (…)", without ζ(y).
    - Appendix B, SimPO, first line of the difference: "− αβ(y_w, x) … − αβ(y_l, x)".
    """
    assert of_kind("error") == {
        "optimal-policy-section-2",
        "recovery-centropy",
        "recovery-sparsepo",
        "dual-substituted",
        "appendix-simpo-middle",
    }


def test_the_overstatements_are_the_six_that_the_paper_prints():
    """Each says more than is shown.

    - Below lemma 1: "the closer q_Y is to p_{Y|X}, the better it captures the true dependency".
    - Section 4, SimPO: "This assumption is necessary"; and "for different y₁, y₂, y₃", which leaves
      out that a flipped pair has to be excluded.
    - Section 5.2: "we formalise this algorithm and detail its theoretical guarantees"; "typically
      use a fixed prior", of seven of which two have one; "will yield a better loss function value".
    """
    assert of_kind("overstatement") == {
        "intuition-lemma-1",
        "simpo-assumption-necessary",
        "simpo-assumption-sufficient",
        "alternation-guarantees",
        "typically-fixed",
        "better-than-existing",
    }


def test_the_slips_of_notation_are_those_that_the_paper_prints():
    """Thirteen formulas without a definite meaning, or names with several.

    - 3.1: "marginal of Y conditioned on X"; 3.1 and D_SeqL: KL(π(y|x)‖ζ(y)), of two numbers.
    - 3.2 and A: "J(π) = max_π …"; equation 5: Z(x) and Ẑ, and ζ̂ in A.1.
    - 4: "ζ_DICE(y) = π^(t−1)(y|x)", free of x on the left only; D_t in J_cEntropy; "−αΔ" below the
      display of J_TDPO; β in R-DPO and SimPO; T_w, T_l in u of TIS-DPO; log π(·|x, y^{<t}).
    - B: "E_{(x, y₂, y₁)}" in J_sparsePO; Σ to |y| in its difference; w(y; x) = w_i^w.
    """
    assert of_kind("notation") == {
        "marginal-conditioned",
        "divergence-of-tokens",
        "constrained-problem",
        "appendix-normaliser",
        "prompt-free-prior",
        "data-centropy",
        "loss-tdpo",
        "beta-r-dpo",
        "lengths-tis-dpo",
        "token-probabilities-sparsepo",
        "appendix-sparsepo-expectation",
        "appendix-sparsepo-limits",
        "appendix-tis-dpo-weights",
    }


def test_a_slip_is_counted_once():
    """SparsePO's loss is printed twice, and "better" without a display four times.

    Section 1: "leads to improved loss function outcomes"; 5.2: "improved minima that outperform
    existing methods", "will yield a better loss function value", of DICE "will still achieve better
    optimal loss values".
    """
    shared = {name: each.evidence.same for name, each in ENTRIES.items() if each.evidence.same}
    assert shared == {
        "appendix-sparsepo": "recovery-sparsepo",
        "contribution-prior": "better-than-existing",
        "joint-better-policy": "better-than-existing",
        "joint-dice": "better-than-existing",
    }
    for name, other in shared.items():
        assert judged(name).status == judged(other).status == "refuted"
        assert not ENTRIES[name].category


def test_the_same_box_has_the_same_verdict_in_section_4_and_in_appendix_b():
    """Only cEntropy's differ: section 4 prints another loss (π_ref^η) than appendix B (π_ref)."""
    for name in ("dpo", "dice", "simpo", "r-dpo", "tdpo", "tis-dpo", "sparsepo"):
        assert judged(f"recovery-{name}").status == judged(f"appendix-{name}").status, name
    assert judged("recovery-centropy").status == "refuted"
    assert judged("appendix-centropy").status == "proved"


@pytest.mark.parametrize(
    ("name", "status", "category"),
    [
        # "From π* … r = β log π*/π_ref + β log Z", with the π* and the Z printed above it.
        ("reward-section-2", "proved", ""),
        # "if we choose α = 1 and ζ(y) = π_ref(y|x), our equation boils down to standard DPO".
        ("dpo-alpha-one", "proved", ""),
        # The summary box names cEntropy and prints no loss; the prior is right for H-DPO's own.
        ("summary-centropy", "proved", ""),
        ("summary-sparsepo", "proved", ""),
        # "The prior …, when chosen appropriately, recovers many existing variants of DPO".
        ("eq-5-policy-prior", "proved", ""),
        # Brackets left out around what a sum or a maximum reaches over: both read alike.
        ("reward-free-of-prior", "proved", ""),
        ("appendix-sparsepo-bracket", "proved", ""),
        # A term of the loss on a line of its own; the derivation puts it inside the sigmoid.
        ("loss-tdpo", "not checked", "notation"),
        ("recovery-tdpo", "proved", ""),
        ("beta-r-dpo", "not checked", "notation"),
        # DPO and R-DPO of seven.
        ("typically-fixed", "refuted", "overstatement"),
        # What had no entry.
        ("appendix-tdpo-difference", "proved", ""),
        ("appendix-sparsepo-second-form", "proved", ""),
        ("appendix-tis-dpo-reward", "proved", ""),
        ("appendix-tis-dpo-difference", "proved", ""),
        ("constraints-unify", "not checked", ""),
        ("alternation-guarantees", "not checked", "overstatement"),
        # 5.3: "optimising for the priors can lead to improved loss function values".
        ("can-improve", "proved", ""),
    ],
)
def test_what_was_judged_anew(name, status, category):
    assert judged(name).status == status
    assert ENTRIES[name].category == category


def test_a_place_is_one_that_can_be_looked_up():
    """Nothing is judged that follows only from two places taken together; definitions are not."""
    for name, each in ENTRIES.items():
        assert "together" not in each.place, name
        assert re.search(r"abstract|section|equation|lemma|appendix|summary box", each.place), name
    assert not {"eq-1", "eq-2", "loss-centropy", "loss-sparsepo"} & set(ENTRIES)


def test_what_is_named_in_a_verdict_is_there():
    """A slip that is mended silently elsewhere would be an error; `why` names its entry."""
    ids = set(ENTRIES) | {f"{c}/{each.id}" for c in library.paper_ids() for each in claims(c)}
    ids |= {theory.setting.id for theory in library.theories()}
    for name, each in ENTRIES.items():
        for cited in re.findall(r"\(((?:[a-z0-9]+[-_/])+[a-z0-9]+)\)", each.why):
            assert cited in ids, (name, cited)


def claims(id_):
    return library.get(id_).claims


def test_the_standard_names_the_rules():
    text = (DERIVATIONS / "audit" / "README.md").read_text(encoding="utf-8")
    standard = text.partition("\n## The standard\n")[2].partition("\n## ")[0]
    rules = re.findall(r"^\d\. .*?\*\*(.+?)\*\*", standard, re.MULTILINE)
    assert [rule.rstrip(".").split()[0] for rule in rules] == [
        "Printed",
        "It",
        "Notation",
        "Error",
        "Overstatement",
        "Each",
        "Meant",
    ]


HEAD = 'title = "T"\nsummary = "S."\n[[entry]]\nid = "mine"\nplace = "section 1"\nform = "text"\n'
TAIL = 'says = "S."\nwhy = "W."\n'


def mine(text):
    audit = loads_audit(HEAD + TAIL + text, DERIVATIONS / "audit" / "mine.toml")
    return check_entry(audit.entries[0], audit.setting)


@pytest.mark.parametrize(
    ("of", "status"),
    [
        # Free of policy and label: DPO (π_ref), DICE (the policy before), R-DPO (π_ref, length).
        ("dpo, r_dpo, simpo", "proved"),  # two of three are most
        ("dpo, simpo", "refuted"),  # a half is not
        ("tdpo, simpo", "refuted"),
    ],
)
def test_most_is_more_than_half(of, status):
    tail = "" if status == "proved" else 'category = "overstatement"\n'
    found = mine(f'property = "fixed prior"\nof = "{of}"\nstatus = "{status}"\n{tail}')
    assert found.judgement.status == status


def test_the_same_has_no_kind_of_its_own():
    with pytest.raises(SpecError, match="one slip is counted once"):
        mine('same = "recovery-sparsepo"\nstatus = "refuted"\ncategory = "error"\n')


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ("recovery-sparse", "there is no such entry"),
        ("joint-dice", "same leads to an entry that has it too"),
    ],
)
def test_the_same_leads_to_evidence(other, message):
    with pytest.raises(SpecError, match=message):
        mine(f'same = "{other}"\nstatus = "refuted"\n')


def test_the_same_cannot_be_said_to_have_another_verdict():
    assert mine('same = "recovery-sparsepo"\nstatus = "refuted"\n').as_expected
    assert not mine('same = "recovery-sparsepo"\nstatus = "proved"\n').as_expected


def test_what_is_refuted_comes_first_and_what_repeats_it_next():
    results = [check_entry(*each) for each in find_entries([])]
    order = [each.judgement.status for each in in_order(results)]
    first = {status: order.index(status) for status in set(order)}
    assert sorted(first, key=first.get) == ["refuted", "not checked", "proved"]
    assert order == sorted(order, key=first.get)
    names = [each.entry.id for each in in_order(results)]
    assert names[names.index("recovery-sparsepo") + 1] == "appendix-sparsepo"
    assert set(names) == set(ENTRIES)
    same = {each["id"]: each["evidence"]["same"] for each in report(results)}
    assert same["joint-dice"] == "better-than-existing"
    assert same["box-joint"] is None
