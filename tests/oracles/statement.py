"""The statements of a specification file, read by the documentation of its tables alone."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from oracles.dual import Arithmetic, Number
from oracles.evaluate import Binding, Evaluator
from oracles.model import Point, points
from oracles.reader import Tree, parse

LINKS = ("logsigmoid", "identity", "hinge", "square", "sigmoid")
ONE = Fraction(1)


@dataclass(frozen=True)
class Statement:
    """MI-DPO with this prior and scale has this loss."""

    id: str
    parameters: dict[str, str]  # name: domain
    weights: dict[str, tuple[str, bool]]  # name: domain, by label
    definitions: dict[str, tuple[str, Tree]]
    zeta: Tree
    scale: Tree
    link: str
    argument: Tree
    fixed: dict[str, Fraction]  # parameters that a claim gives a value
    residual: Tree | None = None

    def points(self, seed: str, count: int) -> Iterator[Point]:
        """Yield random points, the claim's own parameter values put in."""
        for point in points(self.parameters, self.weights, seed, count):
            point.parameters.update(self.fixed)
            yield point

    def changed(self, **parts: str) -> Statement:
        """Return the statement with other expressions."""
        return replace(self, **{name: parse(text) for name, text in parts.items()})


def read(text: str) -> dict[str, Statement]:
    """Return the statements of a TOML file by id; that of [prior] and [loss] has none.

    >>> text = 'parameters.alpha.domain = "positive"\\nprior.zeta = "ref(y)"\\nloss.argument = "1"'
    >>> read(text)[""].link, read(text)[""].scale
    ('logsigmoid', ('name', 'alpha'))
    """
    file = tomllib.loads(text)
    main = Statement(
        id="",
        parameters={name: row["domain"] for name, row in file.get("parameters", {}).items()},
        weights={
            name: (row["domain"], row.get("by_label", False))
            for name, row in file.get("weights", {}).items()
        },
        definitions={
            name: (row.get("of", ""), parse(row["is"]))
            for name, row in file.get("definitions", {}).items()
        },
        zeta=parse(file["prior"]["zeta"]),
        scale=parse(file["prior"].get("scale", "alpha")),
        link=file["loss"].get("link", "logsigmoid"),
        argument=parse(file["loss"]["argument"]),
        fixed={},
    )
    return {"": main} | {row["id"]: _claim(main, row) for row in file.get("claim", ())}


def _claim(main: Statement, row: dict[str, Any]) -> Statement:
    fixed, definitions = {}, dict(main.definitions)
    for name, text in row.get("where", {}).items():
        if name in main.parameters:
            value = Evaluator(Point("", {}, {}, {}), {}).value(parse(text))
            assert isinstance(value, Fraction)
            fixed[name] = value
        else:
            definitions[name] = (definitions[name][0], parse(text))
    parts = {
        name: parse(row[name]) for name in ("zeta", "scale", "argument", "residual") if name in row
    }
    return replace(
        main,
        id=row["id"],
        definitions=definitions,
        fixed=fixed,
        link=row.get("link", main.link),
        **parts,
    )


def framework(statement: Statement, evaluator: Evaluator) -> Number:
    """Return the argument of MI-DPO, scale·log(π(w)/ζ(w)) − scale·log(π(l)/ζ(l))."""
    a = evaluator.arithmetic
    return a.add(reward(statement, evaluator, "w"), a.neg(reward(statement, evaluator, "l")))


def reward(statement: Statement, evaluator: Evaluator, label: str) -> Number:
    """Return scale·log(π/ζ) of a response."""
    a = evaluator.arithmetic
    zeta = evaluator.value(statement.zeta, Binding(label))
    ratio = a.add(a.log(evaluator.whole("pi", label)), a.neg(a.log(zeta)))
    return a.mul(evaluator.value(statement.scale), ratio)


def loss(link: str, argument: Number, a: Arithmetic) -> Number:
    """Return the loss of an argument under a link.

    >>> [str(loss(link, Fraction(3), Arithmetic())) for link in ("identity", "hinge", "square")]
    ['-3', '0', '4']
    >>> round(loss("logsigmoid", Fraction(0), Arithmetic()).value, 6)  # log 2
    0.693147
    >>> round(loss("sigmoid", Fraction(0), Arithmetic()).value, 6)
    0.5
    """
    match link:
        case "logsigmoid":
            return a.softplus(a.neg(argument))
        case "identity":
            return a.neg(argument)
        case "hinge":
            return a.maximum(Fraction(0), a.add(ONE, a.neg(argument)))
        case "square":
            return a.power(a.add(ONE, a.neg(argument)), Fraction(2))
        case "sigmoid":
            return a.sigmoid(a.neg(argument))
    raise ValueError(link)
