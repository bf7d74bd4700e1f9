"""One case through every column: what the program shows, evaluated again."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from attacks import product, shown, torch_files, verdicts
from attacks.findings import COLUMNS, Finding
from generators.cases import Case
from oracles.statement import Statement, read
from oracles.truth import truth

POINTS = 24
BRIEF = frozenset(["value", "gradient", "conditions", "scale", "witness", "residual", "cures"])
OWN = BRIEF | {"reward"}


@dataclass
class Tally:
    """How often each kind of finding came, by column, and the cases of what is wrong."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    details: Counter[tuple[str, str]] = field(default_factory=Counter)
    failures: list[tuple[Case, Finding]] = field(default_factory=list)
    slow: list[tuple[float, str]] = field(default_factory=list)
    cases: int = 0

    def add(self, case: Case, findings: Iterable[Finding], seconds: float = 0) -> None:
        self.cases += 1
        for each in findings:
            self.counts[each.column, each.kind] += 1
            if each.kind in ("right", "unknown"):
                self.details[each.column, each.detail] += 1
            if each.kind in ("wrong", "exception"):
                self.failures.append((case, each))
        if seconds > 5:
            self.slow.append((seconds, case.name))


def attack(
    case: Case, folder: Path, columns: Collection[str] = COLUMNS, points: int = POINTS
) -> list[Finding]:
    """Return what is found of a case in some columns."""
    path = folder / f"{case.name}.toml"
    path.write_text(case.text, encoding="utf-8")
    return list(_attack(case, path, frozenset(columns), points))


def _attack(case: Case, path: Path, columns: frozenset[str], points: int) -> Iterator[Finding]:
    statements = read(case.text)
    answers = []
    try:
        answers = product.answers(path, brief=columns <= BRIEF)
    except TimeoutError:
        raise
    except Exception as error:  # noqa: BLE001 - any exception is a finding
        yield refusal(error, statements, case.name)
        return
    if "prior" in columns:
        yield from guarded(
            "prior", lambda: [shown.prior(statements[""], product.prior(path), case.name)]
        )
    for answer in answers:
        yield from _of_answer(statements[answer.claim], answer, case.name, columns, points)
    if answers and "printed" in columns:
        yield from guarded("printed", lambda: [_printed(path)])
    if answers and "torch" in columns:
        yield from guarded("torch", lambda: [_torch(case, path, statements[""])])


def _of_answer(
    statement: Statement, answer: product.Answer, seed: str, columns: frozenset[str], points: int
) -> Iterator[Finding]:
    if columns & OWN:
        for each in guarded("value", lambda: verdicts.check(statement, answer, seed, points)):
            if each.column in columns:
                yield each
    if "prior" in columns:
        said = product.prior_of(answer)
        yield from guarded("prior", lambda: [shown.prior(statement, said, seed)])
    if "steps" in columns:
        yield from guarded("steps", lambda: [shown.derivation(statement, answer, seed)])
    if "latex" in columns:
        yield from guarded("latex", lambda: [shown.latex(answer)])
    for column, check in (("json", shown.report), ("certificate", shown.certificate)):
        if column in columns:
            yield from guarded(column, lambda check=check: [check(answer)])


def guarded(column: str, find: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """Yield findings; an exception is one as well."""
    try:
        yield from find()
    except TimeoutError:
        raise
    except Exception as error:  # noqa: BLE001 - any exception is a finding
        yield Finding(column, "exception", f"{type(error).__name__}: {str(error)[:300]}")


def refusal(error: Exception, statements: dict[str, Statement], seed: str) -> Finding:
    """Judge an exception of the prover.

    Only what divides by zero everywhere may be refused, and a scale that is never positive.
    """
    if product.divides_by_zero(error) and any(
        truth(each, seed).defined == 0 for each in statements.values()
    ):
        return Finding("value", "unknown", "divides by zero everywhere")
    if product.has_no_positive_scale(error) and any(
        verdicts.scale_is_never_positive(each, seed) for each in statements.values()
    ):
        return Finding("value", "unknown", "a scale that is never positive")
    return Finding("value", "exception", f"{type(error).__name__}: {str(error)[:300]}")


def _printed(path: Path) -> Finding:
    text = product.printed(path)
    return Finding("printed", "right" if text.strip() else "wrong")


def _torch(case: Case, path: Path, statement: Statement) -> Finding:
    try:
        text = product.generate(path)
    except product.REFUSED as error:
        kind = "wrong" if product.is_wrong_code(error) else "unknown"
        return Finding("torch", kind, str(error)[:100])
    names = torch_files.python_names(tomllib.loads(case.text))
    return torch_files.check(statement, text, names, case.name)
