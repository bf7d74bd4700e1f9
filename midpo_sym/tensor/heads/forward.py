"""What a model's `forward` does to hidden states and logits, read of its source.

Configurations are no guide: Gemma 3 has a soft-cap in its configuration that one of its two models
ignores, and `logits_scaling` divides in Granite and multiplies elsewhere. So the few lines between
the hidden states and the logits that are returned are followed. Where one of them is not a scale,
a cap, or a change of dtype, nothing is guessed.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import math
import operator
import textwrap
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from torch import nn

_UNKNOWN = object()  # a value that nobody needs
_HIDDEN = object()  # hidden states, as some part of the model returned them
_SPOILT = object()  # logits to which something was done that is not read
_SAME = {"contiguous", "float", "to", "type", "type_as"}
_SLICES = {"slice_logits_to_keep"}  # functions of transformers that drop positions, nothing else
_NUMBERS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_TANH = "tanh"


@dataclasses.dataclass(frozen=True)
class _Logits:
    """Logits, and what was done to them since the linear layer.

    Attributes:
        steps: factors, and "tanh".
    """

    steps: tuple[Fraction | str, ...] = ()

    def then(self, step: Fraction | str) -> _Logits:
        return _Logits((*self.steps, step))


class UnreadError(Exception):
    """Something in the source is not understood; the message says what."""


def read_transform(model: nn.Module, linear: object) -> tuple[float, float | None]:
    """Return the scale and the soft-cap of a model's logits.

    Args:
        model: whose class defines `forward`.
        linear: its output embeddings.

    Returns:
        s and c where hidden states h give the logits c·tanh(s·linear(h)/c); c is None without a
        cap.

    Raises:
        UnreadError: the source is not there, or does something else.
    """
    forward = inspect.unwrap(type(model).forward)
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(forward)))
    except (OSError, TypeError, SyntaxError):
        raise UnreadError("its source is not there") from None
    function = tree.body[0]
    if not isinstance(function, ast.FunctionDef):
        raise UnreadError("it is no function")
    reader = _Reader(model, linear)
    reader.run(function.body)
    if reader.logits is None:
        raise UnreadError("no call takes what the lm_head gives as `logits=`")
    if not isinstance(reader.logits, _Logits):
        raise UnreadError("the logits it returns are not the lm_head's, scaled or capped")
    return _scale_and_cap(reader.logits.steps)


def _scale_and_cap(steps: tuple[Fraction | str, ...]) -> tuple[float, float | None]:
    before, after, tanhs = Fraction(1), Fraction(1), 0
    for step in steps:
        if isinstance(step, str):
            tanhs += 1
        elif tanhs:
            after *= step
        else:
            before *= step
    if tanhs > 1 or before <= 0 or after <= 0:
        raise UnreadError("the logits go through tanh twice, or are multiplied by no positive one")
    return (float(before * after), float(after)) if tanhs else (float(before), None)


class _Reader:
    """Follows the logits through a function's statements.

    Attributes:
        logits: what the last call with `logits=` was given; None before.
    """

    def __init__(self, model: nn.Module, linear: object) -> None:
        self._linear = linear
        self._names: dict[str, Any] = {"self": model}
        self.logits: Any = None

    def run(self, body: Sequence[ast.stmt]) -> None:
        """Follow some statements."""
        for statement in body:
            self._step(statement)

    def _step(self, node: ast.stmt) -> None:
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            value = self._value(node.value)
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                self._store(target, value)
        elif isinstance(node, ast.AugAssign):
            left = self._value(node.target) if isinstance(node.target, ast.Name) else _UNKNOWN
            self._store(node.target, _combined(node.op, left, self._value(node.value)))
        elif isinstance(node, ast.If):
            self._branch(node)
        elif isinstance(node, ast.With):
            self.run(node.body)
        elif isinstance(node, (ast.Return, ast.Expr)):
            if node.value is not None:
                self._value(node.value)
        elif isinstance(node, (ast.For, ast.While, ast.Try, ast.Match)):
            self._refuse_logits(node)

    def _store(self, target: ast.expr, value: Any) -> None:
        if isinstance(target, ast.Name):
            self._names[target.id] = value
        elif isinstance(target, (ast.Tuple, ast.List)):
            for each in target.elts:
                self._store(each, _SPOILT if _is_logits(value) else _UNKNOWN)
        elif isinstance(target, (ast.Subscript, ast.Starred)):
            self._spoil(target.value)

    def _spoil(self, node: ast.expr) -> None:
        """Remember that something was written into what may be logits or hidden states."""
        if isinstance(node, ast.Name):
            self._names[node.id] = _SPOILT

    def _refuse_logits(self, node: ast.stmt) -> None:
        """Refuse a statement that is not followed, and has to do with the logits."""
        for each in ast.walk(node):
            if isinstance(each, ast.Name) and _is_logits(self._names.get(each.id)):
                raise UnreadError(f"line {each.lineno} works on the logits in a loop or the like")
            if isinstance(each, ast.Call) and self._calls_head(each):
                raise UnreadError(f"line {each.lineno} calls the lm_head in a loop or the like")
            if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
                self._names[each.id] = _UNKNOWN

    def _branch(self, node: ast.If) -> None:
        test = self._truth(node.test)
        if test is not None:
            self.run(node.body if test else node.orelse)
            return
        before, found = dict(self._names), []
        for body in (node.body, node.orelse):
            self._names = dict(before)
            self.run(body)
            found.append(self._names)
        first, second = found
        for name in {*first, *second}:
            one, other = first.get(name, _UNKNOWN), second.get(name, _UNKNOWN)
            same = one is other or (isinstance(one, _Logits) and one == other)
            spoilt = any(_is_logits(each) or each is _HIDDEN for each in (one, other))
            self._names[name] = one if same else _SPOILT if spoilt else _UNKNOWN

    def _truth(self, test: ast.expr) -> bool | None:
        """Return whether a condition on the model's own settings holds; None if it is on others."""
        if isinstance(test, ast.BoolOp):
            found = [self._truth(each) for each in test.values]
            decides = isinstance(test.op, ast.Or)
            if decides in found:
                return decides
            return None if None in found else not decides
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            inner = self._truth(test.operand)
            return None if inner is None else not inner
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            left, right = self._value(test.left), self._value(test.comparators[0])
            if not _is_setting(left) or not _is_setting(right):
                return None
            if isinstance(test.ops[0], (ast.Is, ast.IsNot)):
                return (left is right) is isinstance(test.ops[0], ast.Is)
            if isinstance(test.ops[0], (ast.Eq, ast.NotEq)):
                return (left == right) is isinstance(test.ops[0], ast.Eq)
            return None
        value = self._value(test)
        return bool(value) if _is_setting(value) else None

    def _value(self, node: ast.expr) -> Any:  # noqa: PLR0911  # one return for each form
        """Return a setting, a part of the model, steps since the lm_head, or a mark."""
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Name):
            return self._names.get(node.id, _UNKNOWN)
        if isinstance(node, ast.Attribute):
            owner = self._value(node.value)
            if owner is _UNKNOWN:
                return _HIDDEN if isinstance(node.value, ast.Name) else _UNKNOWN
            return _UNKNOWN if _is_mark(owner) else getattr(owner, node.attr, _UNKNOWN)
        if isinstance(node, ast.Subscript):
            owner = self._value(node.value)
            if owner is _UNKNOWN and isinstance(node.value, ast.Name):
                return _HIDDEN
            return _SPOILT if _is_logits(owner) else owner if owner is _HIDDEN else _UNKNOWN
        if isinstance(node, ast.BinOp):
            return _combined(node.op, self._value(node.left), self._value(node.right))
        if isinstance(node, ast.IfExp):
            test = self._truth(node.test)
            if test is not None:
                return self._value(node.body if test else node.orelse)
        if isinstance(node, ast.Call):
            return self._call(node)
        parts = [
            self._value(each) for each in ast.iter_child_nodes(node) if isinstance(each, ast.expr)
        ]
        return _SPOILT if any(map(_is_logits, parts)) else _UNKNOWN

    def _calls_head(self, node: ast.Call) -> bool:
        return self._value(node.func) is self._linear

    def _call(self, node: ast.Call) -> Any:
        given = [self._value(each) for each in node.args]
        named = {each.arg: self._value(each.value) for each in node.keywords}
        if self._calls_head(node):
            if len(given) != 1 or given[0] is not _HIDDEN or named:
                raise UnreadError(
                    f"line {node.lineno} gives the lm_head other than plain hidden states"
                )
            return _Logits()
        if _is_logits(named.get("logits")):
            self.logits = named["logits"]
        if isinstance(node.func, ast.Attribute):
            owner, name = self._value(node.func.value), node.func.attr
            if name in _SAME and (_is_logits(owner) or owner is _HIDDEN):
                return owner
            if name == _TANH:
                logits = given[0] if len(given) == 1 else owner
                return logits.then(_TANH) if isinstance(logits, _Logits) else _UNKNOWN
            if name == "get_text_config" and not _is_mark(owner):
                return owner.get_text_config()
            if name.endswith("_") and (_is_logits(owner) or owner is _HIDDEN):
                self._spoil(node.func.value)
            if _is_logits(owner):
                return _SPOILT
        function = node.func.id if isinstance(node.func, ast.Name) else None
        if function in _SLICES and given and given[0] is _HIDDEN:
            return _HIDDEN
        if function == "getattr" and len(given) > 1 and isinstance(given[1], str):
            return _UNKNOWN if _is_mark(given[0]) else getattr(given[0], given[1], None)
        return _SPOILT if any(map(_is_logits, (*given, *named.values()))) else _UNKNOWN


def _is_mark(value: Any) -> bool:
    return value is _UNKNOWN or value is _HIDDEN or _is_logits(value)


def _is_logits(value: Any) -> bool:
    return value is _SPOILT or isinstance(value, _Logits)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_setting(value: Any) -> bool:
    return value is None or isinstance(value, (bool, int, float, str))


def _combined(operation: ast.operator, left: Any, right: Any) -> Any:
    """Return the value of an operation."""
    if _is_number(left) and _is_number(right):
        try:
            return _NUMBERS[type(operation)](left, right)
        except (ArithmeticError, KeyError):
            return _UNKNOWN
    times = isinstance(operation, ast.Mult)
    divides = isinstance(operation, ast.Div)
    if isinstance(left, _Logits) and _is_number(right) and (times or (divides and right)):
        return left.then(Fraction(right) if times else 1 / Fraction(right))
    if times and isinstance(right, _Logits) and _is_number(left):
        return right.then(Fraction(left))
    return _SPOILT if _is_logits(left) or _is_logits(right) else _UNKNOWN
