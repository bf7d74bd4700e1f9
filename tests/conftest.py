"""Fixtures for tests that call the command line, and what makes a test slow."""

import gc
import inspect
import os
import signal
import subprocess
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from oracles.needs import missing
from oracles.shared import once

from midpo_sym import cli
from midpo_sym.session import Session, remembering
from midpo_sym.targets.coq.checking import checker

ROOT = Path(__file__).parents[1]
# Fixtures that take seconds to make, whatever the test does with them.
SLOW = {"website", "rendered", "drawn", "workshop", "browser", "certificates"}


# With MIDPO_SAMPLE=4 a quarter of the cases of each slow test runs, always the same, and at least
# one of them: for machines that answer after each change. The whole is the default.
SAMPLE = int(os.environ.get("MIDPO_SAMPLE", "1"))
left_out = pytest.StashKey[int]()


def pytest_configure() -> None:
    """Let children be interrupted, in a shell's background too, where that is ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """While tests are collected, whatever cases are made from is read once: no test runs yet.

    Nor is garbage looked for: what is made stays.
    """
    gc.disable()
    try:
        with remembering(Session()):
            return (yield)
    finally:
        gc.enable()


def is_quick_alone(config: pytest.Config) -> bool:
    """Return whether slow tests are left out, all of them, and none is named."""
    named = any("::" in each or each.endswith(".py") for each in config.args)
    return config.getoption("markexpr") == "not slow" and not named


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not import modules of slow tests in order to leave out all that is in them."""
    if collection_path.suffix == ".py" and is_quick_alone(config):
        text = collection_path.read_text(encoding="utf-8")
        return True if "\npytestmark = pytest.mark.slow\n" in text else None
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, name: str, obj: object
) -> list[pytest.Item] | None:
    """Do not make the cases of a slow test in order to leave out all of them."""
    marks = getattr(obj, "pytestmark", ()) if name.startswith(("test", "Test")) else ()
    slow = isinstance(marks, list) and any(each.name == "slow" for each in marks)
    return [] if slow and is_quick_alone(collector.config) else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark as slow what needs one of the slow fixtures; of slow tests take a sample, if asked."""
    for item in items:
        if SLOW & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)
    cases = Counter(item.nodeid.partition("[")[0] for item in items)
    kept, dropped, seen = [], [], Counter[str]()
    for item in items:
        name = item.nodeid.partition("[")[0]
        if SAMPLE > 1 and cases[name] > 1 and item.get_closest_marker("slow"):
            first = zlib.crc32(name.encode()) % min(SAMPLE, cases[name])
            seen[name] += 1
            if (seen[name] - 1) % SAMPLE != first:
                dropped.append(item)
                continue
        kept.append(item)
    config.hook.pytest_deselected(items=dropped)
    config.stash[left_out] = len(dropped)
    items[:] = kept


def pytest_report_collectionfinish(config: pytest.Config) -> str:
    """Say what a sample leaves out."""
    if SAMPLE == 1:
        return ""
    return f"MIDPO_SAMPLE={SAMPLE}: {config.stash[left_out]} cases of slow tests are left out"


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
    """The website, built once by the command that builds it, for all processes of the tests."""

    def build(folder: Path) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "midpo_sym", "site", "build", "--out", str(folder / "pages")],
            cwd=ROOT,
            check=False,
            capture_output=True,
            text=True,
            env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        )
        assert done.returncode == 0, done.stdout + done.stderr

    return once(tmp_path_factory, "website", build) / "pages"


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
