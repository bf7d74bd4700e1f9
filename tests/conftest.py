"""Fixtures for tests that call the command line, and what makes a test slow."""

import gc
import inspect
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from oracles.needs import missing

from midpo_sym import cli
from midpo_sym.session import Session, remembering
from midpo_sym.targets.coq.checking import checker

ROOT = Path(__file__).parents[1]
# Fixtures that take seconds to make, whatever the test does with them.
SLOW = {"website", "rendered", "drawn", "workshop", "browser", "certificates"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what needs one of the slow fixtures."""
    for item in items:
        if SLOW & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)


def pytest_collection_finish() -> None:
    """Leave what was collected out of every later garbage collection: it all stays to the end."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture(scope="module", autouse=True)
def session() -> Iterator[Session]:
    """What the tests of a module remember; nothing goes from one module to the next."""
    with remembering(Session()) as active:
        yield active


@pytest.fixture(autouse=True)
def session_of_one_test(request) -> Iterator[None]:
    """A test that changes the program neither asks nor leaves what others remember."""
    changes = "monkeypatch" in inspect.signature(request.function).parameters
    with remembering(Session() if changes else None):
        yield


@pytest.fixture(scope="session")
def website(tmp_path_factory) -> Path:
    """The website, built once by the command that builds it."""
    folder = tmp_path_factory.mktemp("website") / "pages"
    done = subprocess.run(
        [sys.executable, "-m", "midpo_sym", "site", "build", "--out", str(folder)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="session")
def workshop() -> Iterator[checker.Workshop]:
    """Where Coq checks. Without it a test is skipped, and fails where MIDPO_CI is set."""
    try:
        coq = checker.find()
    except checker.NoCheckerError as error:
        missing(f"Coq ({error}; {error.advice})")
    with checker.workshop(coq) as made:
        yield made


class Outcome(NamedTuple):
    """What a call of the command line left behind."""

    status: int
    out: str
    err: str


@pytest.fixture
def midpo(monkeypatch, capsys) -> Callable[..., Outcome]:
    """Call the command line in this process, the way the console script does."""

    def call(*arguments: str) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["midpo", *map(str, arguments)])
        try:
            cli.main()
        except SystemExit as end:
            status = end.code
        else:
            status = 0
        out, err = capsys.readouterr()
        return Outcome(status or 0, out, err)

    return call
