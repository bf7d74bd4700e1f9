"""Evaluates the formulas of a generated file in plain Python, where torch is not installed.

The syntax of the file is walked, statement by statement; nothing is executed. A batch is one pair,
its numbers are duals, and shapes are as strict as torch's: a number of a response does not meet
numbers of its tokens unless it is made a column.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from midpo_sym.spec.model import Derivation
from midpo_sym.targets.torch.check import duals
from midpo_sym.targets.torch.check.duals import CONTEXT, Dual, constant
from midpo_sym.targets.torch.check.literal import Place
from midpo_sym.targets.torch.check.measure import (
    GARBAGE,
    WEIGHTS,
    Answer,
    Measured,
    data,
    numbers,
    sources,
)
from midpo_sym.targets.torch.check.pairs import Pair
from midpo_sym.targets.torch.errors import WrongCodeError
from midpo_sym.targets.torch.file import LossFile
from midpo_sym.targets.torch.names import LABELS

NUMBER, PAIR, COLUMN, TOKENS = "a number", "(batch,)", "(batch, 1)", "(batch, tokens)"
_PADDING = "padding"  # the kind of a place that no loss may depend on
_SPARE = 3  # columns of padding


@dataclass(frozen=True, slots=True)
class Array:
    """A tensor of one pair, or a number: its shape, and what is in it."""

    shape: str
    entries: tuple[Dual, ...]


def number(value: float) -> Array:
    """Return a number."""
    return Array(NUMBER, (constant(value),))


class PlainRunner:
    """Evaluates one generated file."""

    def __init__(self, syntax: ast.Module, file: LossFile, derivation: Derivation) -> None:
        functions = [each for each in syntax.body if isinstance(each, ast.FunctionDef)]
        self.functions = {each.name: each for each in functions}
        self.file = file
        self.derivation = derivation

    def answers(self, pairs: Sequence[Pair]) -> Iterator[Answer]:
        """Yield what the function computes for a batch, padded in several ways."""
        if self.file.by_token:
            yield self._answer(pairs, "masks over no numbers", masked=True)
        if not self.file.by_token or len(self.file.optional_masks) == len(LABELS):
            yield self._answer(pairs, "zeros at padding", masked=False)

    def measured(self, name: str, logps: Mapping[str, Sequence[float]]) -> Measured:
        """Return what the function that measures a statistic computes, in one row."""
        (measure,) = (each for each in self.file.measures if each.name == name)
        given = {
            argument: Array(
                TOKENS, tuple(duals.variable(p, (model, "", v)) for v, p in enumerate(logps[model]))
            )
            for argument, model in zip(measure.arguments, measure.models, strict=True)
        }
        (found,) = _of_shape(
            _Evaluation(self.functions).call(measure.function, given), PAIR
        ).entries
        slopes = {(model, v): float(slope) for (model, _, v), slope in found.slopes.items()}
        return Measured(float(found.value), slopes)

    def _answer(self, pairs: Sequence[Pair], layout: str, *, masked: bool) -> Answer:
        found = [self._one(pair, masked=masked) for pair in pairs]
        losses, chosen, rejected = (
            [float(each[k].entries[0].value) for each in found] for k in range(3)
        )
        slopes: list[dict[Place, float]] = []
        at_padding = 0.0
        for loss, *_ in found:
            whole = {place: float(slope) for place, slope in loss.entries[0].slopes.items()}
            rest = [slope for (kind, *_), slope in whole.items() if kind == _PADDING]
            finite = all(map(math.isfinite, rest))
            at_padding += sum(map(abs, rest)) if masked else 0.0 if finite else math.nan
            slopes.append({place: slope for place, slope in whole.items() if place[0] != _PADDING})
        return Answer(f"the function, {layout}", losses, chosen, rejected, slopes, at_padding)

    def _one(self, pair: Pair, *, masked: bool) -> tuple[Array, ...]:
        given = sources(self.file, self.derivation, [pair])
        arguments: dict[str, Any] = {
            name: number(value) for name, value in numbers(self.file, self.derivation, pair).items()
        }
        of_data = data(self.file, self.derivation, [pair])
        lengths = {label: pair.lengths[response] for response, label in LABELS.items()}
        for each in (*self.file.statistics, *self.file.optional_masks):
            label, _, stem = each.name.partition("_")
            if each.name in of_data:
                value = of_data[each.name]
                entry = constant(value if isinstance(value, float) else value[0])
                arguments[each.name] = Array(PAIR, (entry,))
            elif stem == "mask":
                mask = [True] * lengths[label] + [False] * _SPARE
                arguments[each.name] = mask if masked else None
            elif stem == "lengths" and each.name not in given:
                arguments[each.name] = Array(PAIR, (constant(lengths[label]),))
            else:
                source = given[each.name]
                entries = [
                    duals.variable(value, (source.trained, source.response, t))
                    if source.trained not in {"", WEIGHTS}
                    else constant(value)
                    for t, value in enumerate(source.values[0])
                ]
                arguments[each.name] = self._statistic(each.name, entries, masked=masked)
        result = _Evaluation(self.functions).call(self.file.function, arguments)
        shapes = [getattr(each, "shape", None) for each in result]
        if shapes != [PAIR] * 3:
            message = f"the function computes {shapes}; expected losses and rewards of {PAIR}"
            raise WrongCodeError(message)
        return tuple(result)

    def _statistic(self, name: str, entries: list[Dual], *, masked: bool) -> Array:
        if not self.file.by_token:
            return Array(PAIR, (duals.total(entries),))
        values = GARBAGE if masked else (0.0,)
        padding = [
            duals.variable(values[place % len(values)], (_PADDING, name, place))
            for place in range(_SPARE)
        ]
        return Array(TOKENS, (*entries, *padding))


class _Evaluation:
    """Walks the functions of a file."""

    def __init__(self, functions: Mapping[str, ast.FunctionDef]) -> None:
        self.functions = functions

    def call(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """Return what a function of the file returns."""
        names = dict(arguments)
        for statement in self.functions[name].body:
            match statement:
                case ast.Expr(value=ast.Constant()):
                    continue
                case ast.Expr(value=value):
                    self.value(value, names)
                case ast.Assign(targets=[ast.Name(id=target)], value=value):
                    names[target] = self.value(value, names)
                case ast.Assign(targets=[ast.Tuple(elts=targets)], value=value):
                    found = self.value(value, names)
                    names |= {ast.unparse(t): v for t, v in zip(targets, found, strict=True)}
                case ast.Return(value=ast.expr() as value):
                    return self.value(value, names)
                case _:
                    raise _unknown(statement)
        raise AssertionError(name)

    def value(self, node: ast.expr, names: Mapping[str, Any]) -> Any:  # noqa: C901, PLR0911 - one case for each kind of node
        """Return the value of an expression."""
        match node:
            case ast.Constant(value=int() | float() as value):
                return number(value)
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return names[name]
            case ast.Tuple(elts=parts):
                return tuple(self.value(each, names) for each in parts)
            case ast.UnaryOp(op=ast.USub(), operand=body):
                return _each(operator.neg, self.value(body, names))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                sides = self.value(left, names), self.value(right, names)
                return _each(_OPERATORS[type(op)], *sides)
            case ast.Subscript(value=ast.Name(id="given"), slice=ast.Constant(value=name)):
                return names["given"][name]
            case ast.Subscript(value=body) if ast.unparse(node).endswith("[:, None]"):
                return Array(COLUMN, _of_shape(self.value(body, names), PAIR).entries)
            case ast.Call(func=ast.Name(id="_argument"), keywords=keywords):
                given = {each.arg or "": self.value(each.value, names) for each in keywords}
                return self.call("_argument", given)
            case ast.Call(func=func, args=args, keywords=keywords):
                name = ast.unparse(func)
                if name not in _FUNCTIONS and isinstance(func, ast.Attribute):
                    name, args = f".{func.attr}", [func.value, *args]
                found = [self.value(each, names) for each in args]
                named = {each.arg or "": self.value(each.value, names) for each in keywords}
                if name not in _FUNCTIONS:
                    raise _unknown(node)
                return _FUNCTIONS[name](*found, **named)
        raise _unknown(node)


def _unknown(node: ast.AST) -> WrongCodeError:
    return WrongCodeError(f"the generated code has {ast.unparse(node)!r}, which has no meaning")


_OPERATORS: dict[type[ast.operator], Callable[[Dual, Dual], Dual]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}


def _each(function: Callable[..., Dual], *arrays: Array) -> Array:
    """Return a function of arrays, entry by entry, of the shape that torch would give it."""
    shapes = {each.shape for each in arrays}
    if PAIR in shapes and shapes & {COLUMN, TOKENS}:
        message = "the generated code has numbers of responses where those of tokens belong"
        raise WrongCodeError(message)
    shape = max(shapes, key=[NUMBER, PAIR, COLUMN, TOKENS].index)
    size = max(len(each.entries) for each in arrays)
    columns = [each.entries * (size if len(each.entries) == 1 else 1) for each in arrays]
    return Array(shape, tuple(function(*each) for each in zip(*columns, strict=True)))


def _of_shape(array: Array, shape: str) -> Array:
    if array.shape != shape:
        message = f"the generated code has {array.shape} where {shape} belongs"
        raise WrongCodeError(message)
    return array


def _where(mask: Sequence[bool], array: Array, other: Array) -> Array:
    """Return one array where the mask is true, the other elsewhere.

    Raises:
        WrongCodeError: what is left out is not finite: its derivative would be 0 * ∞.
    """
    array = _each(lambda one, _: one, array, Array(TOKENS, (constant(0),) * len(mask)))
    for each, here in zip(array.entries, mask, strict=True):
        sizes = () if here else (each.value, *each.slopes.values())
        if not all(map(CONTEXT.isfinite, sizes)):
            raise WrongCodeError("what a mask leaves out is not finite, so derivatives are NaN")
    kept = zip(array.entries, mask, strict=True)
    return Array(TOKENS, tuple(each if here else other.entries[0] for each, here in kept))


def _check_tokens(
    chosen_mask: Sequence[bool] | None, rejected_mask: Sequence[bool] | None, **given: Array
) -> dict[str, Array]:
    masks = {"chosen": chosen_mask, "rejected": rejected_mask}
    found = dict(given)
    for label, mask in masks.items():
        for name, each in given.items():
            if mask is not None and each.shape == TOKENS and label in name.split("_")[:2]:
                kept = zip(each.entries, mask, strict=True)
                zero = constant(0)
                found[name] = Array(TOKENS, tuple(one if here else zero for one, here in kept))
    return found


def _fill_padding(array: Array, mask: Sequence[bool]) -> Array:
    first = _of_shape(array, TOKENS).entries[mask.index(True)]
    kept = zip(array.entries, mask, strict=True)
    return Array(TOKENS, tuple(each if here else first for each, here in kept))


def _log_sum_exp(*arrays: Array) -> Array:
    return _each(lambda *each: duals.log(duals.total(map(duals.exp, each))), *arrays)


def _sigmoid(body: Dual) -> Dual:
    return constant(1) / (constant(1) + duals.exp(-body))


def _over(function: Callable[..., Dual]) -> Callable[..., Array]:
    return lambda *arrays, **named: _each(function, *arrays, *named.values())


def _smaller(one: Dual, other: Dual) -> Dual:
    return -duals.maximum(-one, -other)


def _size(body: Dual) -> Dual:
    return duals.maximum(body, -body)


def _clamp(array: Array, *, min: Array | None = None, max: Array | None = None) -> Array:  # noqa: A002 - torch's own names
    if min is not None:
        array = _each(duals.maximum, array, min)
    return array if max is None else _each(_smaller, array, max)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": _over(_size),
    ".bool": lambda mask: mask,
    ".detach": _over(Dual.detach),
    ".exp": _over(duals.exp),
    ".log": _over(duals.log),
    ".sum": lambda array, _: Array(PAIR, (duals.total(_of_shape(array, TOKENS).entries),)),
    "cauchy_cdf": _over(duals.cauchy_cdf),
    "check_data": lambda given, *_, **found: {**given, **found},
    "check_nonzero": lambda *_: None,
    "check_number": lambda *_: None,
    "check_pairs": lambda **given: given,
    "check_tokens": _check_tokens,
    "check_weights": lambda *_, **__: None,
    "fill_padding": _fill_padding,
    "log_cauchy_cdf": _over(lambda body: duals.log(duals.cauchy_cdf(body))),
    "log_sum_exp": _log_sum_exp,
    "logsigmoid": _over(lambda body: duals.log(_sigmoid(body))),
    "math.exp": _over(duals.exp),
    "math.log": _over(duals.log),
    "max": _over(duals.maximum),
    "min": _over(_smaller),
    "torch.abs": _over(_size),
    "torch.clamp": _clamp,
    "torch.exp": _over(duals.exp),
    "torch.expm1": _over(lambda body: duals.exp(body) - constant(1)),
    "torch.full_like": lambda like, value: Array(like.shape, value.entries),
    "torch.log": _over(duals.log),
    "torch.maximum": _over(duals.maximum),
    "torch.minimum": _over(_smaller),
    "torch.sigmoid": _over(_sigmoid),
    "torch.where": _where,
    "weigh": _over(lambda logarithm, value: duals.exp(logarithm) * value),
}
