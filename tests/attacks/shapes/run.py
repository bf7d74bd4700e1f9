"""One specification of a loss of any shape through every column."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

from attacks import product, shown, torch_files, verdicts
from attacks.findings import Finding
from attacks.run import guarded, refusal
from attacks.shapes import facts, readings
from generators.cases import Case
from oracles.statement import LINKS, UNIT, Statement, read

POINTS = 15
OF_LINKS = ("links", "decreasing", "convex", "bounded", "slope at zero", "weights")
OF_PARTS = ("shape", "slope", "readings", "slopes")
OF_VERDICTS = ("value", "gradient", "conditions", "scale", "witness", "residual", "cures", "reward")
COLUMNS = (*OF_PARTS, *OF_LINKS, *OF_VERDICTS, "prior", "latex", "json", "printed", "torch")


def attack(
    case: Case, folder: Path, columns: Collection[str] = COLUMNS, points: int = POINTS
) -> list[Finding]:
    """Return what is found of a case in some columns."""
    path = folder / f"{case.name}.toml"
    path.write_text(case.text, encoding="utf-8")
    return [each for each in _attack(case, path, {*columns}, points) if each.column in columns]


def _attack(case: Case, path: Path, columns: set[str], points: int) -> Iterator[Finding]:
    statements = read(case.text)
    try:
        answers = [product.terms_of(each) for each in product.answers(path, brief=True)]
    except TimeoutError:
        raise
    except Exception as error:  # noqa: BLE001 - any exception is a finding
        yield refusal(error, statements, case.name)
        return
    for answer in answers:
        yield from _of_answer(statements[answer.claim], answer, case.name, columns, points)
    if "printed" in columns:
        yield from guarded("printed", lambda: [_printed(path)])
    if "torch" in columns:
        yield from guarded("torch", lambda: [_torch(case, path, statements[""])])


def _of_answer(
    statement: Statement, answer: product.Answer, seed: str, columns: set[str], points: int
) -> Iterator[Finding]:
    yield from guarded("shape", lambda: _verdicts(statement, answer, seed, points))
    yield from guarded("links", lambda: facts.check(statement, answer.found or {}, seed))
    if "latex" in columns:
        yield from guarded("latex", lambda: [shown.latex(answer)])
        if statement.gives != "loss":
            yield from guarded("latex", lambda: readings.latex(statement, answer))
    if "json" in columns:
        yield from guarded("json", lambda: [shown.report(answer)])
    # Read term by term, a result has the prior of one of its terms; here it is that of the loss.
    if "prior" in columns and statement.gives == "loss":
        said, solved = product.prior_of(answer), _solved(statement)
        yield from guarded("prior", lambda: [shown.prior(solved, said, seed)])


def _solved(statement: Statement) -> Statement:
    """Return the statement whose argument a prior is solved from: that of the only term."""
    first, *more = statement.terms
    if more or statement.plus or first.weight != UNIT or first.link in LINKS:
        return statement
    return replace(statement, link="identity", argument=first.argument)


def _verdicts(
    statement: Statement, answer: product.Answer, seed: str, points: int
) -> Iterator[Finding]:
    if statement.gives == "loss":
        yield from verdicts.check(statement, answer, seed, points)
    else:
        yield from readings.check(statement, answer, seed, points)
        yield verdicts.rewards(statement, answer, seed)


def _printed(path: Path) -> Finding:
    return Finding("printed", "right" if product.printed(path).strip() else "wrong")


def _torch(case: Case, path: Path, statement: Statement) -> Finding:
    try:
        text = product.generate(path)
    except product.REFUSED as error:
        kind = "wrong" if product.is_wrong_code(error) else "unknown"
        return Finding("torch", kind, str(error)[:100])
    if any(each.link == "any" for each in statement.terms):
        return Finding("torch", "wrong", "generated, though the link is any")
    names = torch_files.python_names(tomllib.loads(case.text))
    return torch_files.check(statement, text, names, case.name)
