"""What `midpo diff A B --json` says of two files, evaluated again at random language models.

The files are read by `oracles.statement`, and what the program says by `oracles.reader`: nothing
here is shared with the program.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import mpmath
from oracles.dual import DIGITS, Number, Precise, UnclearError, UndefinedError
from oracles.evaluate import ZERO, Binding, Evaluator
from oracles.model import Point, points
from oracles.reader import Tree, parse
from oracles.statement import LINKS, Statement, put, read
from oracles.truth import equal_slopes, equal_values
from oracles.witness import exact, point_of

DOMAINS = {
    "real": lambda _: True,
    "nonnegative": lambda value: value >= 0,
    "positive": lambda value: value > 0,
    "unit": lambda value: 0 <= value <= 1,
    "open unit": lambda value: 0 < value < 1,
}
_MOST = 40  # points that are drawn for each that is wanted


@dataclass
class Changed(Evaluator):
    """Evaluates a loss with one model in the place of another, or with 1."""

    models: Mapping[str, str] = field(default_factory=dict)

    def token_log(self, model: str, prefix: tuple[int, ...], token: int) -> Number:
        model = self.models.get(model, model)
        return ZERO if model == "1" else super().token_log(model, prefix, token)


@dataclass(frozen=True)
class Pair:
    """Two statements in one set of names: `A_alpha` is `alpha` of the first."""

    statements: dict[str, Statement]

    @staticmethod
    def of(one: str, other: str) -> Pair:
        """Return the pair of two files' own statements."""
        sides = {"A": read(one)[""], "B": read(other)[""]}
        return Pair({label: _apart(each, label) for label, each in sides.items()})

    @property
    def both(self) -> Statement:
        """Return a statement with the names of both."""
        one, other = self.statements["A"], self.statements["B"]
        return replace(
            one,
            parameters=one.parameters | other.parameters,
            weights=one.weights | other.weights,
            definitions=one.definitions | other.definitions,
            data=one.data | other.data,
        )

    def points(self, seed: str, where: str = "") -> Iterator[Point]:
        """Yield points, those of equal lengths or of one token only if that is asked for."""
        both = self.both
        for number, point in enumerate(
            points(both.parameters, both.weights, seed, 10**6, both.data)
        ):
            responses = point.responses
            if where == "one token":
                tokens = number % (point.size - 1)
                yield replace(point, responses={"w": (tokens,), "l": (tokens + 1,)})
            elif not where or len(responses["w"]) == len(responses["l"]):
                yield point

    def evaluator(
        self,
        label: str,
        point: Point,
        values: Mapping[str, str],
        names: Mapping[str, str],
        models: Mapping[str, Mapping[str, str]],
        scales: Mapping[str, str],
    ) -> Changed:
        """Return what evaluates one side after a substitution.

        Args:
            label: `A` or `B`.
            point: where.
            values: texts by the names of parameters, weights and data.
            names: weights and data by those that they are put in the place of.
            models: for each side, models by those that they replace.
            scales: what weights and data are multiplied by when they are put.
        """
        both = self.both
        definitions = dict(both.definitions)
        for name, text in values.items():
            if name not in both.parameters:
                definitions[name] = ("", parse(text))
        for name, same in names.items():
            of = "y, t" if name in both.weights else both.data[name][0]
            text = f"{same}({of})" if of.startswith("y") else same
            definitions[name] = (of, parse(f"({scales.get(name, '1')})*{text}"))
        data = {name: row for name, row in point.data.items() if name not in definitions}
        plain = Evaluator(point, {}, Precise())
        given = {
            name: plain.value(parse(text))
            for name, text in values.items()
            if name in both.parameters
        }
        at = replace(point, data=data, parameters={**point.parameters, **given})
        return Changed(at, definitions, Precise(), models=models.get(label, {}))


def _apart(statement: Statement, label: str) -> Statement:
    """Return a statement with its names prefixed by a letter."""
    own = {*statement.parameters, *statement.weights, *statement.data, *statement.definitions}

    def moved(tree: Tree) -> Tree:
        match tree:
            case ("name", name):
                return ("name", f"{label}_{name}" if name in own else name)
            case ("number", _):
                return tree
            case ("call", name, arguments):
                name = f"{label}_{name}" if name in own else name
                return ("call", name, tuple(map(moved, arguments)))
        return (tree[0], *map(moved, tree[1:]))

    def renamed(table: Mapping[str, Any]) -> dict[str, Any]:
        return {f"{label}_{name}": row for name, row in table.items()}

    body = put(parse(LINKS[statement.link]), {"a": statement.argument})
    return replace(
        statement,
        parameters=renamed(statement.parameters),
        weights=renamed(statement.weights),
        data=renamed(statement.data),
        definitions={
            f"{label}_{name}": (of, moved(tree))
            for name, (of, tree) in statement.definitions.items()
        },
        zeta=moved(statement.zeta),
        scale=moved(statement.scale),
        argument=moved(statement.argument),
        terms=tuple(replace(each, argument=moved(each.argument)) for each in statement.terms),
        plus=moved(body),  # the whole loss
    )


def problems(said: dict[str, Any], pair: Pair, seed: str, count: int = 6) -> Iterator[str]:
    """Yield what is wrong in a comparison; nothing if all of it holds at some points."""
    with mpmath.workdps(DIGITS):
        for relation in said["relations"]:
            yield from _of_relation(relation, said, pair, seed, count)
        closest = next((each for each in said["relations"] if not each["where"]), None)
        related = said["verdict"].startswith(("same up to", "same value"))
        related = closest is not None and (related or said["verdict"] == "same")
        for of in ("value", "gradient", "reward"):
            answer = said[of]
            if answer["witness"] is not None:
                row = closest if related else {}
                yield from _of_witness(of, answer["witness"], said, pair, row or {})
            elif answer["says"] == "differs":
                yield f"{of} differs without a witness"
            elif answer["says"] == "same" and not related:
                row = {"values": said["identified"], "same_quantities": same_names(pair)}
                yield from _compared(of, row, pair, seed, count)


def same_names(pair: Pair) -> dict[str, str]:
    """Return the weights and data of B that are of the same kind as A's of the same name."""
    both = pair.both
    tables = [(both.weights, name) for name in both.weights] + [
        (both.data, name) for name in both.data
    ]
    return {
        name: f"A_{name[2:]}"
        for table, name in tables
        if name.startswith("B_") and table.get(f"A_{name[2:]}") == table[name]
    }


def _of_relation(
    row: dict[str, Any], said: dict[str, Any], pair: Pair, seed: str, count: int
) -> Iterator[str]:
    if row["value"]["says"] != "same":
        yield "a relation that is not proved"
    if row["of"] == "loss":
        for of in ("value", "gradient", "reward"):
            witness = row[of]["witness"]
            if row[of]["says"] == "same":
                yield from _compared(of, row, pair, seed, count)
            if witness is not None:
                yield from _of_witness(of, witness, said, pair, row)
                lengths = {len(witness["responses"][each]) for each in "wl"}
                if row["where"] == "one token" or (row["where"] and len(lengths) > 1):
                    yield f"{of}: a point of lengths {lengths}"
    elif "-" not in row["factor"]:
        yield from _compared("argument", row, pair, seed, count)


def _compared(of: str, row: dict[str, Any], pair: Pair, seed: str, count: int) -> Iterator[str]:
    """Yield where the two sides are not what a relation says."""
    seen = 0
    both = pair.both
    for _, point in zip(
        range(_MOST * count), pair.points(seed, row.get("where", "")), strict=False
    ):
        try:
            one, other = _sides(of, row, pair, point)
        except (UndefinedError, UnclearError, ZeroDivisionError, OverflowError):
            continue
        for name, value in one.point.parameters.items():
            if not DOMAINS[both.parameters[name]](value):
                yield f"{name} = {value} is outside its domain"
                return
        seen += 1
        difference = _difference(of, one, other)
        if difference:
            yield f"{of}: {difference} at {one.point.parameters}, {row}"
            return
        if seen == count:
            return


def _of_witness(
    of: str, said: dict[str, Any], whole: dict[str, Any], pair: Pair, relation: dict[str, Any]
) -> Iterator[str]:
    """Yield what is wrong with a point at which the sides are said to differ."""
    row = {"values": whole["identified"], "same_quantities": same_names(pair), **relation}
    set_ = {*row["values"]}
    both = pair.both
    point = point_of(both, said)
    missing = {*both.parameters} - {*point.parameters} - set_
    point.parameters.update(dict.fromkeys(missing, Fraction(1)))  # not in what is compared
    what = said["of"].split()[0]
    if what == "loss":
        what = "gradient" if said["derivative_in"] else "value"
    try:
        one, other = _sides(what, row, pair, point)
    except (UndefinedError, UnclearError, ZeroDivisionError) as error:
        yield f"{of}: no value at the witness: {error!r}"
        return
    for name, value in one.point.parameters.items():
        if name not in missing and not DOMAINS[both.parameters[name]](value):
            yield f"{name} = {value} is outside its domain"
    place = 1 if said["of"].endswith("y_l") else 0
    numbers = [each.numbers[place] for each in (one, other)]
    if said["derivative_in"]:
        words = list(said["distributions"][0]["probabilities"])
        prefix = tuple(words.index(each) for each in said["derivative_in"]["after"])
        size = point.size
        at = point.prefixes().index(prefix) * size + words.index(said["derivative_in"]["token"])
        found = [0 if each.slope is None else each.slope[at] for each in numbers]
    else:
        found = [each.value for each in numbers]
    left, right = map(mpmath.mpf, found)
    if equal_values(left, right, one.arithmetic) is True:
        yield f"{of}: the sides are equal at the witness: {mpmath.nstr(left, 8)}"
    for value, key in ((left, "A"), (right, "B")):
        if said["kind"] == "enclosure":
            low, high = (mpmath.mpf(end) for end in said["enclosures"][key])
            slack = mpmath.mpf(10) ** -12 * (1 + abs(value))  # the value is rounded itself
            if not low - slack <= value <= high + slack:
                yield f"{of}: {mpmath.nstr(value, 20)} is not in {said['enclosures'][key]}"
        elif abs(value - exact(said[key])) > 1e-9 * (1 + abs(value)):
            yield f"{of}: printed {said[key]}, found {mpmath.nstr(value, 10)}"


def _sides(of: str, row: dict[str, Any], pair: Pair, point: Point) -> tuple[_Side, _Side]:
    sides = []
    for label in "AB":
        evaluator = pair.evaluator(
            label,
            point,
            row["values"],
            row["same_quantities"],
            row.get("models", {}),
            row.get("scales", {}),
        )
        a = evaluator.arithmetic
        statement = pair.statements[label]
        if of in ("value", "gradient"):
            found = [evaluator.value(statement.plus)]
        elif of == "argument":
            found = [evaluator.value(_argument(statement))]
        else:
            found = [_reward(statement, evaluator, response) for response in "wl"]
        if label == "B":
            factor = evaluator.value(parse(row.get("factor", "1"))) if of != "reward" else None
            offset = evaluator.value(parse(row.get("offset", "0"))) if of == "value" else None
            if factor is not None:
                found = [a.mul(factor, each) for each in found]
            if offset is not None:
                found = [a.add(each, offset) for each in found]
        sides.append(_Side(evaluator.point, a, [a.dual(each) for each in found]))
    return sides[0], sides[1]


@dataclass(frozen=True)
class _Side:
    point: Point
    arithmetic: Precise
    numbers: list[Any]


def _argument(statement: Statement) -> Tree:
    return statement.terms[0].argument if statement.link == "identity" else statement.argument


def _reward(statement: Statement, evaluator: Evaluator, label: str) -> Number:
    a = evaluator.arithmetic
    zeta = evaluator.value(statement.zeta, Binding(label))
    ratio = a.add(a.log(evaluator.whole("pi", label)), a.neg(a.log(zeta)))
    return a.mul(evaluator.value(statement.scale), ratio)


def _difference(of: str, one: _Side, other: _Side) -> str:
    a = one.arithmetic
    for left, right in zip(one.numbers, other.numbers, strict=True):
        if of != "gradient":
            if equal_values(left.value, right.value, a) is False:
                return f"{mpmath.nstr(left.value, 8)} and {mpmath.nstr(right.value, 8)}"
        elif a.kink or other.arithmetic.kink:
            continue
        elif equal_slopes(left.slope, right.slope, a) is False:
            return "other slopes"
    return ""
