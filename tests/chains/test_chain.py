"""Every chain of the theory is proved, and every step of it holds on random finite problems."""

import pytest
from oracles.trees.finite import compare

from midpo_sym.chains.chain import chains, check_chain, open_denominators
from midpo_sym.kernel.theorem import Mode
from midpo_sym.language.build import log
from midpo_sym.spec import library

CHAINS = chains(library.theories())


@pytest.mark.slow
@pytest.mark.parametrize("name", CHAINS)
def test_chain_is_proved(name):
    result = check_chain(*CHAINS[name])
    assert result.failure == ""
    assert result.theorem is not None
    ends = (result.theorem.left, result.theorem.right)
    down = any(step.sign == ">=" for step in result.chain.steps)
    assert ends == (result.chain.steps[-1].to, result.chain.start)[:: 1 if down else -1]
    assert result.conditions == ()


def lines(name):
    chain, setting = CHAINS[name]
    befores = [chain.start, *(step.to for step in chain.steps)]
    so_far = []
    for number, (before, step) in enumerate(zip(befores[:-1], chain.steps, strict=True), 1):
        assumptions = [setting.assumptions[each] for each in step.using]
        so_far += assumptions
        if step.over:  # the bound is of the chain so far
            yield number, chain.start, step, so_far
        else:
            yield number, before, step, assumptions


@pytest.mark.slow
@pytest.mark.parametrize("name", CHAINS)
def test_every_step_holds_in_numbers(name):
    """Each line against the next, with only the hypotheses that the step names."""
    for number, before, step, assumptions in lines(name):
        equal, at_most = compare(before, step.to, assumptions)
        _, at_least = compare(step.to, before, assumptions)
        holds = {"=": equal, "<=": at_most, ">=": at_least}[step.sign]
        assert holds, f"{name}, step {number}"
        if step.sign != "=":
            assert not equal, f"{name}, step {number}: a bound that is an equation"


@pytest.mark.parametrize("name", CHAINS)
def test_what_zero_where_says_holds_in_numbers(name):
    """The line is the factor times a difference of logarithms, which vanish together."""
    for _, before, step, assumptions in lines(name):
        if step.zero_where:
            one, other = step.zero_where

            difference = step.factor * (log(one) - log(other))
            assert compare(before, difference, assumptions)[0]


@pytest.mark.slow
def test_the_theory_says_what_the_issue_asks_for():
    """Lemma 1 with its only minimiser, equation 5 as the only maximiser, the identity behind it."""
    least = check_chain(*CHAINS["lemma_1/least"])
    assert least.theorem.mode is Mode.AT_MOST
    assert str(least.theorem.left) == "I"
    (only,) = [each.more for each in least.steps if each.more]
    assert only.mode is Mode.ONLY_IF
    assert {str(only.left), str(only.right)} == {"q(y)", "m(y)"}
    maximum = check_chain(*CHAINS["optimal_policy/maximum"])
    assert str(maximum.theorem.right) == "1/beta*log(Z(x))"
    (only,) = [each.more for each in maximum.steps if each.more]
    assert {str(only.left), str(only.right)} == {"star(x, y)", "pi(x, y)"}
    identity = check_chain(*CHAINS["optimal_policy/identity"])
    assert {str(h.function) for h in identity.theorem.hypotheses} == {"pi(x, y)"}
    assert open_denominators(identity.theorem.denominators) == ()
