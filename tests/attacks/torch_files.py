"""Generated torch losses, executed: value, gradient and rewards against the literal evaluator.

Statistics are computed from logits here, so that gradients go through them. Responses have
unequal lengths; where a mask says which tokens count, there is garbage everywhere else.
"""

from __future__ import annotations

import math
import re
import types
from dataclasses import replace
from typing import Any

import torch
from attacks.findings import Finding
from oracles.dual import Arithmetic, Dual, UnclearError, UndefinedError
from oracles.evaluate import Evaluator
from oracles.model import Point
from oracles.statement import Statement, loss, reward
from torch import Tensor

PAIRS = 3
GARBAGE = (math.nan, math.inf, -math.inf, 1e30, -7.0)
STATISTICS = ("entropy", "sum_of_squares", "kl_pi_prev", "kl_prev_pi", "kl_ref_prev")
SIDES = {"chosen": "w", "rejected": "l"}
DIVERGENCE = re.compile(r"KL\((π\w*)‖(π\w*)\)")
ARGUMENT = re.compile(r"^        (\w+): (.*(?:\n            .*)*)", re.MULTILINE)


class Logits:
    """The policy's logits at a point, to differentiate by."""

    def __init__(self, point: Point) -> None:
        self.point = point
        rows = [point.row("pi", prefix) for prefix in point.prefixes()]
        self.leaf = torch.tensor(
            [[math.log(each) for each in row] for row in rows],
            dtype=torch.float64,
            requires_grad=True,
        )

    def logs(self, model: str, prefix: tuple[int, ...]) -> Tensor:
        """Return the log-probabilities of the next token."""
        if model == "pi":
            return torch.log_softmax(self.leaf[self.point.prefixes().index(prefix)], 0)
        row = [math.log(each) for each in self.point.row(model, prefix)]
        return torch.log_softmax(torch.tensor(row, dtype=torch.float64), 0)

    def tokens(self, what: str, label: str) -> Tensor:
        """Return a statistic of each token: a model's log-probability, or a divergence."""
        response = self.point.responses[label]
        found = []
        for place, token in enumerate(response):
            own = self.logs("pi", response[:place])
            if what in ("pi", "ref", "prev"):
                found.append(self.logs(what, response[:place])[token])
            elif what == "entropy":
                found.append(-(own.exp() * own).sum())
            elif what == "sum_of_squares":
                found.append((2 * own).exp().sum())
            else:
                first, second = (
                    self.logs(model, response[:place]) for model in what.split("_")[1:]
                )
                found.append((first.exp() * (first - second)).sum())
        return torch.stack(found)


def check(statement: Statement, text: str, names: dict[str, str], seed: str) -> Finding:
    """Execute a generated file and compare what it returns.

    Args:
        statement: what the file is the loss of.
        text: the file.
        names: the names in Python of parameters and weights, with those in the specification.
        seed: of the points.
    """
    module = types.ModuleType("generated")
    exec(compile(text, "generated.py", "exec"), module.__dict__)
    function = next(
        value
        for name, value in vars(module).items()
        if name.endswith("_loss") and callable(value) and value.__module__ == "generated"
    )
    points = _points(statement, seed)
    if points is None:
        return Finding("torch", "unknown", "no point with a value")
    models = [Logits(point) for point in points]
    arguments = _arguments(function, models, names, statement)
    found = function(**arguments)
    for number, point in enumerate(points):
        problem = _differs(statement, point, models[number], [each[number] for each in found])
        if problem is not None:
            return Finding("torch", "wrong", problem)
    return Finding("torch", "right")


def _points(statement: Statement, seed: str) -> list[Point] | None:
    """Return points with the same parameters, at which the loss has a value."""
    for first in statement.points(f"{seed}/torch", 12):
        points = [
            replace(point, parameters=first.parameters)
            for point in statement.points(f"{seed}/{first.seed}", 3 * PAIRS)
        ]
        of_batch = {
            (name, ""): first.datum(name)
            for name, (of, *_) in statement.data.items()
            if of == "batch"
        }
        points = [replace(point, spread=min(point.spread, 40), given=of_batch) for point in points]
        usable = [point for point in points if _expected(statement, point) is not None]
        if len(usable) >= PAIRS:
            return usable[:PAIRS]
    return None


def _expected(statement: Statement, point: Point) -> list[Dual] | None:
    """Return the loss and both rewards; None if there is a kink or no value."""
    a = Arithmetic()
    evaluator = Evaluator(point, statement.definitions, a)
    try:
        argument = evaluator.value(statement.argument)
        found = [a.dual(loss(statement.link, argument, a))]
        found += [a.dual(reward(statement, evaluator, label)) for label in "wl"]
    except (UndefinedError, UnclearError, OverflowError, ZeroDivisionError):
        return None
    return None if a.kink or a.largest > 1e4 else found


def _arguments(
    function: Any, models: list[Logits], names: dict[str, str], statement: Statement
) -> dict[str, Any]:
    """Return the arguments of a generated function, by its own documentation of them."""
    points = [each.point for each in models]
    code = function.__code__
    wanted = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    described = dict(ARGUMENT.findall(function.__doc__ or ""))
    widest = max(len(r) for point in points for r in point.responses.values()) + 2
    with_mask = "chosen_mask" in wanted
    found: dict[str, Any] = {}
    for name in wanted:
        if name in names and names[name] in statement.parameters:
            found[name] = float(points[0].parameters[names[name]])
            continue
        if names.get(name) in statement.data:
            rows = [float(point.datum(names[name])) for point in points]
            of_batch = statement.data[names[name]][0] == "batch"
            found[name] = torch.tensor(rows[0] if of_batch else rows, dtype=torch.float64)
            continue
        side = next(each for each in SIDES if each in name.split("_"))
        label = SIDES[side]
        datum = names.get(name.removeprefix(f"{side}_"))
        if datum in statement.data:
            rows = [float(point.datum(datum, label)) for point in points]
            found[name] = torch.tensor(rows, dtype=torch.float64)
        elif name == f"{side}_lengths":
            found[name] = torch.tensor([len(point.responses[label]) for point in points])
        elif name == f"{side}_mask":
            found[name] = torch.tensor(
                [[t < len(point.responses[label]) for t in range(widest)] for point in points]
            )
        else:
            said = " ".join(described[name].split())
            rows = [_statistic(name, side, said, model, names) for model in models]
            by_token = "(batch, tokens)" in said
            found[name] = torch.stack(
                [_padded(row, widest, garbage=with_mask) if by_token else row.sum() for row in rows]
            )
    return found


def _statistic(name: str, side: str, said: str, model: Logits, names: dict[str, str]) -> Tensor:
    label = SIDES[side]
    if name.endswith("logps"):
        prefix = name.removesuffix(f"{side}_logps").strip("_")
        return model.tokens(prefix or "pi", label)
    weight = names.get(name.removeprefix(f"{side}_"))
    if weight is not None:
        response = model.point.responses[label]
        return torch.tensor(
            [float(model.point.weight(weight, label, t)) for t in range(len(response))],
            dtype=torch.float64,
        )
    if (named := name.removeprefix(f"{side}_")) in STATISTICS:
        return model.tokens(named, label)
    if said.startswith("place of each token"):
        return torch.arange(1, len(model.point.responses[label]) + 1, dtype=torch.float64)
    match = DIVERGENCE.search(said)
    assert match is not None, said
    models = (each.removeprefix("π").removeprefix("_") or "pi" for each in match.groups())
    return model.tokens("_".join(("kl", *models)), label)


def _padded(row: Tensor, width: int, *, garbage: bool) -> Tensor:
    rest = [GARBAGE[i % len(GARBAGE)] if garbage else 0.0 for i in range(width - len(row))]
    return torch.cat([row, torch.tensor(rest, dtype=torch.float64)])


def _differs(statement: Statement, point: Point, model: Logits, found: list[Tensor]) -> str | None:
    expected = _expected(statement, point)
    assert expected is not None
    value, chosen, rejected = (each.item() for each in found)
    if not math.isclose(value, expected[0].value, rel_tol=1e-6, abs_tol=1e-9):
        return f"loss {value}, in truth {expected[0].value}"
    # Rewards are up to what both responses share.
    gap = float(expected[1].value - expected[2].value)
    if not math.isclose(chosen - rejected, gap, rel_tol=1e-6, abs_tol=1e-6):
        return f"rewards {chosen} and {rejected}, their difference in truth {gap}"
    slope = None
    if found[0].requires_grad:
        (slope,) = torch.autograd.grad(found[0], [model.leaf], retain_graph=True, allow_unused=True)
    count = model.leaf.numel()
    flat = [0.0] * count if slope is None else slope.reshape(-1).tolist()
    truth = [0.0] * count if expected[0].slope is None else list(expected[0].slope)
    size = 1 + max(map(abs, truth))
    if any(not abs(x - y) < 1e-6 * size for x, y in zip(flat, truth, strict=True)):
        return f"gradient {flat[:4]}, in truth {truth[:4]}"
    return None


def python_names(file: dict[str, Any]) -> dict[str, str]:
    """Return the names in Python of what a file declares, and those they stand for.

    >>> python_names({"parameters": {"alpha": {"torch": "beta"}, "eta": {}}})
    {'beta': 'alpha', 'eta': 'eta'}
    """
    rows = file.get("parameters", {}) | file.get("weights", {}) | file.get("data", {})
    return {row.get("torch", name): name for name, row in rows.items()}
