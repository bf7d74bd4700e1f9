"""Hyper-parameters that keep their names through a run: numbers beside which an expression goes."""

from __future__ import annotations

import contextlib
import functools
import math
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn

import torch
from torch import Tensor

from midpo_sym.code.tracing import algebra
from midpo_sym.language.tree import Expression

if TYPE_CHECKING:
    from midpo_sym.code.tracing.tracer import Tracer

_Law = Callable[[Expression, Expression], Expression]


class SymbolicNumber:
    """A number that torch and Python compute with, and that stands for an expression.

    It says that it is a float, and is none: what is written in C, such as `math` and NumPy, would
    take the number out of a float without a word, and finds none here.
    """

    def __init__(self, value: float, expression: Expression, tracer: Tracer) -> None:
        """Make a number that stands for an expression, in the run of a tracer."""
        self.value, self.expression, self.tracer = value, expression, tracer

    @property  # type: ignore[misc]  # mypy takes it for an attribute
    def __class__(self) -> type:
        """Return what code asks for that wants to know whether it has a number."""
        return float

    @classmethod
    def __torch_function__(
        cls,
        func: Callable[..., Any],
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Run a function of torch with tensors of no dimension instead."""
        del types
        given = {name: _as_tensor(each) for name, each in (kwargs or {}).items()}
        return func(*map(_as_tensor, args), **given)

    def _with(self, other: object, law: _Law, compute: Callable[[float, float], float]) -> Any:
        if isinstance(other, Tensor) or not isinstance(other, (int, float)):
            return NotImplemented  # a tensor: torch asks again, through __torch_function__
        value = compute(self.value, plain(other))
        return SymbolicNumber(value, law(self.expression, self._read(other)), self.tracer)

    def _read(self, other: Any) -> Expression:
        if isinstance(other, SymbolicNumber):
            return other.expression
        return self.tracer.memory.literal(other)

    def __add__(self, other: Any) -> Any:
        return self._with(other, algebra.plus, lambda a, b: a + b)

    def __radd__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: algebra.plus(b, a), lambda a, b: b + a)

    def __sub__(self, other: Any) -> Any:
        return self._with(other, algebra.minus, lambda a, b: a - b)

    def __rsub__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: algebra.minus(b, a), lambda a, b: b - a)

    def __mul__(self, other: Any) -> Any:
        return self._with(other, algebra.times, lambda a, b: a * b)

    def __rmul__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: algebra.times(b, a), lambda a, b: b * a)

    def __truediv__(self, other: Any) -> Any:
        return self._with(other, algebra.over, lambda a, b: a / b)

    def __rtruediv__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: algebra.over(b, a), lambda a, b: b / a)

    def __pow__(self, other: Any, modulus: None = None) -> Any:
        return self._with(other, algebra.power, lambda a, b: a**b)

    def __rpow__(self, other: Any, modulus: None = None) -> Any:
        return self._with(other, lambda a, b: algebra.power(b, a), lambda a, b: b**a)

    def __neg__(self) -> SymbolicNumber:
        return SymbolicNumber(-self.value, algebra.negative(self.expression), self.tracer)

    def __pos__(self) -> SymbolicNumber:
        return self

    def __abs__(self) -> SymbolicNumber:
        return self if self >= 0 else -self

    def _compared(self, relation: str, other: object) -> Any:
        if isinstance(other, Tensor) or not isinstance(other, (int, float)):
            return NotImplemented
        right = self._read(other)
        return self.tracer.holds(relation, self.expression, right)

    def __eq__(self, other: object) -> Any:
        return self._compared("eq", other)

    def __ne__(self, other: object) -> Any:
        return self._compared("ne", other)

    def __lt__(self, other: Any) -> Any:
        return self._compared("lt", other)

    def __le__(self, other: Any) -> Any:
        return self._compared("le", other)

    def __gt__(self, other: Any) -> Any:
        return self._compared("gt", other)

    def __ge__(self, other: Any) -> Any:
        return self._compared("ge", other)

    def __bool__(self) -> bool:
        return bool(self._compared("ne", 0))

    def _lost(self, *_: object) -> NoReturn:
        """Refuse to be a float that has no name.

        Raises:
            NotReadableError: always.
        """
        raise self.tracer.refused("a hyper-parameter", "it is made a plain number, or rounded")

    def __hash__(self) -> int:
        """Refuse: a table of numbers cannot tell what the number stands for."""
        return self._lost()

    def __float__(self) -> float:
        """Return the number to who asks whether it is finite, and to nobody else."""
        exits = self.tracer.exits
        if exits is not None and exits.asks_whether_finite(sys._getframe(1)):  # noqa: SLF001 - who asks
            return self.value
        return self._lost()

    __int__ = __trunc__ = __floor__ = __ceil__ = __round__ = __index__ = _lost
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __divmod__ = __rdivmod__ = _lost
    is_integer = as_integer_ratio = hex = __reduce_ex__ = _lost

    def __copy__(self) -> SymbolicNumber:
        return self

    def __deepcopy__(self, _: object) -> SymbolicNumber:
        return self

    def __repr__(self) -> str:
        """Return the number; code that goes on after it may have read the text."""
        self.tracer.texts.setdefault(self.tracer.line())
        return repr(self.value)

    def __format__(self, how: str) -> str:
        self.tracer.texts.setdefault(self.tracer.line())
        return format(self.value, how)


# Functions of Python's `math` that are expressions of the language.
_MATHEMATICS: dict[str, Callable[[Expression], Expression]] = {
    "exp": algebra.exp,
    "expm1": lambda a: algebra.minus(algebra.exp(a), algebra.ONE),
    "log": algebra.log,
    "log1p": lambda a: algebra.log(algebra.plus(algebra.ONE, a)),
    "sqrt": lambda a: algebra.power(a, algebra.over(algebra.ONE, algebra.TWO)),
}


@contextlib.contextmanager
def mathematics(tracer: Tracer) -> Iterator[None]:
    """Let `math.log` and the like take hyper-parameters that keep their names.

    They are looked up in their module by most code; a function that was imported by name stays as
    it is, and finds no number in a hyper-parameter. What they give of plain numbers is noted.
    """
    before = {name: getattr(math, name) for name in _MATHEMATICS}
    try:
        for name, function in before.items():
            setattr(math, name, functools.partial(_mathematical, tracer, name, function))
        yield
    finally:
        for name, function in before.items():
            setattr(math, name, function)


def _mathematical(tracer: Tracer, name: str, function: Callable[..., float], *given: Any) -> Any:
    if len(given) != 1 or not isinstance(given[0], SymbolicNumber):
        found = function(*given)
        watched = sys.getprofile() is not None  # else it is the reader that asks
        if watched and len(given) == 1 and type(given[0]) in (int, float) and math.isfinite(found):
            with contextlib.suppress(algebra.NotReadableError):
                read = _MATHEMATICS[name](tracer.memory.literal(given[0]))
                tracer.memory.literals.note(found, read)
        return found
    (named,) = given
    try:
        expression = _MATHEMATICS[name](named.expression)
    except algebra.NotReadableError as error:
        raise named.tracer.refused(f"math.{name}()", str(error)) from None
    return SymbolicNumber(function(named.value), expression, named.tracer)


def plain(value: Any) -> Any:
    """Return a number, or nested lists of numbers, without the names."""
    if isinstance(value, SymbolicNumber):
        return value.value
    return type(value)(map(plain, value)) if isinstance(value, (list, tuple)) else value


def expressions_in(value: Any, tracer: Tracer) -> list[Expression] | None:
    """Return what numbers in nested lists stand for, in order; None if there is anything else."""
    if isinstance(value, SymbolicNumber):
        return [value.expression]
    if isinstance(value, (int, float)):
        return [tracer.memory.literal(value)]
    if not isinstance(value, (list, tuple)):
        return None
    found: list[Expression] = []
    for each in value:
        inside = expressions_in(each, tracer)
        if inside is None:
            return None
        found += inside
    return found


def _as_tensor(value: Any) -> Any:
    if isinstance(value, SymbolicNumber):
        tensor = torch.tensor(value.value, dtype=torch.float64)
        value.tracer.memory.write(tensor, [value.expression])
        return tensor
    if isinstance(value, (list, tuple)):
        return type(value)(map(_as_tensor, value))
    return value
