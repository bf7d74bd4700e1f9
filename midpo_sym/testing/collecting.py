"""What pytest collects and proves: claims of specification files, and losses that tests return."""

from __future__ import annotations

import io
import tomllib
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from midpo_sym.session import Session, remembering
from midpo_sym.spec.errors import SpecError
from midpo_sym.spec.model import Claim, Derivation
from midpo_sym.spec.reading.losses import load

if TYPE_CHECKING:
    from midpo_sym.prover.prove import Result

_OWN = "loss"  # the name of the test of what [prior] and [loss] say
_WIDTH = 100  # columns of a failure's text


class Collecting:
    """The hooks that are there if pytest is asked for proofs.

    Args:
        folders: of specification files; empty if they may lie anywhere.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = folders

    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> SpecificationFile | None:
        """Return a specification file as what has tests, and None of any other."""
        if file_path.suffix != ".toml":
            return None
        named = any(file_path.resolve().is_relative_to(each) for each in self.folders)
        if (self.folders and not named) or not _is_specification(file_path, unsure=named):
            return None
        return SpecificationFile.from_parent(parent, path=file_path)

    @pytest.hookimpl(wrapper=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Generator[None, object, object]:
        """Prove what a test returns that is marked."""
        marker = pyfuncitem.get_closest_marker("midpo")
        if marker is None:
            return (yield)
        spec, asked = _asked(pyfuncitem, marker)
        test = pyfuncitem.obj

        def proved(**given: Any) -> None:
            if wrong := _wrong(test(**given), spec, asked):
                pytest.fail(wrong, pytrace=False)

        pyfuncitem.obj = proved
        try:
            return (yield)
        finally:
            pyfuncitem.obj = test


def _is_specification(path: Path, *, unsure: bool) -> bool:
    """Return whether a file is a specification.

    Args:
        path: a TOML file.
        unsure: what is said of one that cannot be read; in a folder of specifications it is to
            be complained of.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return unsure
    tables = [isinstance(found.get(each), dict) for each in ("prior", "loss")]
    return any(tables) if unsure else all(tables)


class SpecificationFile(pytest.File):
    """A specification file: a test for each claim, and one of what [prior] and [loss] say."""

    def collect(self) -> Iterator[ClaimItem]:
        """Yield the tests.

        Raises:
            CollectError: the file breaks a rule of the language.
        """
        session = Session()
        try:
            with remembering(session):
                derivation = load(self.path)
        except SpecError as error:
            raise self.CollectError(str(error)) from None
        claims: list[Claim | None] = [*derivation.claims]
        if not any(each.is_main for each in derivation.claims):
            claims.insert(0, None)
        for claim in claims:
            name = claim.id if claim else _OWN
            yield ClaimItem.from_parent(
                self, name=name, derivation=derivation, claim=claim, memory=session
            )


class NotAsExpectedError(Exception):
    """A claim does not come out as its file expects."""


class ClaimItem(pytest.Item):
    """A claim: its value, its gradient and what else it expects."""

    def __init__(
        self, *, derivation: Derivation, claim: Claim | None, memory: Session, **rest: Any
    ) -> None:
        super().__init__(**rest)
        self.derivation = derivation
        self.claim = claim
        self.memory = memory
        self.add_marker("midpo")

    def runtest(self) -> None:
        """Judge the claim.

        Raises:
            NotAsExpectedError: it comes out otherwise; the text is what `midpo prove` prints.
            SpecError: the statement divides by something that is always zero.
            DisagreementError: two judges contradict each other; a bug, please report it.
        """
        from midpo_sym.pipeline import Pipeline  # noqa: PLC0415 - loads SymPy

        result = Pipeline(self.memory).judge(self.derivation, self.claim)
        if not result.as_expected:
            with remembering(self.memory):
                raise NotAsExpectedError(_failure(result))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return what went wrong, without the calls that led to it."""
        if isinstance(excinfo.value, (NotAsExpectedError, SpecError)):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Return where the test is, and what it is called."""
        return self.path, None, f"{self.path.stem}/{self.name}"


def _failure(result: Result) -> str:
    """Return what a claim expects, what came out, and the story with its counterexample."""
    from rich.console import Console  # noqa: PLC0415 - if something fails

    from midpo_sym.targets.terminal.losses import story  # noqa: PLC0415 - as above

    verdicts = {"value": result.verdict, "gradient": result.gradient}
    parts = [
        f"{name} {found.status.value} where {expected.value} is expected"
        for (name, found), expected in zip(verdicts.items(), result.expected, strict=True)
        if found.status is not expected
    ]
    if not result.residual_as_expected:
        parts.append("another residual than the claim expects")
    if not result.knowledge_as_expected:
        parts.append("a prior has to know something else than the claim expects")
    console = Console(
        file=io.StringIO(), width=_WIDTH, highlight=False, markup=False, color_system=None
    )
    with console.capture() as captured:
        console.print(story(result, ()))
    lines = [line.rstrip() for line in captured.get().splitlines()]
    return "\n".join([", ".join(parts), *lines])


def _asked(item: pytest.Function, marker: pytest.Mark) -> tuple[Any, Mapping[str, Any]]:
    """Return the specification that a marker names, and what it says of arguments.

    Raises:
        UsageError: the marker says something else.
    """
    if len(marker.args) != 1 or not set(marker.kwargs) <= {"bind", "at"}:
        message = (
            f"{item.nodeid}: the marker midpo does not say what the loss is to be\n"
            '  allowed: @pytest.mark.midpo("simpo", bind={...}, at={...})'
        )
        raise pytest.UsageError(message)
    (spec,) = marker.args
    if isinstance(spec, str) and spec.endswith(".toml"):
        spec = item.path.parent / spec
    return spec, marker.kwargs


def _wrong(loss: Any, spec: Any, asked: Mapping[str, Any]) -> str:
    """Return what is wrong with a loss, with the arguments on which it is; "" if it is proved."""
    if loss is None:
        return "the test returns nothing\n  cure: return the loss, a function or a module"
    from midpo_sym.api import verify  # noqa: PLC0415 - loads SymPy
    from midpo_sym.code.verify import NotVerifiableError  # noqa: PLC0415 - loads torch

    try:
        found = verify(loss, spec, **asked)
    except (NotVerifiableError, SpecError) as error:
        return str(error)
    return "" if found.proved else str(found)
