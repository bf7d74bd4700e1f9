"""Every claim, and its certificate."""

import pytest

from midpo_sym import api
from midpo_sym.pipeline import Pipeline
from midpo_sym.spec import library
from midpo_sym.targets.coq.checking.outcome import prepare_gradient
from midpo_sym.targets.coq.emit import emit


@pytest.fixture(scope="session")
def results():
    return [each for id_ in library.paper_ids() for each in api.check(id_)]


@pytest.fixture(scope="session")
def gradients():
    """Those of the gradients of all losses."""
    pipeline = Pipeline()
    found = (
        prepare_gradient(pipeline.differentiate(library.find(each))) for each in library.paper_ids()
    )
    return [each.certificate for each in found]


@pytest.fixture(scope="session")
def certificates(results):
    """Those of all claims: none is outside the class."""
    return [emit(each) for each in results]
