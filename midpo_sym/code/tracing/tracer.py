"""Watches torch at work, and notes what every number that comes out stands for.

A mode of torch's dispatcher sees each operation below automatic differentiation: forward, what
`torch.autograd.grad` runs, custom backward passes, all that happens under `no_grad`.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from midpo_sym.code.tracing.algebra import NO_NUMBERS, ZERO, NotReadableError, rational
from midpo_sym.code.tracing.elementwise import COMPARISONS
from midpo_sym.code.tracing.exits import Exits, without_watching
from midpo_sym.code.tracing.memory import Memory
from midpo_sym.code.tracing.numbers import SymbolicNumber, expressions_in, plain
from midpo_sym.code.tracing.operations import Call, read
from midpo_sym.code.tracing.signs import BACKWARD, Signs
from midpo_sym.language.tree import Expression, StopGradient

_OURS = str(Path(__file__).resolve().parents[1]) + os.sep
_TORCH = str(Path(torch.__file__).resolve().parent) + os.sep
_STANDARD = str(Path(os.__file__).resolve().parent) + os.sep  # of Python itself
_INSTALLED = "site-packages"
# What makes a tensor of the shape of another, and does not look into it.
_SHAPE_ONLY = frozenset(
    {"empty_like", "full_like", "new_empty", "new_full", "new_ones", "new_zeros", "ones_like",
     "zeros_like", "new_empty_strided", "sym_size", "is_same_size", "_has_same_storage_numel"}
)  # fmt: skip
# What is read of constants, too: log(0.1) is a logarithm, and not the float that comes out.
_INEXACT = frozenset(
    {"div", "exp", "expm1", "log", "log10", "log1p", "log2", "log_sigmoid_forward", "logit", "pow",
     "reciprocal", "rsqrt", "sigmoid", "softplus", "sqrt", "tanh"}
)  # fmt: skip
_MOST = 64  # elements of a constant that is read
_RANDOM = (
    *("bernoulli", "cauchy", "exponential", "geometric", "log_normal", "multinomial"),
    *("native_dropout", "normal", "poisson", "rand", "uniform"),
)
_METHODS = {
    "__repr__": "the text of a tensor",
    "__format__": "the text of a tensor",
    "__deepcopy__": "a deep copy of a tensor",
    "__reduce_ex__": "the bytes of a tensor",
}
_LOW = {torch.float32: "float32", torch.bfloat16: "bfloat16", torch.float16: "float16"}


class UnreadableError(Exception):
    """An operation that cannot be read, and the line of the user's code that calls it."""

    def __init__(self, operation: str, why: str, where: str) -> None:
        super().__init__(f"{operation}: {why}")
        self.operation, self.why, self.where = operation, why, where


class Doors(TorchFunctionMode):
    """Watches where numbers come into torch: a tensor that is made of a hyper-parameter has a name.

    `Exits` watches where they leave it.
    """

    def __init__(self, tracer: Tracer) -> None:
        super().__init__()
        self.tracer = tracer

    def __torch_function__(
        self,
        func: Any,
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Run a function of torch, and note what a tensor that it makes stands for."""
        del types
        given = kwargs or {}
        if func in _FINITE and (asked := self._finite(*args, **given)) is not None:
            return asked
        if func not in _FACTORIES or not (filled := _names_in((*args, *given.values()))):
            return func(*args, **given)
        out = func(*plain(args), **{name: plain(each) for name, each in given.items()})
        elements = expressions_in(filled, self.tracer)
        if elements is None or out.numel() % len(elements):
            raise self.tracer.refused("a tensor", "a hyper-parameter is among what it is made of")
        self.tracer.fill(out, elements * (out.numel() // len(elements)))
        return out

    def _finite(self, tensor: Any = None, **given: Any) -> Tensor | None:
        """Return where a tensor is finite, if that is asked of one that depends on the inputs.

        Torch compares sizes with infinity. Every number has a size, and no path branches off here.
        """
        asked = given.get("input", given.get("self", tensor))
        memory = self.tracer.memory
        if not isinstance(asked, Tensor) or not memory.knows(asked):
            return None
        finite = [each not in NO_NUMBERS for each in memory.read(asked)]
        return torch.tensor(finite, dtype=torch.bool).reshape(asked.shape)


_FACTORIES = (
    *(torch.tensor, torch.as_tensor, torch.full, torch.full_like, torch.scalar_tensor),
    *(Tensor.new_full, Tensor.new_tensor),
)
_FINITE = (torch.isfinite, Tensor.isfinite)


def _names_in(values: Iterable[Any]) -> Any:
    """Return the first value that has hyper-parameters in it."""
    return next((each for each in values if _is_named(each)), None)


def _is_named(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(map(_is_named, value))
    return isinstance(value, SymbolicNumber)


class Tracer(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch has none here
    """Notes what the tensors of one run stand for.

    Attributes:
        memory: what they stand for.
        signs: the path that comparisons take.
        casts: the lower precisions that the code goes through, each with its line.
        texts: the lines where a hyper-parameter is made a text.
        failure: what cannot be read, even if the code has caught the exception.
        exits: what watches the calls of Python.
    """

    def __init__(self, signs: Signs) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.memory = Memory()
        self.signs = signs
        self.casts: dict[str, str] = {}
        self.texts: dict[str, None] = {}
        self.exits: Exits | None = None
        self.failure: UnreadableError | None = None

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Return that torch need not load its compiler to keep off this class: it takes seconds."""
        return False

    def watching(self) -> Exits:
        """Return a watcher of the calls by which numbers leave torch."""
        self.exits = Exits(self.check_exit, self._refuse)
        return self.exits

    def __torch_dispatch__(
        self,
        func: Any,
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Run an operation, and note what its results stand for.

        Raises:
            UnreadableError: that is no expression.
        """
        del types
        with torch._C.DisableTorchFunction():  # noqa: SLF001 - what is done here is no user's code
            return without_watching(lambda: self._run(func, args, kwargs or {}))

    def _run(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        name = func._schema.name.split("::")[-1]  # noqa: SLF001 - torch's own way to say it
        if name.startswith(_RANDOM):
            raise UnreadableError(_said(name), "it is random", self.line())
        used = [each for each in _tensors((args, kwargs)) if self.memory.knows(each)]
        if name in _SHAPE_ONLY or not (used or name in _INEXACT):
            out = func(*args, **kwargs)
            self.memory.alive += _tensors(out)
            return out
        if not used:
            return self._constant(name, func, args, kwargs)
        self.signs.where = self.line()
        try:
            return self._note(name, func, args, kwargs)
        except NotReadableError as error:
            self.failure = self.failure or UnreadableError(
                _said(name), str(error), self.signs.where
            )
            raise self.failure from None
        except ValueError as error:  # a tree that is too large
            raise UnreadableError(_said(name), str(error), self.signs.where) from None

    def _constant(self, name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run an operation on constants, and note what comes out if that can be said exactly."""
        out = func(*args, **kwargs)
        first = out[0] if isinstance(out, tuple) else out
        self.memory.alive += _tensors(out)
        schema = func._schema  # noqa: SLF001 - torch's own way to say it
        exact = isinstance(first, Tensor) and first.dtype.is_floating_point
        if exact and first.numel() <= _MOST and not schema.is_mutable:
            with contextlib.suppress(NotReadableError, ValueError):
                given = _bound(schema, args, kwargs)
                elements = read(Call(name, func, given, first, self.memory, self.signs))
                if NO_NUMBERS.isdisjoint(node for each in elements for node in each.walk()):
                    self.memory.write(first, elements)
        return out

    def holds(self, relation: str, a: Expression, b: Expression) -> bool:
        """Return whether a comparison of hyper-parameters holds on the path."""
        self.signs.where = self.line()
        return self.signs.holds(relation, a, b)

    def check_exit(self, tensor: Tensor, name: str) -> None:
        """Check that numbers that leave torch do not depend on the inputs.

        Raises:
            UnreadableError: they do.
        """
        if self.memory.knows(tensor):
            why = "a number that depends on the inputs leaves torch"
            raise self.refused(_METHODS.get(name, f".{name}()"), why)

    def refused(self, operation: str, why: str) -> UnreadableError:
        """Return the error of what cannot be read; it stands even if the code catches it."""
        self.failure = self.failure or UnreadableError(operation, why, self.line())
        return self.failure

    def _refuse(self, operation: str, why: str) -> NoReturn:
        raise self.refused(operation, why)

    def check_end(self) -> None:
        """Check a run that has come to its end.

        Raises:
            UnreadableError: something in it could not be read.
        """
        if self.texts and self.failure is None:
            why = "it is made a text, and what is done with that is not followed"
            self.failure = UnreadableError("a hyper-parameter", why, next(iter(self.texts)))
        if self.failure is not None:
            raise self.failure

    def fill(self, tensor: Tensor, elements: list[Expression]) -> None:
        """Note that a tensor was made of hyper-parameters."""
        self.memory.write(tensor, elements)
        if tensor.dtype in _LOW:
            self.casts.setdefault(_LOW[tensor.dtype], self.line())

    def line(self) -> str:
        """Return the line of the code that is at work: `file.py:12`."""
        frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - the cheap way to the caller
        while frame is not None:
            file = frame.f_code.co_filename
            of_python = file.startswith(_STANDARD) and _INSTALLED not in file
            if not of_python and not file.startswith((_OURS, _TORCH, "<frozen")):
                return f"{Path(file).name}:{frame.f_lineno}"
            if file.startswith(_OURS) and frame.f_code.co_name == "differentiate":
                return BACKWARD
            frame = frame.f_back
        return ""

    def _note(self, name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        schema = func._schema  # noqa: SLF001 - the same
        given = _bound(schema, args, kwargs)
        if name == "_local_scalar_dense":
            raise NotReadableError("a number that depends on the inputs leaves torch")
        in_place = schema.is_mutable
        if in_place and not name.endswith("_"):
            raise NotReadableError("it writes into an argument")
        if not in_place and any(each.alias_info is not None for each in schema.returns):
            out = func(*args, **kwargs)  # another look at the same memory
            if name == "detach" and self.signs.of_formula:
                return self._stopped(out)
            if any(each.dtype != given["self"].dtype or each.is_neg() for each in _tensors(out)):
                raise NotReadableError("it looks at the bits of a number")
            return out
        base = name[:-1] if in_place else name
        if in_place and base in COMPARISONS:
            raise NotReadableError("a comparison that writes over what it compares")
        before = self._before(given, in_place=in_place)
        out = func(*args, **kwargs)
        first = out[0] if isinstance(out, (tuple, list)) else out
        self.memory.alive += _tensors(out)
        if not isinstance(first, Tensor):
            raise NotReadableError("it gives no tensor")
        self._check_type(base, first, given)
        elements = read(Call(base, _pure(func, base), before, first, self.memory, self.signs))
        if base in COMPARISONS:
            holds = [each != ZERO for each in elements]
            first.copy_(torch.tensor(holds, dtype=torch.bool).reshape(first.shape))
            return out
        if self.memory.literals.infinite:
            _check_finite(elements)
        self.memory.write(first, elements)
        return out

    def _stopped(self, detached: Tensor) -> Tensor:
        """Return a copy of what is detached, its elements under a stop-gradient.

        Where derivatives are computed nothing need be noted: torch knows what it has detached.
        """
        out = detached.clone()
        held = [
            each if rational(each) is not None else StopGradient(each)
            for each in self.memory.read(detached)
        ]
        self.memory.write(out, held)
        return out

    def _before(self, given: dict[str, Any], *, in_place: bool) -> dict[str, Any]:
        """Return arguments as they were, where the operation is about to write over one."""
        if not in_place:
            return given
        kept = dict(given)
        target: Tensor = given["self"]
        elements = self.memory.read(target)
        copy = target.detach().clone()
        self.memory.write(copy, elements)
        kept["self"] = copy
        return kept

    def _check_type(self, name: str, out: Tensor, given: dict[str, Any]) -> None:
        if name in COMPARISONS:
            return
        if not out.dtype.is_floating_point:
            raise NotReadableError(f"what depends on the inputs becomes {out.dtype}")
        old = given.get("self")
        if name == "_to_copy" and out.dtype in _LOW and isinstance(old, Tensor):
            self.casts.setdefault(_LOW[out.dtype], self.signs.where)


def _check_finite(elements: list[Expression]) -> None:
    """Check that no infinity is computed with; one may lie where nothing looks.

    Raises:
        NotReadableError: one is.
    """
    for each in elements:
        if each not in NO_NUMBERS and not NO_NUMBERS.isdisjoint(each.walk()):
            raise NotReadableError("it computes with an infinity, or with what is no number")


def _bound(schema: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a call by name, defaults included."""
    names = [each.name for each in schema.arguments]
    given = {each.name: each.default_value for each in schema.arguments if each.has_default_value()}
    return {**given, **dict(zip(names, args, strict=False)), **kwargs}


def _pure(func: Any, base: str) -> Callable[..., Any]:
    """Return the operation that does not write over its argument."""
    if not func._schema.is_mutable:  # noqa: SLF001 - torch's own way to say it
        return func  # type: ignore[no-any-return]
    packet = getattr(torch.ops.aten, base, None)
    return getattr(packet, func._overloadname, func)  # type: ignore[no-any-return]  # noqa: SLF001


def _said(name: str) -> str:
    return ".item()" if name == "_local_scalar_dense" else f"torch's {name.strip('_')}"


def _tensors(value: Any) -> list[Tensor]:
    return [*_found(value)]


def _found(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _found(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _found(each)
