"""Coq's kernel on everything: certificates, library, wrong statements and rewritten ones."""

import random
import re
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest
from generators.trees.mutants import mutants, statements
from generators.trees.rewritings import rewrite

from midpo_sym.kernel.forms import OutsideClassError
from midpo_sym.kernel.theorem import Answer, decide
from midpo_sym.language import tree
from midpo_sym.language.links import LINKS
from midpo_sym.language.quantities.statistics import STATISTICS
from midpo_sym.prover.framework import framework_argument, sides
from midpo_sym.prover.judge import judge
from midpo_sym.prover.prove import prove_derivation
from midpo_sym.prover.verdict import LABELS_ASSUMPTION, Proved, Status, Undecided
from midpo_sym.spec.model import Statement
from midpo_sym.spec.reading.losses import load, loads
from midpo_sym.targets.coq import names
from midpo_sym.targets.coq.bundle import bundle
from midpo_sym.targets.coq.checking import checker, lock, theory
from midpo_sym.targets.coq.checking.outcome import Outcome, settle
from midpo_sym.targets.coq.emit import REQUIRE, Certificate, Kind, emit, emit_statement
from midpo_sym.targets.coq.hypotheses import recorded
from midpo_sym.targets.coq.printer import CoqPrinter, to_coq

pytestmark = pytest.mark.slow

MUTANTS = REWRITINGS = 60
VARIANTS = sorted((Path(__file__).parents[3] / "variants").glob("*.toml"))
FOUR = ("sig_forall_dec", "sig_not_dec", "classic", "functional_extensionality_dep")


def module(name: str, *parts: str) -> str:
    return "\n".join([f"Module {name}.", *parts, f"End {name}."])


def run(workshop, parts):
    """Return what Coq says of one file of modules."""
    last = "Print Assumptions mean_ext."  # a file has to ask about something
    return workshop.check("\n".join([REQUIRE, *parts, last, ""]))


def bare(statement, number: int) -> Certificate:
    """Return the certificate of a statement as if it were proved, with all it could assume.

    That is consistent labels, and every denominator not zero: what is false is so even then.
    """
    found, _ = recorded(statement, Undecided(""))
    verdict = Proved(found, (LABELS_ASSUMPTION,))
    made = emit_statement(f"number {number}", statement, verdict, path=PurePosixPath("a.v"))
    assert isinstance(made, Certificate)
    return made


def test_one_file_proves_and_refutes_every_claim(workshop, certificates):
    """All claims in one file, on the four axioms of the real numbers and no other.

    Then coqchk reads what was compiled, library and claims: it knows no tactics.
    """
    check = workshop.add("Claims", bundle((each, each.kind) for each in certificates))
    assert check.accepted, check.message
    assert sorted(each.rpartition(".")[2] for each in check.all_axioms) == sorted(FOUR)
    assert check.sound
    assert workshop.recheck("Claims") == ""


def test_the_theorems_rest_on_the_axioms_that_the_lock_lists(workshop):
    check = theory.check(workshop)
    assert check.sound, check.message
    assert lock.shipped()["theory"]["axioms"] == list(check.all_axioms)
    assert lock.theorems() == theory.THEOREMS


def test_a_certificate_is_no_certificate_of_the_opposite(workshop, certificates):
    """A proof does not pass where a refutation is expected, nor the other way round.

    Both in Python, where kinds are compared, and in Coq, where the theorem's type is.
    """
    proof = next(each for each in certificates if each.kind is Kind.PROOF)
    refutation = next(each for each in certificates if each.kind is Kind.REFUTATION)
    for each, wrong in ((proof, Status.REFUTED), (refutation, Status.PROVED)):
        assert settle(Outcome(each.id, wrong, each, None), workshop).verdict == "not as expected"
        expected = {Status.PROVED: Kind.PROOF, Status.REFUTED: Kind.REFUTATION}[wrong]
        check = workshop.check(bundle([(each, expected)]))
        assert not check.accepted
        assert "as_expected" in check.message or "certificate" in check.message
        # What claims to be of the other kind is rejected for what it proves.
        lie = replace(each, kind=expected)
        outcome = settle(Outcome(each.id, wrong, lie, None), workshop)
        assert (outcome.verdict, outcome.settled) == ("rejected", False)


def test_a_foreign_axiom_is_told(workshop, certificates):
    """A proof by an axiom that says so passes Coq, and not the list of allowed axioms."""
    each = certificates[0]
    cheat = replace(each, proof="Axiom trust : statement.\nDefinition certificate := trust.")
    outcome = settle(Outcome(each.id, Status.PROVED, cheat, None), workshop)
    assert outcome.check.accepted
    assert (outcome.verdict, outcome.settled) == ("foreign axiom", False)
    assert outcome.reason == "rests on trust"
    gap = replace(each, proof="Theorem certificate : statement.\nProof. Admitted.")
    assert not settle(Outcome(each.id, Status.PROVED, gap, None), workshop).settled


def test_a_file_that_says_nothing_of_its_axioms_is_not_accepted(workshop):
    assert not workshop.check("Definition a := 0.\n").accepted


def test_a_standalone_file_needs_nothing(workshop, certificates):
    """One that is proved and one that is refuted, in a folder without the library."""
    needed = checker.needed()
    for kind in Kind:
        each = next(c for c in certificates if c.kind is kind)
        check = workshop.check(each.standalone(needed), with_library=False)
        assert check.sound, check.message
        assert not workshop.check(each.text, with_library=False).accepted


def test_wrong_values_are_rejected(workshop, certificates):
    """The agreement of DPO's argument, one added to it, is no theorem any more."""
    each = next(c for c in certificates if c.id == "dpo/section-4")
    found = re.search(r"Lemma argument_w_l :\n.*\n  = (.*)\.\n", each.instances)
    wrong = each.instances.replace(f"= {found.group(1)}.", f"= 1 + {found.group(1)}.", 1)
    assert wrong != each.instances
    assert not workshop.check(replace(each, instances=wrong).text).accepted


def test_a_printer_that_swaps_a_divergence_is_caught(workshop, results, monkeypatch):
    """TDPO's theorem is as true with KL(π‖π_ref) on both sides: only the agreement tells."""
    result = next(each for each in results if each.id == "tdpo/section-4")
    right = emit(result)

    def swapped(_, node):
        first, second = STATISTICS[node.name].models
        return f"kl {names.model(second)} {names.model(first)} x {node.response} t"

    monkeypatch.setattr(CoqPrinter, "print_statistic", swapped)
    wrong = emit(result)
    assert "kl m_pi m_ref" in wrong.definitions
    assert "kl m_ref m_pi" in right.definitions
    assert not workshop.check(wrong.text).accepted
    assert workshop.check(replace(wrong, instances="").text).accepted


PROOFS = {
    "logsigmoid": (
        "unfold loss_logsigmoid, sigmoid. pose proof (exp_pos (- p_a))."
        " rewrite ln_Rinv by lra. ring."
    ),
    "identity": "reflexivity.",
    "hinge": "reflexivity.",
    "square": "reflexivity.",
    "sigmoid": (
        "unfold loss_sigmoid, sigmoid. rewrite exp_Ropp. pose proof (exp_pos p_a). field. lra."
    ),
}


def test_losses_are_those_of_the_prover(workshop):
    """Each link's loss in Coq is the tree that the prover has for it, for every argument."""
    assert set(PROOFS) == set(LINKS)
    argument = tree.Parameter("a", "real")
    parts = [
        f"Goal forall p_a, loss_{name} p_a = {to_coq(link.of(argument))}.\n"
        f"Proof. intros. {PROOFS[name]} Qed."
        for name, link in LINKS.items()
    ]
    check = run(workshop, parts)
    assert check.accepted, check.message


def test_every_line_of_a_derivation_is_certified(certificates):
    """Each proof has them; SimPO's from the definition to its argument, fifteen lines or more."""
    proofs = {each.id: each for each in certificates if each.kind is Kind.PROOF}
    assert all("Theorem each_line_equals_the_next" in each.lines for each in proofs.values())
    simpo = proofs["simpo/section-4"]
    assert simpo.lines.count("/\\") >= 15
    assert simpo.lines in simpo.text


def test_losses_beyond_the_paper_are_certified(workshop):
    """Twelve that are proved by their specifications alone; maxima and mixtures among them."""
    results = [each for path in VARIANTS for each in prove_derivation(load(path))]
    parts = []
    for result in results:
        each = emit(result)
        assert isinstance(each, Certificate), result.id
        assert each.kind is Kind.PROOF
        parts.append(module(result.derivation.id, each.definitions, each.statement, each.proof))
    check = run(workshop, parts)
    assert check.accepted, check.message
    assert len(results) == 12


NEGATIVE = """
title = "Negative numbers"
summary = "Wherever a number can stand."
[parameters]
alpha = {{ domain = "positive", meaning = "scale" }}
beta = {{ domain = "{domain}", default = "{default}", meaning = "any" }}
[weights]
nu = {{ domain = "{domain}", meaning = "of a token" }}
mu = {{ domain = "{domain}", by_label = true, meaning = "of a token, by label" }}
[definitions]
S = {{ of = "y", is = "sum_t(mu(y, t)*log(pi(y, t)))" }}
L = {{ of = "y", is = "log(pi(y)) + 2*log(ref(y)) + log(pi(y))/2" }}
R = {{ of = "y", is = "L(y) + beta*(sum_t(nu(y, t)) + 3*S(y))" }}
[prior]
zeta = "ref(y)**(-2)*pi(y)**(-1/2)*exp(-beta*sum_t(nu(y, t) - mu(y, t)*log(pi(y, t)**(-3))))"
[loss]
argument = "alpha*(R(w) - R(l))"
"""


def test_negative_numbers_are_read_as_they_are_meant(workshop):
    """Of parameters and weights in every domain, in exponents, and as numbers of tiny models.

    −log ζ = 2 log π_ref + log π/2 + β Σ (ν + 3 μ log π); in Coq `-1%Z` would be `-(1%Z)`.
    """
    parts, whole = [], ""
    for domain, default in (("real", -2), ("nonnegative", 0), ("positive", 1), ("unit", 0)):
        text = NEGATIVE.format(domain=domain, default=default)
        (each,) = map(emit, prove_derivation(loads(text, "negative.toml")))
        assert isinstance(each, Certificate)
        assert each.kind is Kind.PROOF
        assert len(each.agreements) == 2
        parts.append(module(domain, each.body))
        whole += each.body
    assert "((-1)%Z, 1%positive)" in whole
    assert not re.search(r"[^(]-\d+%Z", whole)
    check = run(workshop, parts)
    assert check.accepted, check.message


def test_mutants_are_rejected(workshop):
    """Statements that differ from a true one by a slip, and are false: no proof is found.

    In each module the proof fails, and the file is accepted. The true statements, put in the same
    way with the same hypotheses, are all proved: what fails for the mutants is not the form.
    """
    wrong = []
    for name, statement in mutants(3 * MUTANTS, seed=2026):
        try:
            answer = decide(framework_argument(statement), statement.argument).answer
        except OutsideClassError:
            continue
        if answer is Answer.UNEQUAL and len(wrong) < MUTANTS:
            wrong.append((name, statement))
    assert len(wrong) == MUTANTS
    check = run(workshop, [failing(statement, k) for k, (_, statement) in enumerate(wrong)])
    assert check.accepted, check.message
    right = [bare(statement, k) for k, (_, statement) in enumerate(statements())]
    parts = [
        module(f"t{k}", each.definitions, each.statement, each.proof)
        for k, each in enumerate(right)
    ]
    check = run(workshop, parts)
    assert check.accepted, check.message
    assert not run(workshop, [failing(statements()[0][1], 0)]).accepted


def failing(statement, number: int) -> str:
    """Return a module in which the proof of a statement fails."""
    each = bare(statement, number)
    tried = f"Goal statement.\n{each.proof.splitlines()[1].removesuffix(' midpo. Qed.')}"
    return module(f"m{number}", each.definitions, each.statement, tried, "Fail midpo.", "Abort.")


def test_a_mutant_is_refuted_as_well(workshop):
    """Five of them have a certificate of the opposite: the kernel knows that they are false."""
    refuted = []
    for number, (_, statement) in enumerate(mutants(40, seed=7)):
        each = refutation(statement, number)
        if each and len(refuted) < 5:
            refuted.append(each)
    assert len(refuted) == 5
    check = workshop.check(bundle((each, Kind.REFUTATION) for each in refuted))
    assert check.sound, check.message


def refutation(statement, number: int) -> Certificate | None:
    """Return the refutation of a statement, if it is false and that can be certified.

    A slip may put one parameter's name in the place of another's and keep its domain; no
    specification declares a name twice.
    """
    parts = (statement.scale, statement.zeta, statement.argument)
    leaves = {node for part in parts for node in part.walk() if isinstance(node, tree.Parameter)}
    if len({each.name for each in leaves}) < len(leaves):
        return None
    try:
        verdict, _, _ = judge(*sides(statement), statement=statement)
    except OutsideClassError:
        return None
    if verdict.status is not Status.REFUTED:
        return None
    made = emit_statement(f"number {number}", statement, verdict, path=PurePosixPath("a.v"))
    return made if isinstance(made, Certificate) else None


def rewritten(node, chance):
    """Return an expression of the same value, after one to three laws."""
    times = chance.randint(1, 3)
    while times:
        try:
            _, node = rewrite(node, chance)
        except ValueError:  # not every law fits every place
            continue
        times -= 1
    return node


def test_rewritten_targets_are_certified(workshop, results):
    """The argument of a loss, written otherwise by one to three laws, is proved without a hint."""
    chance = random.Random("rewritten certificates")
    pool = [each for each in results if isinstance(each.verdict, Proved)]
    parts = []
    for number in range(REWRITINGS):
        result = chance.choice(pool)
        target = rewritten(result.statement.argument, chance)
        own = result.statement
        statement = Statement.of(own.scale, own.zeta, own.link, target)
        verdict, _, _ = judge(*sides(statement), statement=statement)
        each = emit_statement(f"number {number}", statement, verdict, path=PurePosixPath("a.v"))
        assert isinstance(each, Certificate)
        parts.append(module(f"r{number}", each.definitions, each.statement, each.proof))
    check = run(workshop, parts)
    assert check.accepted, check.message
