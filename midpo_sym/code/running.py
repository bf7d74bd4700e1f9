"""Runs a function: watched, on numbers that stand for variables, or just as it is.

Both take the same inputs, made from the values of the variables at a point.
"""

from __future__ import annotations

import copy
import functools
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from midpo_sym.code.inputs.binding import Binding, Kind
from midpo_sym.code.inputs.instance import Batch
from midpo_sym.code.inputs.points import shown
from midpo_sym.code.inputs.tensors import Input, constant
from midpo_sym.code.tracing.algebra import NO_NUMBERS, NotReadableError, rational
from midpo_sym.code.tracing.evaluate import value_at
from midpo_sym.code.tracing.numbers import SymbolicNumber, mathematics
from midpo_sym.code.tracing.signs import Signs
from midpo_sym.code.tracing.tracer import Doors, Tracer, UnreadableError
from midpo_sym.language.tree import Expression

REWARDS = ("chosen_rewards", "rejected_rewards")
_LOSSES = ("loss", "losses")
_OF_METRICS = {"rewards/chosen": "chosen_rewards", "rewards/rejected": "rejected_rewards"}
_COMPILER = "torch._dynamo"  # whose import takes longer than most proofs
_OUTPUTS = 3  # losses and both rewards


class FailedError(Exception):
    """The function does not run on its inputs; says what it raised."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is verified.

    Attributes:
        function: what is called.
        owner: the object whose attributes are hyper-parameters; None if they are arguments.
        attributes: the names and values of those.
    """

    function: Callable[..., Any]
    owner: Any = None
    attributes: Mapping[str, Any] = field(default_factory=dict)

    @staticmethod
    def of(function: Any, names: Sequence[str]) -> Subject:
        """Return what is verified if a function or a module is given.

        Args:
            function: the function, or an instance of a class with `forward` or `__call__`.
            names: of hyper-parameters.
        """
        if inspect.isroutine(function) or isinstance(function, (type, functools.partial)):
            return Subject(function)
        inner = getattr(function, "forward", None) or function.__call__
        found = {name: getattr(function, name) for name in names if hasattr(function, name)}
        numbers = {
            name: value
            for name, value in found.items()
            if isinstance(value, (int, float)) and not isinstance(value, bool)
        }
        return Subject(inner, function, numbers)

    def call(self, given: Mapping[str, Any]) -> Any:
        """Call it with arguments, and attributes, by name."""
        own = {name: value for name, value in given.items() if name in self.attributes}
        rest = {name: value for name, value in given.items() if name not in own}
        if self.owner is None:
            return _called(self.function, rest)
        changed = copy.copy(self.owner)
        for name, value in own.items():
            setattr(changed, name, value)
        return _called(changed, rest, like=self.function)


def fixed(function: Any) -> dict[str, Any]:
    """Return the arguments that a partial function has a value for, by name."""
    return dict(function.keywords) if isinstance(function, functools.partial) else {}


@dataclass(frozen=True, slots=True)
class Output:
    """What a function gives: numbers, and what they stand for."""

    numbers: tuple[float, ...]
    elements: tuple[Expression, ...] = ()
    scalar: bool = False
    shape: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """What came out of a run.

    Attributes:
        outputs: `loss`, and rewards if there are any.
        slopes: the derivatives of the sum of the losses, by argument.
        tracer: what has watched it; None if nothing has.
    """

    outputs: Mapping[str, Output]
    slopes: Mapping[str, Output]
    tracer: Tracer | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """In which form a function gets its arguments.

    Attributes:
        precision: of tensors of numbers.
        gradients: whether torch keeps what derivatives need.
        gaps: whether tensors are every second place of a piece of memory.
    """

    precision: torch.dtype = torch.float64
    gradients: bool = True
    gaps: bool = False

    def of(self, tensor: Tensor) -> Tensor:
        """Return a tensor in this form."""
        tensor = tensor.to(self.precision)
        if self.gaps and tensor.dim():
            return torch.stack([tensor, torch.full_like(tensor, torch.nan)], -1)[..., 0]
        return tensor


_PLAIN = Form()


def watch(
    subject: Subject, binding: Binding, batch: Batch, given: Sequence[Input], signs: Signs
) -> Run:
    """Run a function on variables, on one path.

    Raises:
        UnreadableError: it does something that cannot be read.
        FailedError: it raises something.
    """
    tracer = Tracer(signs)
    point = signs.points[0]
    arguments, leaves = _arguments(binding, batch, given, point, tracer)
    shares = _shares(batch, point, tracer)
    try:
        with (
            torch.set_grad_enabled(not signs.of_formula),
            tracer,
            Doors(tracer),
            mathematics(tracer),
            tracer.watching(),
        ):
            found = _computed(subject, arguments, leaves, shares)
    except FailedError:
        if tracer.failure is not None:
            raise tracer.failure from None
        raise
    tracer.check_end()
    return _run(found, leaves, tracer)


def _shares(batch: Batch, point: Mapping[str, float], tracer: Tracer | None) -> Tensor:
    """Return what the loss of each pair is multiplied by where they are not reduced.

    A derivative of a sum says little of its terms; one of a sum with any factors says all.
    """
    elements = batch.shares()
    shares = torch.tensor([value_at(each, point) for each in elements], dtype=torch.float64)
    if tracer is not None:
        tracer.memory.write(shares, elements)
    return shares


def run(
    subject: Subject,
    binding: Binding,
    batch: Batch,
    given: Sequence[Input],
    point: Mapping[str, float],
    form: Form = _PLAIN,
) -> Run:
    """Run a function as it is, at a point.

    Raises:
        FailedError: it raises something.
    """
    arguments, leaves = _arguments(binding, batch, given, point, None, form)
    shares = _shares(batch, point, None)
    with torch.set_grad_enabled(form.gradients):
        return _run(_computed(subject, arguments, leaves, shares), leaves, None)


def _arguments(
    binding: Binding,
    batch: Batch,
    given: Sequence[Input],
    point: Mapping[str, float],
    tracer: Tracer | None,
    form: Form = _PLAIN,
) -> tuple[dict[str, Any], dict[str, Tensor]]:
    arguments: dict[str, Any] = {}
    leaves: dict[str, Tensor] = {}
    tensors = {each.bound.name: each for each in given}
    for bound in binding.bound:
        if bound.name in tensors:
            one = tensors[bound.name]
            numbers = [shown(value_at(each, point)) for each in one.elements]
            tensor = form.of(torch.tensor(numbers, dtype=torch.float64).reshape(one.shape))
            if tracer is not None:
                tracer.memory.write(tensor, one.elements)
                for group in one.groups:
                    tracer.memory.know_logits(*group)
            if one.trained:
                leaves[bound.name] = tensor.requires_grad_()
            arguments[bound.name] = tensor
        elif (fixed := constant(bound, batch)) is not None:
            arguments[bound.name] = fixed
        elif bound.kind is Kind.NUMBER:
            expression = batch.stated(bound.expressions[0], 1)
            value = shown(value_at(expression, point))
            named = tracer is not None and batch.symbolic and rational(expression) is None
            arguments[bound.name] = (
                SymbolicNumber(value, expression, tracer) if named and tracer else value
            )
        else:
            arguments[bound.name] = bound.value
    return arguments, leaves


def _computed(
    subject: Subject,
    arguments: Mapping[str, Any],
    leaves: Mapping[str, Tensor],
    shares: Tensor,
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the outputs of a function, and the derivatives of its losses.

    Raises:
        FailedError: it raises something.
    """
    try:
        with torch.device("cpu"), _eagerly():
            outputs = _outputs(subject.call(arguments))
            return outputs, differentiate(outputs["loss"], leaves, shares)
    except (NotReadableError, UnreadableError, FailedError):
        raise
    except (Exception, SystemExit) as error:  # whatever the user's code raises
        raise FailedError(f"{type(error).__name__}: {error}") from error


def _eagerly() -> AbstractContextManager[object]:
    """Return in what torch compiles nothing; if nobody has loaded the compiler, nothing can be."""
    if _COMPILER not in sys.modules:
        return nullcontext()
    eager: AbstractContextManager[object] = torch.compiler.set_stance("force_eager")
    return eager


def _run(
    found: tuple[Mapping[str, Tensor], Mapping[str, Any]],
    leaves: Mapping[str, Tensor],
    tracer: Tracer | None,
) -> Run:
    outputs, slopes = found
    return Run(
        {name: _output(each, tracer) for name, each in outputs.items()},
        {
            name: _output(torch.zeros_like(leaf) if slopes[name] is None else slopes[name], tracer)
            for name, leaf in leaves.items()
        },
        tracer,
    )


def differentiate(loss: Tensor, leaves: Mapping[str, Tensor], shares: Tensor) -> dict[str, Any]:
    """Return the derivatives of the losses, with their shares, by each leaf; None if there is none.

    Args:
        loss: one number, or one for each pair, or for each of the responses, in this order.
        leaves: what to differentiate by.
        shares: what the loss of each pair is multiplied by.
    """
    if not leaves or not loss.requires_grad:
        return dict.fromkeys(leaves)
    if loss.dim() and loss.numel() % shares.numel() == 0:
        repeats = loss.numel() // shares.numel()
        loss = loss.reshape(-1) * torch.cat([shares] * repeats)
    found = torch.autograd.grad(loss.sum(), [*leaves.values()], allow_unused=True)
    return dict(zip(leaves, found, strict=True))


def _output(tensor: Tensor, tracer: Tracer | None) -> Output:
    numbers = tuple(tensor.detach().double().reshape(-1).tolist())
    elements = () if tracer is None else tuple(tracer.memory.read(tensor))
    if not NO_NUMBERS.isdisjoint(elements):
        raise NotReadableError("an infinity, or what is no number, comes out")
    return Output(numbers, elements, scalar=not tensor.dim(), shape=tuple(tensor.shape))


def _outputs(value: Any) -> dict[str, Tensor]:
    """Return the loss, and the rewards that stand beside it.

    Raises:
        FailedError: there is no loss.
    """
    if isinstance(value, Tensor):
        return {"loss": value}
    if isinstance(value, Mapping):
        names = {
            **dict.fromkeys(_LOSSES, "loss"),
            **{each: each for each in REWARDS},
            **_OF_METRICS,
        }
        known = [name for name in value if name in names]
        found = {names[name]: value[name] for name in known}
        if len(found) < len(known):
            message = f"it returns one thing under two names, of {', '.join(map(str, known))}"
            raise FailedError(message)
        if isinstance(found.get("loss"), Tensor):
            return {name: each for name, each in found.items() if isinstance(each, Tensor)}
    if isinstance(value, (tuple, list)) and value and isinstance(value[0], Tensor):
        named = {"loss": value[0]}
        if len(value) >= _OUTPUTS and all(isinstance(each, Tensor) for each in value[1:3]):
            named |= dict(zip(REWARDS, value[1:3], strict=True))
        return named
    message = f"it returns {type(value).__name__}, and a tensor of losses comes first"
    raise FailedError(message)


def _called(
    function: Callable[..., Any],
    given: Mapping[str, Any],
    *,
    like: Callable[..., Any] | None = None,
) -> Any:
    """Call a function by name, and by position what has no name to call it by.

    Args:
        function: what is called; of a module the whole, with its hooks.
        given: its arguments.
        like: what has its signature, if that is another function, such as `forward`.
    """
    arguments = inspect.signature(like or function).parameters.values()
    first = [each.name for each in arguments if each.kind is each.POSITIONAL_ONLY]
    rest = {name: value for name, value in given.items() if name not in first}
    return function(*(given[name] for name in first if name in given), **rest)
