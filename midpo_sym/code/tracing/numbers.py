"""Hyper-parameters that keep their names through a run: floats beside which an expression goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn, Self

import torch
from torch import Tensor

from midpo_sym.code.tracing import algebra
from midpo_sym.code.tracing.algebra import NotReadableError
from midpo_sym.language.tree import Expression

if TYPE_CHECKING:
    from midpo_sym.code.tracing.tracer import Tracer

_Law = Callable[[Expression, Expression], Expression]


class SymbolicNumber(float):
    """A float that torch and Python compute with, and that stands for an expression.

    Code may also take it for the float that it is, and lose the expression: what was read is
    compared with the code at other numbers afterwards (`verify`).
    """

    expression: Expression
    tracer: Tracer

    def __new__(cls, value: float, expression: Expression, tracer: Tracer) -> Self:
        """Return a number that stands for an expression, in the run of a tracer."""
        made = super().__new__(cls, value)
        made.expression, made.tracer = expression, tracer
        return made

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
        if not isinstance(other, (int, float)):
            return NotImplemented  # a tensor: torch asks again, through __torch_function__
        value = compute(_plain(self), _plain(other))
        return SymbolicNumber(value, law(self.expression, self._read(other)), self.tracer)

    def _read(self, other: float) -> Expression:
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
        return SymbolicNumber(-_plain(self), algebra.negative(self.expression), self.tracer)

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
        raise NotReadableError("a hyper-parameter is made a plain number, or rounded")

    def __hash__(self) -> int:
        """Refuse: a table of numbers cannot tell what the number stands for."""
        return self._lost()

    __int__ = __float__ = __trunc__ = __floor__ = __ceil__ = __round__ = _lost
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __divmod__ = __rdivmod__ = _lost
    is_integer = as_integer_ratio = hex = _lost


def _plain(value: float) -> float:
    """Return the number itself, without its name."""
    return float.__add__(value, 0.0) if isinstance(value, float) else float(value)


def _as_tensor(value: Any) -> Any:
    if isinstance(value, SymbolicNumber):
        tensor = torch.tensor(_plain(value), dtype=torch.float64)
        value.tracer.memory.write(tensor, [value.expression])
        return tensor
    if isinstance(value, (list, tuple)):
        return type(value)(map(_as_tensor, value))
    return value
