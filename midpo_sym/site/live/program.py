"""A loss as a program of one variable, for the plots: the tree lowered once, run in two places.

The program is run here, for the figure in the page, and as JavaScript in the reader's browser, for
the sliders. Every number is a pair (value, derivative), so the program of the loss gives its
gradient too. Responses are taken to have tokens that are all alike: each has the same share of
the response's log-probability, and the same divergences and weights.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from midpo_sym.language import tree
from midpo_sym.language.tree import Expression
from midpo_sym.spec.model import Derivation, Statement

Dual = tuple[float, float]
HORIZON = 12.0  # nats to either side, over which a loss is drawn
REFERENCE = -20.0  # log-probability of either response under every frozen model
LENGTH = 10.0  # tokens of a response, to begin with
VARIABLE = "logp_pi_w"

_DIVERGENCE, _MOST_DIVERGENCE, _MOST_LENGTH, _MOST_WEIGHT = 0.1, 1.0, 40.0, 2.0


@dataclass(frozen=True, slots=True)
class Program:
    """An operation on programs, a number, or a variable."""

    operation: str
    parts: tuple[Program, ...] = ()
    number: float = 0.0
    name: str = ""

    def variables(self) -> Iterator[str]:
        """Yield the names that it depends on, as often as they occur."""
        if self.operation == "variable":
            yield self.name
        for part in self.parts:
            yield from part.variables()


@dataclass(frozen=True, slots=True)
class Slider:
    """A quantity that the reader may move.

    Attributes:
        name: of the program's variable.
        of: what it stands for, as an expression; None for the log-ratio of the rejected response.
        low: its least value.
        high: its largest value.
        value: where it starts.
        step: how finely it moves.
    """

    name: str
    of: Expression | None
    low: float
    high: float
    value: float
    step: float


def loss_program(statement: Statement) -> Program:
    """Return the loss of one pair as a program."""
    return _lowered(statement.target.loss)


def sliders(derivation: Derivation, program: Program) -> tuple[Slider, ...]:
    """Return what may be moved: whatever the loss depends on but the plot's own variable."""
    used = set(program.variables())
    found = [
        _of_parameter(each.name, each.domain, each.default)
        for each in derivation.parameters
        if each.name in used
    ]
    found += [
        Slider(name, leaf, low, high, value, step)
        for name, leaf, low, high, value, step in _quantities(derivation)
        if name in used
    ]
    return tuple(found)


def run(program: Program, point: Mapping[str, Dual]) -> Dual:
    """Return value and derivative of a program.

    Args:
        program: the program.
        point: value and derivative of each of its variables.
    """
    if program.operation == "number":
        return program.number, 0.0
    if program.operation == "variable":
        return point[program.name]
    return _OPERATIONS[program.operation](*(run(part, point) for part in program.parts))


def point(program: Program, moved: Iterable[Slider], x: float) -> dict[str, Dual]:
    """Return the variables where the chosen response's log-ratio is x and sliders are at rest."""
    values = {name: (REFERENCE, 0.0) for name in program.variables() if name.startswith("logp_")}
    values |= {each.name: (each.value, 0.0) for each in moved}
    values[VARIABLE] = (REFERENCE + x, 1.0)
    if "logp_pi_l" in values:
        ratio = next((each.value for each in moved if each.name == "logp_pi_l"), 0.0)
        values["logp_pi_l"] = (REFERENCE + ratio, 0.0)
    return values


def to_javascript(program: Program, name: str, source: str) -> str:
    """Return the program as a script that files it under a name, for `midpo.js` to run.

    Args:
        program: the loss.
        name: the id of the algorithm.
        source: the file that it was made from.
    """
    return (
        f"// Generated from {source}: the loss of a pair. Numbers are [value, derivative].\n"
        "window.midpoLosses = window.midpoLosses || {};\n"
        f"window.midpoLosses[{json.dumps(name)}] = (d, v) =>\n  {_javascript(program)};\n"
    )


def _javascript(program: Program) -> str:
    if program.operation == "number":
        return f"d.number({program.number!r})"
    if program.operation == "variable":
        return f"v.{program.name}"
    return f"d.{program.operation}({', '.join(map(_javascript, program.parts))})"


def _of_parameter(name: str, domain: str, default: Fraction | None) -> Slider:
    start = float(default) if default is not None else 0.5
    of = tree.Parameter(name, domain)
    if domain == "unit":
        return Slider(name, of, 0.0, 1.0, start, 0.01)
    high = 2.0 if start <= 1 else 4 * start
    low = -high if domain == "real" else 0.0 if domain == "nonnegative" else 0.01
    return Slider(name, of, low, high, start, 0.01)


def _quantities(
    derivation: Derivation,
) -> Iterator[tuple[str, Expression | None, float, float, float, float]]:
    yield "logp_pi_l", None, -HORIZON, HORIZON, 0.0, 0.1
    for response in ("w", "l"):
        yield f"length_{response}", tree.Length(response), 1.0, _MOST_LENGTH, LENGTH, 1.0
    for response in ("w", "l"):
        for first, second in (("ref", "pi"), ("pi", "ref")):
            leaf = tree.Divergence(first, second, response)
            name = _divergence(first, second, response)
            yield name, leaf, 0.0, _MOST_DIVERGENCE, _DIVERGENCE, 0.01
        for each in derivation.weights:
            weight = tree.Weight(each.name, response, each.domain, each.by_label)
            name = f"{each.name}_{response}"
            low, high = (-_MOST_WEIGHT if each.domain == "real" else 0.0), _MOST_WEIGHT
            yield name, weight, low, 1.0 if each.domain == "unit" else high, 1.0, 0.01


def _divergence(first: str, second: str, response: str) -> str:
    return f"kl_{first}_{second}_{response}"


def _number(value: float) -> Program:
    return Program("number", number=value)


def _variable(name: str) -> Program:
    return Program("variable", name=name)


def _of(operation: str, *parts: Program) -> Program:
    return Program(operation, parts)


def _chain(operation: str, parts: Iterable[Program]) -> Program:
    first, *rest = parts
    for part in rest:
        first = _of(operation, first, part)
    return first


def _lowered(node: Expression) -> Program:
    match node:
        case tree.Number(value=value):
            return _number(float(value))
        case tree.Parameter(name=name):
            return _variable(name)
        case tree.Length(response=response):
            return _variable(f"length_{response}")
        case tree.Weight(name=name, response=response):
            return _variable(f"{name}_{response}")
        case tree.Divergence(first=first, second=second, response=response):
            return _variable(_divergence(first, second, response))
        case tree.Probability() | tree.TokenProbability() | tree.TokenProduct():
            return _of("exp", _logarithm(node))
        case tree.TokenSum(response=response, body=body):
            return _of("multiply", _variable(f"length_{response}"), _lowered(body))
        case tree.ByLabel(response=response, chosen=chosen, rejected=rejected):
            return _lowered(chosen if response == "w" else rejected)
        case tree.Log(body=body):
            return _logarithm(body)
        case tree.Defined(body=body):
            return _lowered(body)
    parts = [_lowered(child) for child in node.children()]
    names = {
        tree.Add: "add",
        tree.Mul: "multiply",
        tree.Div: "divide",
        tree.Pow: "power",
        tree.Neg: "negate",
        tree.Exp: "exp",
        tree.Max: "max",
        tree.StopGradient: "hold",
    }
    return _chain(names[type(node)], parts) if len(parts) > 1 else _of(names[type(node)], *parts)


def _logarithm(node: Expression) -> Program:
    """Return log of a node without leaving the logarithms: a response has probability e^-200."""
    match node:
        case tree.Probability(model=model, response=response):
            return _variable(f"logp_{model}_{response}")
        case tree.TokenProbability(model=model, response=response):
            whole = _variable(f"logp_{model}_{response}")
            return _of("divide", whole, _variable(f"length_{response}"))
        case tree.TokenProduct(response=response, body=body):
            return _of("multiply", _variable(f"length_{response}"), _logarithm(body))
        case tree.Mul(factors=factors):
            return _chain("add", map(_logarithm, factors))
        case tree.Div(numerator=above, denominator=below):
            return _of("add", _logarithm(above), _of("negate", _logarithm(below)))
        case tree.Pow(base=base, exponent=exponent):
            return _of("multiply", _lowered(exponent), _logarithm(base))
        case tree.Exp(body=body):
            return _lowered(body)
        case tree.Defined(body=body):
            return _logarithm(body)
    return _of("log", _lowered(node))


def _power(a: Dual, b: Dual) -> Dual:
    value = a[0] ** b[0]
    slope = b[0] * a[0] ** (b[0] - 1) * a[1] if a[1] else 0.0
    return value, slope + (value * math.log(a[0]) * b[1] if b[1] else 0.0)


_OPERATIONS: dict[str, Callable[..., Dual]] = {
    "add": lambda a, b: (a[0] + b[0], a[1] + b[1]),
    "multiply": lambda a, b: (a[0] * b[0], a[1] * b[0] + a[0] * b[1]),
    "divide": lambda a, b: (a[0] / b[0], (a[1] * b[0] - a[0] * b[1]) / b[0] ** 2),
    "negate": lambda a: (-a[0], -a[1]),
    "power": _power,
    "exp": lambda a: (math.exp(a[0]), math.exp(a[0]) * a[1]),
    "log": lambda a: (math.log(a[0]), a[1] / a[0]),
    "max": lambda a, b: a if a[0] >= b[0] else b,
    "hold": lambda a: (a[0], 0.0),
}
