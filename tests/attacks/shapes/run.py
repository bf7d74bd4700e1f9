"""One specification of a loss of any shape through every column."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

from attacks import product, shown, torch_files, verdicts
from attacks.findings import Finding
from attacks.run import guarded, refusal
from attacks.shapes import facts, readings
from generators.cases import Case
from oracles.statement import LINKS, Statement, read

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
        yield from _of_answer(statements[answer.claim], answer, path, columns, points)
    if "printed" in columns:
        yield from guarded("printed", lambda: [_printed(path)])
    if "torch" in columns:
        yield from guarded("torch", lambda: [_torch(case, path, statements[""])])


def _of_answer(
    statement: Statement, answer: product.Answer, path: Path, columns: set[str], points: int
) -> Iterator[Finding]:
    seed = path.stem
    yield from guarded("shape", lambda: _verdicts(statement, answer, seed, points))
    yield from guarded("links", lambda: facts.check(statement, answer.found or {}, seed))
    if "latex" in columns:
        yield from guarded("latex", lambda: [shown.latex(answer)])
        if statement.gives != "loss":
            yield from guarded("latex", lambda: readings.latex(statement, answer))
    if "json" in columns:
        yield from guarded("json", lambda: [shown.report(answer)])
    if "prior" in columns:
        yield from guarded("prior", lambda: [_prior(statement, product.prior_of(answer), seed)])
        if statement.gives != "loss" and not answer.claim:  # `midpo prior` has that of the whole
            yield from guarded("prior", lambda: [_prior(statement, product.prior(path), seed)])


def _prior(statement: Statement, said: product.Prior, seed: str) -> Finding:
    """Put a prior in, for what MI-DPO is said to have with it: the loss, or an argument of it."""
    match = re.fullmatch(r"(minus )?the argument of (?:this loss|a term|term (\d+))", said.of)
    typed = statement.terms[0].link not in LINKS
    if match is None or (statement.gives == "loss" and not typed):
        return shown.prior(statement, said, seed)
    argument = statement.terms[int(match[2] or 1) - 1].argument
    argument = ("neg", argument) if match[1] else argument
    of_term = replace(statement, link="identity", argument=argument, terms=(), plus=None)
    return shown.prior(of_term, said, seed)


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
