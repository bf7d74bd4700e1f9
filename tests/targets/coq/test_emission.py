"""What is committed is what is emitted, and says what the specification says. Needs no Coq."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

import midpo_sym
from midpo_sym.files import MANIFEST
from midpo_sym.language import tree
from midpo_sym.language.printing.text import to_text
from midpo_sym.prover.prove import prove_statement
from midpo_sym.prover.verdict import LABELS_ASSUMPTION, Proved, Status
from midpo_sym.spec import loads
from midpo_sym.targets.coq.checking import checker, lock
from midpo_sym.targets.coq.checking.golden import GOLDEN, golden
from midpo_sym.targets.coq.emit import Kind, Outside, emit

FOLDER = lock.FOLDER


@pytest.mark.slow
def test_every_claim_has_a_certificate_of_the_kind_it_claims(results, certificates):
    """Proved claims have proofs, refuted ones refutations; none is outside the class."""
    kinds = {Status.PROVED: Kind.PROOF, Status.REFUTED: Kind.REFUTATION}
    assert [each for each in certificates if isinstance(each, Outside)] == []
    assert [each.kind for each in certificates] == [kinds[each.expected[0]] for each in results]
    assert [each.id for each in certificates] == [each.id for each in results]


@pytest.mark.slow
def test_what_is_committed_is_what_is_emitted(certificates, gradients):
    """Byte for byte, golden vectors too, and nothing else lies in the folder."""
    wanted = {str(each.path): each.text for each in [*certificates, *gradients]}
    wanted[GOLDEN] = golden(certificates)
    there = {
        str(path.relative_to(FOLDER)): path.read_bytes().decode()
        for path in FOLDER.rglob("*")
        if path.is_file() and path.name not in {lock.LOCK, MANIFEST}
    }
    assert there == wanted


def test_the_lock_covers_every_certificate_and_only_allowed_axioms(certificates):
    for each in certificates:
        entry = lock.checked(each)
        assert entry is not None, each.id
        assert (entry.file, entry.kind) == (str(each.path), each.kind.value)
        assert set(entry.axioms) == checker.ALLOWED_AXIOMS
        assert re.fullmatch(r"Coq 8\.\d+\.\d+", entry.checker)
    found = lock.shipped()
    assert list(found["certificates"]) == [each.id for each in certificates]
    assert found["outside"] == {}


def test_a_lock_does_not_vouch_for_another_text(certificates):
    """Of another statement, another library, or a statement that it does not list: nothing."""
    each = certificates[0]
    assert lock.checked(replace(each, statement=each.statement + "\n")) is None
    assert lock.checked(replace(each, id="no/such")) is None
    found = dict(lock.shipped())
    assert lock.checked(each, {**found, "library": {**found["library"], "MidpoCore": "0"}}) is None


def condition_names(condition):
    """Return the names that a condition's hypotheses have, from the condition alone.

    An assumed one is numbered; otherwise the leaves of the denominator say: a parameter that is
    positive, a length that is at least 1, a weight in its domain.
    """
    if not condition.given_by:
        return {"h_condition"}
    found = set()
    for node in condition.expression.walk():
        match node:
            case tree.Parameter(name=name, domain=domain) if domain != "real":
                found.add(f"hp_{name}_{domain}")
            case tree.Weight(name=name, domain=domain) if domain != "real":
                found.add(f"hw_{name}_{domain}")
            case tree.Length(response=response):
                found.add(f"h_length_{response}")
    return found


def test_hypotheses_are_what_the_prover_recorded_name_by_name(results, certificates):
    """Each recorded condition and assumption is a hypothesis; what else is assumed, the language
    says of the declared names: domains, and that no response is empty where |y| is under a log."""
    seen = set()
    for result, each in zip(results, certificates, strict=True):
        if not isinstance(result.verdict, Proved):
            continue
        names = {hypothesis.name for hypothesis in each.hypotheses}
        recorded = {to_text(c.expression): condition_names(c) for c in result.verdict.conditions}
        if LABELS_ASSUMPTION in result.verdict.assumptions:
            recorded[LABELS_ASSUMPTION] = {"h_labels"}
        found = {
            ground.recorded: {re.sub(r"_condition_\d+", "_condition", n) for n in ground.hypotheses}
            for ground in each.grounds
        }
        assert found == recorded, each.id
        assert {name for ground in each.grounds for name in ground.hypotheses} <= names
        declared = {
            f"hp_{p.name}_{p.domain}" for p in result.derivation.parameters if p.domain != "real"
        } | {f"hw_{w.name}_{w.domain}" for w in result.derivation.weights if w.domain != "real"}
        rest = names - {name for ground in each.grounds for name in ground.hypotheses}
        assert rest <= declared | {"h_length_w", "h_length_l"}, each.id
        assert ("h_labels" in names) == (LABELS_ASSUMPTION in result.verdict.assumptions)
        seen |= names
    assert {"h_labels", "h_length_w", "h_length_l", "hp_alpha_positive"} <= seen


def test_the_hypotheses_of_simpo_are_those_of_its_paper(certificates):
    """α > 0, γ ≥ 0, |y| ≥ 1 on both sides for the 1/|y|, and labels that fit the data."""
    each = next(c for c in certificates if c.id == "simpo/section-4")
    assert {h.name: h.proposition for h in each.hypotheses} == {
        "hp_alpha_positive": "0 < p_alpha",
        "hp_gamma_nonnegative": "0 <= p_gamma",
        "h_length_w": "every D (fun x w l => (1 <= length w)%nat)",
        "h_length_l": "every D (fun x w l => (1 <= length l)%nat)",
        "h_labels": "labels label D",
    }


def test_a_statement_is_about_all_models_data_and_parameters(certificates):
    """DPO's, word for word: any vocabulary, policies, α > 0, factor Z(x) > 0 and data."""
    each = next(c for c in certificates if c.id == "dpo/section-4")
    said = " ".join(f"{each.definitions} {each.statement}".split())
    types = "(m_pi m_ref : policy V) (p_alpha : R)"
    assert said == (
        f"Definition zeta {{V : vocab}} {types} (x y : list V) : R := seq m_ref x y. "
        f"Definition scale {{V : vocab}} {types} : R := p_alpha. "
        f"Definition argument {{V : vocab}} {types} (x w l : list V) : R := "
        "p_alpha * ln (seq m_pi x w / seq m_ref x w)"
        " - p_alpha * ln (seq m_pi x l / seq m_ref x l). "
        f"Definition statement : Prop := forall (V : vocab) {types} (Z : list V -> R) (D : data V)"
        " (h_Z : forall x, 0 < Z x) (hp_alpha_positive : 0 < p_alpha), "
        "mi_dpo (scale m_pi m_ref p_alpha) m_pi (fun x y => zeta m_pi m_ref p_alpha x y / Z x) D"
        " = mean loss_logsigmoid (argument m_pi m_ref p_alpha) D."
    )


def test_every_statement_is_applied_where_all_its_hypotheses_hold(certificates):
    """`applies` instantiates the statement at a tiny language model: no hypothesis is vacuous.

    The lemma gives every hypothesis by name; each has a lemma of that name before it.
    """
    for each in certificates:
        module = each.instances[each.instances.index("Module instance_1.") :]
        given = re.search(r"exact \(claim V4 ([^)]*)\)\.", module).group(1).split()
        wanted = ["Z", "D", "h_Z", *(h.name for h in each.hypotheses)]
        assert given[-len(wanted) :] == wanted
        for name in wanted[2:]:
            assert f"Lemma {name} :" in module, (each.id, name)


def test_files_are_plain_ascii_without_axioms_or_gaps(certificates):
    library = checker.library()
    for name, text in {**library, **{str(c.path): c.text for c in certificates}}.items():
        bare = re.sub(r"\(\*.*?\*\)", "", text, flags=re.DOTALL)
        assert text.isascii(), name
        for word in ("Axiom", "Admitted", "admit", "Parameter", "Conjecture", "Unset", "bypass"):
            assert not re.search(rf"\b{word}\b", bare), (name, word)


def test_certificates_are_found_in_an_installed_package():
    """They lie inside the package, and so does the library."""
    assert Path(midpo_sym.__file__).parent / "certificates" == FOLDER
    assert json.loads((FOLDER / lock.LOCK).read_text(encoding="utf-8")) == lock.shipped()
    assert set(lock.shipped()["library"]) == set(checker.LIBRARY)


@pytest.mark.parametrize("name", checker.LIBRARY)
def test_the_library_needs_the_standard_library_only(name):
    """`From Coq` and, of our own, what comes before it."""
    text = checker.library()[name]
    imported = re.findall(r"^From (\w+) Require Import ([^.]*)\.", text, re.MULTILINE)
    assert {origin for origin, _ in imported} <= {"Coq", "Midpo"}
    ours = {each for origin, names in imported if origin == "Midpo" for each in names.split()}
    assert ours <= set(checker.LIBRARY[: checker.LIBRARY.index(name)])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("zeta", "term"),
    [
        ("ref(y)*(1 + d + m*d)", ""),
        ("ref(y)*(1 + d/(1 + d))", "d/(1 + d)"),
        ("ref(y)*(1 + max(0, m))", "max(0, m)"),
        ("ref(y)*exp(sum_t(log(1 + kl_ref_pi(y, t))))", "kl_ref_pi(w, t)"),
        ("ref(y)*(1 + m**2)", "m**2"),
    ],
)
def test_what_coq_cannot_show_to_be_zero_or_more_has_no_certificate(zeta, term):
    """The tactic knows sums and products of what is zero or more; all else is said, not tried."""
    at_w, at_l = (zeta.replace("y", each) for each in "wl")
    domain = "unit" if zeta == "ref(y)*(1 + d + m*d)" else "real"
    text = f"""
    title = "t"
    summary = "s"
    parameters.alpha = {{ domain = "positive", meaning = "scale" }}
    parameters.d = {{ domain = "nonnegative", meaning = "m" }}
    parameters.m = {{ domain = "{domain}", meaning = "m" }}
    prior.zeta = "{zeta}*exp(0*d*m)"
    loss.argument = "alpha*log(pi(w)/({at_w})) - alpha*log(pi(l)/({at_l}))"
    """
    derivation = loads(text, "t.toml")
    found = emit(prove_statement(derivation.statement, derivation))
    assert isinstance(found, Outside) == bool(term)
    if term:
        assert found.reason == f"no lemma of the Coq library says that {term} is zero or more"
