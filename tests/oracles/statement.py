"""The statements of a specification file, read by the documentation of its tables alone."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from oracles.dual import Arithmetic, Number
from oracles.evaluate import Binding, Evaluator
from oracles.model import Point, points
from oracles.reader import Tree, parse, walk

LINKS = {
    "logsigmoid": "softplus(-a)",
    "identity": "-a",
    "hinge": "max(0, 1 - a)",
    "square": "(1 - a)**2",
    "sigmoid": "1 - sigmoid(a)",
}
ONE = Fraction(1)
UNIT: Tree = ("number", ONE)


@dataclass(frozen=True)
class LossTerm:
    """weight × link(argument)."""

    link: str
    argument: Tree
    weight: Tree = UNIT

    @property
    def body(self) -> Tree:
        """Return the link, as a tree in `a`; any link stands for itself."""
        return parse("a" if self.link == "any" else LINKS.get(self.link, self.link))


@dataclass(frozen=True)
class Statement:
    """MI-DPO with this prior and scale has this loss.

    The link and the argument are those of a loss of one term under a named link. Any other loss is
    minus its argument, under the identity.
    """

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
    data: dict[str, tuple[str, str, bool]] = field(default_factory=dict)  # of, domain, by label
    terms: tuple[LossTerm, ...] = ()
    plus: Tree | None = None
    gives: str = "loss"
    score_of: str = ""  # the response whose score MI-DPO's side is; the argument if there is none

    @property
    def speaks_of_another(self) -> bool:
        """Return whether what is added to the terms speaks of the response o."""
        return self.plus is not None and any(
            each[0] == "call" and ("name", "o") in each[2] for each in walk(self.plus)
        )

    def points(self, seed: str, count: int) -> Iterator[Point]:
        """Yield random points, the claim's own parameter values put in."""
        drawn = points(
            self.parameters, self.weights, seed, count, self.data, third=self.speaks_of_another
        )
        for point in drawn:
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
        fixed={},
        data={
            name: (row["of"], row["domain"], row.get("by_label", False))
            for name, row in file.get("data", {}).items()
        },
        gives=file["prior"].get("gives", "loss"),
        **_loss(file["loss"]),
    )
    return {"": main} | {row["id"]: _claim(main, row) for row in file.get("claim", ())}


def _loss(row: dict[str, Any]) -> dict[str, Any]:
    """Return the parts of a statement that a loss makes."""
    terms = tuple(
        LossTerm(
            each.get("link", "logsigmoid"), parse(each["argument"]), parse(each.get("weight", 1))
        )
        for each in row.get("term", [row])
    )
    plus = parse(row["plus"]) if "plus" in row else None
    return {"terms": terms, "plus": plus, **_as_one(terms, plus)}


def _as_one(terms: tuple[LossTerm, ...], plus: Tree | None) -> dict[str, Any]:
    """Return one argument under a named link."""
    first, *more = terms
    if not more and plus is None and first.weight == UNIT and first.link in LINKS:
        return {"link": first.link, "argument": first.argument}
    total: Tree = plus or ("number", Fraction(0))
    for term in terms:
        inner = put(term.body, {"a": term.argument})
        total = ("+", total, ("*", term.weight, inner))
    return {"link": "identity", "argument": ("neg", total)}


def put(tree: Tree, trees: dict[str, Tree]) -> Tree:
    """Return a tree with trees in the place of names.

    >>> put(parse("a + max(a, b)"), {"a": parse("2")}) == parse("2 + max(2, b)")
    True
    """
    match tree:
        case ("name", name):
            return trees.get(name, tree)
        case ("number", _):
            return tree
        case ("call", name, arguments):
            return ("call", name, tuple(put(each, trees) for each in arguments))
    return (tree[0], *(put(each, trees) for each in tree[1:]))


def _claim(main: Statement, row: dict[str, Any]) -> Statement:
    fixed, definitions = {}, dict(main.definitions)
    for name, text in row.get("where", {}).items():
        if name in main.parameters:
            value = Evaluator(Point("", {}, {}, {}), {}).value(parse(text))
            assert isinstance(value, Fraction)
            fixed[name] = value
        else:
            definitions[name] = (definitions[name][0], parse(text))
    parts: dict[str, Any] = {
        name: parse(row[name]) for name in ("zeta", "scale", "residual") if name in row
    }
    if {"term", "link", "argument", "plus"} & {*row}:
        parts |= _replaced(main, row)
    return replace(
        main,
        id=row["id"],
        definitions=definitions,
        fixed=fixed,
        gives=row.get("gives", main.gives),
        **parts,
    )


def _replaced(main: Statement, row: dict[str, Any]) -> dict[str, Any]:
    """Return the loss of a claim that replaces a part of it."""
    if "term" in row:
        made = _loss(row)
        terms = made["terms"]
    else:
        terms = main.terms
        if {"link", "argument"} & {*row}:
            (only,) = terms
            argument = parse(row["argument"]) if "argument" in row else only.argument
            terms = (replace(only, link=row.get("link", only.link), argument=argument),)
    plus = parse(row["plus"]) if "plus" in row else main.plus
    return {"terms": terms, "plus": plus, **_as_one(terms, plus)}


def framework(statement: Statement, evaluator: Evaluator) -> Number:
    """Return the argument of MI-DPO, scale·log(π(w)/ζ(w)) − scale·log(π(l)/ζ(l)), or a score."""
    if statement.score_of:
        return reward(statement, evaluator, statement.score_of)
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
