"""A step is an application of the rules it names: each law fits its own steps, and no others."""

from dataclasses import replace
from random import Random

import pytest

from midpo_sym.chains import chain as chains
from midpo_sym.kernel.hypotheses import Hypothesis
from midpo_sym.kernel.theorem import decide_indexed
from midpo_sym.language.grammar.finite_sets import (
    Abbreviation,
    IndexedScope,
    Signature,
    parse_indexed,
)
from midpo_sym.language.laws import LAWS, THEORY_RULES
from midpo_sym.rules import check
from midpo_sym.rules.application import Application
from midpo_sym.rules.check import misfit
from midpo_sym.rules.normaliser import Cited
from midpo_sym.rules.table import RULES, TABLE
from midpo_sym.session import Session, remembering
from midpo_sym.spec import library

_PLAIN = IndexedScope(
    frozenset(),
    {"beta": "positive", "gamma": "positive", "lam": "real"},
    functions={
        "p": Signature("positive", ("x",)),
        "q": Signature("positive", ("y",)),
        "r": Signature("real", ("x", "y")),
        "h": Signature("real", ("y",)),
        "F": Signature("real", ("a", "b")),
        "k": Signature("positive", ("b",)),
    },
    indices=frozenset({"x", "y", "y2", "a", "b"}),
)
_BODY = parse_indexed("2*q(y) + 1", _PLAIN)
SCOPE = replace(_PLAIN, abbreviations={"m": Abbreviation(("y",), _BODY)})


def read(text):
    return parse_indexed(text, SCOPE)


SUMS = Hypothesis(read("q(y)"), ("y",))
EQUAL = Hypothesis(read("h(y)"), (), read("log(q(y)) - 1"))
SPLIT = Cited(read("r(x, y)"), read("lam + h(y)"), ("x", "y"))

# law: [(before, after)], worked out by hand, each by this law and nothing else.
FITS = {
    "definition": [("m(y) - 1", "2*q(y)"), ("sum(y1, m(y1))", "sum(y1, 2*q(y1) + 1)")],
    "logarithm of a quotient": [
        ("log(beta/gamma)", "log(beta) - log(gamma)"),
        ("log(1/beta)", "-log(beta)"),
    ],
    "logarithm of a product": [
        ("log(beta*gamma)", "log(gamma) + log(beta)"),
        ("2*log(beta)", "log(beta**2)"),
        ("log(6*beta)", "log(2) + log(3) + log(beta)"),
        ("log(beta*gamma/q(y))", "log(beta) + log(gamma/q(y))"),
    ],
    "logarithm of a power": [("log(beta**lam)", "lam*log(beta)")],
    "logarithm of an exponential": [("log(exp(lam))", "lam"), ("h(y)", "log(exp(h(y)))")],
    "exponential of a logarithm": [("exp(log(beta + 1))", "beta + 1")],
    "exponential of a sum": [
        ("exp(lam + beta)", "exp(beta)*exp(lam)"),
        ("exp(-lam)", "1/exp(lam)"),
        ("exp(2*lam)", "exp(lam)**2"),
    ],
    "power of a power": [
        ("(beta**lam)**gamma", "beta**(lam*gamma)"),
        ("exp(lam)**gamma", "exp(lam*gamma)"),
    ],
    "power of a product": [
        ("(beta*gamma)**lam", "beta**lam*gamma**lam"),
        ("(beta/gamma)**lam", "beta**lam/gamma**lam"),
    ],
    "power as an exponential": [("beta**lam", "exp(lam*log(beta))")],
    "product of powers": [("beta**lam*beta**gamma", "beta**(gamma + lam)")],
    "cancellation": [
        ("beta*lam/(beta*gamma)", "lam/gamma"),
        ("lam*(1 + beta)/(1 + beta)", "lam"),
        ("sum(y1, h(y1)*q(y1)/q(y1))", "sum(y1, h(y1))"),
    ],
    "expansion": [
        ("beta*(gamma + lam)", "beta*gamma + beta*lam"),
        ("(beta + lam)/gamma", "beta/gamma + lam/gamma"),
        ("1/(beta*gamma + beta*q(y))", "1/(beta*(gamma + q(y)))"),
    ],
    "linearity of a sum": [
        ("sum(y1, beta*h(y1) + q(y1))", "beta*sum(y1, h(y1)) + sum(y1, q(y1))"),
        ("sum(x1, sum(y1, p(x1)*r(x1, y1)))", "sum(x1, p(x1)*sum(y1, r(x1, y1)))"),
    ],
    "exchange of sums": [("sum(x1, sum(y1, r(x1, y1)))", "sum(y1, sum(x1, r(x1, y1)))")],
    "collection of like terms": [("2*lam + lam - beta", "3*lam - beta"), ("lam - lam", "0")],
    "differentiation": [
        ("derivative(lam*beta, lam)", "beta"),
        ("derivative(sum(y1, q(y1)), q, h)", "sum(y1, h(y1))"),
    ],
    "constants out of a least value": [
        ("least(b1, F(a, b1) + lam)", "least(b1, F(a, b1)) + lam"),
        ("least(b1, beta*F(a, b1))", "beta*least(b1, F(a, b1))"),
        ("most(b1, lam - F(a, b1))", "lam - least(b1, F(a, b1))"),
    ],
    "hypothesis": [("sum(y1, q(y1))", "1"), ("h(y) + 1", "log(q(y))")],
    "cited chain": [("2*r(x, y2)", "2*(lam + h(y2))")],
}
REWRITING = [name for name, law in THEORY_RULES.items() if TABLE[name].hooks]
ROWS = [(name, *pair) for name, pairs in FITS.items() for pair in pairs]


def step(rules, before, after, **more):
    rules = rules if isinstance(rules, tuple) else (rules,)
    given = (SUMS, EQUAL)
    return Application(rules, read(before), read(after), given=given, cited=(SPLIT,), **more)


def test_every_law_has_a_row_and_a_checker():
    """One table for losses and theory; the laws of the theory rewrite or have a checker."""
    assert set(TABLE) == set(LAWS)
    assert set(FITS) == set(REWRITING)
    assert all(TABLE[rule.name] is rule for rule in RULES)
    line_to_line = TABLE["expansion"].checker
    for name in THEORY_RULES:
        assert bool(TABLE[name].hooks) == (TABLE[name].checker is line_to_line), name
    assert all(LAWS[rule.name].losses for rule in RULES)


@pytest.mark.parametrize(("name", "before", "after"), ROWS)
def test_a_law_fits_its_own_steps_in_both_directions(name, before, after):
    assert misfit(step(name, before, after)) == ""
    assert misfit(step(name, after, before)) == ""


# Steps that a second law covers on its own, and why.
BOTH = {
    ("logarithm of a product", "2*log(beta)"): {"logarithm of a power"},  # log(a·a) is log(a²)
}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "before", "after"), ROWS)
def test_a_true_step_by_another_law_is_rejected(name, before, after):
    """Under every other name; the kernel would accept each of them."""
    for other in set(REWRITING) - {name} - BOTH.get((name, before), set()):
        assert misfit(step(other, before, after), advise=False), other
    for other in BOTH.get((name, before), ()):
        assert misfit(step(other, before, after)) == ""


@pytest.mark.parametrize(("name", "before", "after"), ROWS)
def test_a_false_step_is_rejected_under_every_name(name, before, after):
    """The checker is not the judge, and yet rewrites by nothing but what is true."""
    assert misfit(step(name, before, f"{after} + beta"), advise=False)
    everything = tuple(each for each in REWRITING if each != "power as an exponential")
    assert "do not lead" in misfit(step(everything, before, f"{after} + beta"), advise=False)


@pytest.mark.parametrize(("name", "before", "after"), ROWS)
def test_examples_are_true_by_the_kernel(name, before, after):
    if name == "cited chain":
        return
    for given in ((), (SUMS,), (EQUAL,)):
        if decide_indexed(read(before), read(after), given).theorem:
            break
    else:
        pytest.fail(f"{before} is not {after}")


def test_several_laws_are_all_named_and_all_needed():
    before, after = "log(beta*(gamma + 1)/beta)", "log(gamma + 1)"
    assert misfit(step("cancellation", before, after)) == ""
    two = ("expansion", "cancellation")
    assert misfit(step(two, before, after)) == "the step does not need the rule 'expansion'"
    before, after = "beta*(gamma + lam/beta)", "beta*gamma + lam"
    assert misfit(step(two, before, after)) == ""
    for one in two:
        assert misfit(step(one, before, after))
    assert "named twice" in misfit(step(("expansion", "expansion"), before, after))


def test_a_line_that_is_only_written_otherwise_needs_no_rule():
    for before, after in (
        ("beta - (lam - 2)", "1 - lam + beta + 1"),
        ("beta/(gamma/lam)", "lam*beta/gamma"),
        ("sum(y1, h(y1)*q(y1))", "sum(y3, q(y3)*h(y3))"),
        ("beta**(-lam)*exp(0)", "1/beta**lam + log(1)"),
        ("beta*beta", "beta**2"),
    ):
        assert "no rule is needed" in misfit(step("expansion", before, after))


def test_the_message_names_rule_difference_and_cure():
    said = misfit(step("exchange of sums", "log(beta*gamma)", "log(beta) + log(gamma)"))
    assert "the rule 'exchange of sums' does not lead" in said
    assert "log(beta*gamma) is not log(beta) + log(gamma)" in said
    assert "it would be by 'logarithm of a product'" in said


def test_work_is_bounded():
    """(β + γ + λ)⁹ · (β + γ + λ)⁹ has more terms than a checker may make."""
    nine = "(beta + gamma + lam)**9"
    said = misfit(step("expansion", f"{nine}*{nine}", "beta"), advise=False)
    assert said == "the rule 'expansion' could not be matched within the limit of work"


def test_indices_are_not_captured():
    """Σ_y1 q(y1)·h(y) is not Σ_y1 q(y1)·h(y1), by no law; in Σ_x p(x)·Σ_x p(x) they are two."""
    every = tuple(each for each in REWRITING if each != "power as an exponential")
    assert misfit(step(every, "sum(y1, q(y1)*h(y))", "sum(y1, q(y1)*h(y1))"), advise=False)
    twice, squared = "sum(x1, p(x1))*sum(x1, p(x1))", "sum(x1, p(x1)*p(x1))"
    assert misfit(step("linearity of a sum", twice, squared), advise=False)
    two = "sum(x1, sum(x2, p(x1)*p(x2)))"
    assert misfit(step("linearity of a sum", twice, two)) == ""


GAP = "beta*(q(y) - 1 - log(q(y)))"


def test_a_bound_names_what_its_gap_has():
    gap = read(GAP)
    smaller, larger = "beta*log(q(y))", "beta*q(y) - beta"
    bound = step("log t ≤ t − 1", smaller, larger, sign="<=", gap=gap)
    assert misfit(bound) == ""
    alone = misfit(replace(bound, rules=("positive terms",)))
    assert alone == "the gap has a term t − 1 − log t, so the step has to name 'log t ≤ t − 1'"
    both = replace(bound, rules=("log t ≤ t − 1", "positive terms"))
    assert "has no term that is positive" in misfit(both)
    down = step("log t ≤ t − 1", larger, smaller, sign=">=", gap=gap)
    assert misfit(down) == ""
    other = replace(bound, after=read("beta*q(y)"), gap=read(f"{GAP} + beta"))
    assert "name 'positive terms'" in misfit(other)
    assert misfit(replace(other, rules=("log t ≤ t − 1", "positive terms"))) == ""
    plain = step("positive terms", "lam", "lam + beta", sign="<=", gap=read("beta"))
    assert misfit(plain) == ""
    assert "no term t − 1 − log t" in misfit(replace(plain, rules=("log t ≤ t − 1",)))
    silent = replace(bound, rules=("log t ≤ t − 1", "expansion"))
    assert "a bound does not name 'expansion'" in misfit(silent)
    wrong = step(
        "log t ≤ t − 1",
        "log(beta*gamma)",
        "beta*gamma - 1",
        sign="<=",
        gap=read("beta*gamma - 1 - (log(beta) + log(gamma))"),
    )
    assert misfit(wrong)


def test_least_values_are_compared_as_they_stand():
    name = "a least value is least"
    fits = step(name, "least(a1, F(a1, b))", "F(a, b)", sign="<=", at="a")
    assert misfit(fits) == ""
    assert misfit(replace(fits, after=read("F(a, b) + 1 - 1"))) == ""
    assert misfit(replace(fits, at="b"))
    assert "no line is a least value" in misfit(replace(fits, before=read("F(a, b)")))
    over = step(
        "a bound of all bounds the least", "F(a, b)", "least(a2, F(a2, b))", sign="<=", over="a"
    )
    assert misfit(over) == ""
    assert misfit(replace(over, after=read("least(a2, F(a2, b) + lam)")))
    assert "is no least value" in misfit(replace(over, after=read("F(a, b)")))


def test_a_logarithm_is_one_to_one_where_it_is_written_so():
    name = "the logarithm is one to one"
    before, after = "beta*log(gamma/q(y))", "beta*(log(gamma) - log(q(y)))"
    where = (read("gamma"), read("q(y)"))
    rules = ("logarithm of a quotient", "expansion", name)
    plain = step(rules, before, after, zero_where=where, factor=read("beta"))
    assert misfit(replace(plain, rules=("logarithm of a quotient", name))) == ""
    assert "does not need the rule 'expansion'" in misfit(plain)
    elsewhere = replace(plain, zero_where=where[::-1], rules=("logarithm of a quotient", name))
    assert "the line is not k·(log a − log b)" in misfit(elsewhere)
    assert "do not go together" in misfit(
        replace(plain, rules=(name, "positive terms"), gap=read("beta"))
    )


@pytest.fixture(scope="module")
def shipped():
    """Every step of the shipped theory, as its checker sees it."""
    found = []

    def noted(application):
        found.append(application)
        return misfit(application)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chains, "misfit", noted)
        with remembering(Session()):
            for each in library.theories():
                for chain in each.chains:
                    assert chains.check_chain(chain, each.setting).failure == ""
    return found


SWAPS = 600
# Of 4,909 swaps three are accepted, all rightly: where `normalised` is cited for Σ_y π*(y|x) = 1,
# the definition of π* shows it as well (twice); and log(1/exp(−a)) = a either by log(1/b) = −log b,
# or by exp(−a) = 1/exp(a).
CONFUSED = {
    ("cited chain", "definition"),
    ("logarithm of a quotient", "exponential of a sum"),
}


@pytest.mark.slow
def test_no_shipped_step_bears_another_name(shipped):
    """One rule of a step, drawn at random, gives way to another: the step is rejected."""
    chance = Random(1)
    accepted = set()
    for _ in range(SWAPS):
        each = chance.choice(shipped)
        gone = chance.choice(each.rules)
        new = chance.choice([name for name in REWRITING if name not in each.rules])
        rules = tuple(new if name == gone else name for name in each.rules)
        if not misfit(replace(each, rules=rules), advise=False):
            accepted.add((gone, new))
    assert accepted <= CONFUSED, accepted - CONFUSED


@pytest.mark.slow
def test_a_checker_that_accepts_everything_is_noticed(shipped, monkeypatch):
    """The test above can fail."""
    monkeypatch.setattr(check, "_apart", lambda *_: "")
    monkeypatch.setattr(check, "_idle", lambda *_: "")
    assert misfit(replace(shipped[0], rules=("exchange of sums",)), advise=False) == ""
