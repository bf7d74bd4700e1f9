"""A fault in the generator of torch losses is caught by proving what it has written.

The numbers with which a file is compared before it is written (decision 12) are left out here, so
that what is found is found by the proof alone.
"""

import pytest
from generators.code.emitter import FAULTS, emitted

import midpo_sym
from midpo_sym.code.own import verify_generated
from midpo_sym.code.verify import NotVerifiableError
from midpo_sym.targets.torch.errors import WrongCodeError

QUICK = 24  # of the faults, the one that is planted in the quick tests: the sign of the link
CASES = [
    pytest.param(each, id=str(each), marks=[pytest.mark.slow] if k != QUICK else [])
    for k, each in enumerate(FAULTS)
]


def is_caught(text, derivation):
    """Return whether `midpo generate --check` complains of a file: a part of it is not proved."""
    try:
        found = verify_generated(text, derivation)
    except (NotVerifiableError, WrongCodeError):
        return True
    return not all(each.proved for each in found.values())


@pytest.mark.parametrize("fault", CASES)
def test_a_fault_in_the_generator_is_caught(fault):
    derivation = midpo_sym.derivation(fault.id)
    try:
        text = emitted(derivation, fault)
    except (KeyError, AttributeError, AssertionError, ValueError):
        return  # nothing is written
    assert text != emitted(derivation), "the fault changes nothing in this loss"
    assert is_caught(text, derivation)


@pytest.mark.slow
def test_without_a_fault_nothing_is_caught():
    for id_ in sorted({each.id for each in FAULTS}):
        derivation = midpo_sym.derivation(id_)
        assert not is_caught(emitted(derivation), derivation), id_


def test_there_are_enough_faults_to_mean_something():
    assert len({(each.module, each.old, each.new) for each in FAULTS}) >= 30
