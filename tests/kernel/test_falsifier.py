"""Random statements that are true or false by accident: what the kernel proves holds in numbers."""

from collections import Counter

import pytest
from oracles.trees.falsifier import FalseTheoremError, attempt, check

from midpo_sym.kernel import finite_sets
from midpo_sym.kernel import theorem as kernel
from midpo_sym.kernel.finite_atoms import Value
from midpo_sym.kernel.forms import Denominator
from midpo_sym.language.indexed import Indexed, Least
from midpo_sym.language.tree import Neg, Number
from midpo_sym.session import Session, remembering

pytestmark = pytest.mark.slow

BATCHES = 2
BATCH = 140


@pytest.mark.parametrize("batch", range(BATCHES))
def test_nothing_false_is_proved(batch):
    tally = Counter()
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        attempt(seed, tally)
    for kind in ("equations", "bounds", "only if", "if and only if", "scaled", "assumed"):
        assert tally[kind], kind
        assert tally[f"{kind} refused"], kind
    assert tally["instances"]
    assert tally["checked"] > BATCH
    print(dict(tally))  # noqa: T201 - what was tried, with pytest -s


def unrecorded(self, form, divisor, _):
    """Divide and say nothing."""
    return self.times(form, 1 / divisor)


def about_all(atom, hypothesis, bound):
    """Take a sum over anything for the one that is given."""
    return set(bound) if getattr(atom, "function", "") == hypothesis.function.name else set()


def nowhere(_, node):
    """Return a function's value without its indices."""
    return Value(node.name, (), node.domain)


BLINDED = {
    "every gap is thought not negative": (kernel, "nonnegative", lambda _: True),
    "every factor is thought positive": (finite_sets._FiniteReader, "is_positive", lambda *_: True),
    "indices have no names": (finite_sets._FiniteReader, "value", nowhere),
    "denominators are not recorded": (finite_sets._FiniteReader, "divide", unrecorded),
    "a hypothesis is about all indices": (finite_sets, "normalised", about_all),
}


def attempt_all(count):
    for seed in range(count):
        attempt(seed, Counter())


@pytest.mark.parametrize("name", BLINDED)
def test_a_blinded_kernel_is_caught(name, monkeypatch):
    """Each of these makes the kernel prove something false, which random statements bring out."""
    monkeypatch.setattr(*BLINDED[name])
    with remembering(Session()), pytest.raises(FalseTheoremError):
        attempt_all(2_000)


def test_a_false_theorem_is_seen():
    """The judge itself: a value is not its negative, a least value is at most each, not equal."""
    r = Indexed("r", ("y",), "real")
    theorem = kernel.decide_indexed(r, r).theorem
    object.__setattr__(theorem, "right", Neg(r))
    with pytest.raises(FalseTheoremError):
        check(theorem, 0)
    least = kernel.prove_instance(Least("y", r), r, "y")
    assert check(least, 0)
    object.__setattr__(least, "mode", kernel.Mode.VALUE)
    with pytest.raises(FalseTheoremError):
        check(least, 0)
    quotient = kernel.decide_indexed(r / r, Number(1)).theorem
    assert check(quotient, 0, count=12)
    assert {type(each) for each in quotient.denominators} == {Denominator}
    object.__setattr__(quotient, "denominators", ())
    with pytest.raises(FalseTheoremError, match="not defined"):
        check(quotient, 0, count=12)
