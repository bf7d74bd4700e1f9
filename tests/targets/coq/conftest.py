"""Coq. Without it these tests are skipped, and fail where MIDPO_CI is set."""

import pytest
from oracles.needs import missing

from midpo_sym import api
from midpo_sym.spec import library
from midpo_sym.targets.coq.checking import checker
from midpo_sym.targets.coq.emit import emit


@pytest.fixture(scope="session")
def workshop():
    try:
        coq = checker.find()
    except checker.NoCheckerError as error:
        missing(f"Coq ({error}; {error.advice})")
    with checker.workshop(coq) as made:
        yield made


@pytest.fixture(scope="session")
def results():
    return [each for id_ in library.ids() for each in api.check(id_)]


@pytest.fixture(scope="session")
def certificates(results):
    """Those of all claims: none is outside the class."""
    return [emit(each) for each in results]
