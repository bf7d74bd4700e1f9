"""Hyper-parameters of a loss: checked when they are set, and given for one call by name."""

from __future__ import annotations

import copy
import difflib
import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch import Tensor

from midpo_sym.tensor import inputs
from midpo_sym.tensor.inputs import values
from midpo_sym.tensor.statistics import ONLY_SUMS, ResponseStatistics

if TYPE_CHECKING:
    from midpo_sym.tensor.loss import PreferenceLoss

Loss = TypeVar("Loss", bound="PreferenceLoss")


def keywords_of(kind: type) -> tuple[str, ...]:
    """Return the keywords that a class is made with."""
    given = inspect.signature(kind.__init__).parameters.values()  # type: ignore[misc]
    return tuple(each.name for each in given if each.kind is inspect.Parameter.KEYWORD_ONLY)


def take_tensors(kind: type[PreferenceLoss]) -> None:
    """Let a class be made with tensors () in the place of numbers.

    They are checked as the numbers they are, and kept as they are: an `nn.Parameter` is learned.

    Args:
        kind: whose `__init__` is wrapped, if it has one of its own.
    """
    plain = kind.__dict__.get("__init__")
    if plain is None:
        return

    @functools.wraps(plain)
    def made(self: PreferenceLoss, *args: Any, **keywords: Any) -> None:
        tensors = {
            name: each
            for name, each in keywords.items()
            if isinstance(each, Tensor) and each.ndim == 0 and each.is_floating_point()
        }
        numbers = {name: each.item() for name, each in tensors.items()}
        plain(self, *args, **{**keywords, **numbers})
        for name, each in tensors.items():
            setattr(self, name, each)

    kind.__init__ = made  # type: ignore[assignment]


def parameters_of(loss: PreferenceLoss) -> list[str]:
    """Return the names of a loss's hyper-parameters: keywords of its class that it keeps."""
    return [name for name in loss.keywords if hasattr(loss, name)]


def check_parameter(loss: PreferenceLoss, name: str, value: object) -> None:
    """Check a value that a hyper-parameter is set to, by what the class says of it.

    Args:
        loss: whose hyper-parameter.
        name: of the hyper-parameter.
        value: a number; or a tensor, whose extremes are looked at: all domains are intervals.

    Raises:
        TypeError: it is no number.
        ValueError: it is outside its domain.
    """
    tried: list[Any] = [value]
    if isinstance(value, Tensor):
        if not value.is_floating_point() or value.numel() == 0:
            raise TypeError(
                f"{name}: expected a number, or a floating-point tensor of them, got "
                f"{inputs.describe(value)}"
            )
        if not values.may_read(value):
            return
        tried = [value.detach().min().item(), value.detach().max().item()]
    others = {each: getattr(loss, each) for each in parameters_of(loss) if each != name}
    others = {each: _number(found) for each, found in others.items()}
    for each in tried:
        type(loss)(**others, **{name: each})


def _number(value: Any) -> Any:
    return value.detach().flatten()[0].item() if isinstance(value, Tensor) else value


def take_parameters(loss: PreferenceLoss, given: dict[str, Any], pairs: int) -> dict[str, Any]:
    """Take the hyper-parameters out of what is given by name, and check them.

    Args:
        loss: whose.
        given: by name.
        pairs: how many.

    Raises:
        TypeError: one is no number and no tensor of numbers.
        ValueError: one is outside its domain, or has another shape than () or (B,).
    """
    found = {name: given.pop(name) for name in parameters_of(loss) if name in given}
    for name, value in found.items():
        if isinstance(value, Tensor) and tuple(value.shape) not in {(), (pairs,)}:
            raise ValueError(
                f"{name}: expected one number, or one for each of {pairs} pairs, got "
                f"{inputs.describe(value)}"
            )
        check_parameter(loss, name, value)
    return found


def with_parameters(loss: Loss, given: Mapping[str, Any]) -> Loss:
    """Return a loss with other hyper-parameters, which shares everything else; or itself."""
    if not given:
        return loss
    found = copy.copy(loss)
    found.__dict__.update(given)
    by_pair = [name for name, each in given.items() if isinstance(each, Tensor) and each.ndim == 1]
    found.__dict__["_by_pair"] = by_pair
    return found


def arguments_of(
    loss: PreferenceLoss, chosen: ResponseStatistics, rejected: ResponseStatistics
) -> tuple[Tensor, Tensor, Tensor]:
    """Return what `argument` returns, where pairs may have hyper-parameters of their own.

    Args:
        loss: as `with_parameters` returned it.
        chosen: statistics of the preferred responses; (B, T).
        rejected: statistics of the others; (B, T).

    Raises:
        ValueError: the loss reads the reference token by token, and has but its sums.
    """
    if loss.__dict__.get("_by_pair"):
        one = [
            _of_pair(loss, k).argument(chosen.row(k), rejected.row(k))
            for k in range(len(chosen.mask))
        ]
        first, second, third = (torch.cat(part) for part in zip(*one, strict=True))
        return first, second, third
    try:
        return loss.argument(chosen, rejected)
    except (AttributeError, TypeError) as wrong:
        if chosen.ref_sums is None:
            raise
        raise ValueError(ONLY_SUMS) from wrong  # None in the place of what is of tokens


def links_of(loss: PreferenceLoss, arguments: Tensor) -> Tensor:
    """Return what `link` returns, where pairs may have hyper-parameters of their own; (B,)."""
    if not loss.__dict__.get("_by_pair"):
        return loss.link(arguments)
    each = [_of_pair(loss, k).link(arguments[k : k + 1]) for k in range(len(arguments))]
    return torch.cat(each)


def _of_pair(loss: Loss, pair: int) -> Loss:
    """Return a loss with the hyper-parameters of one pair."""
    found = copy.copy(loss)
    for name in loss.__dict__["_by_pair"]:
        found.__dict__[name] = loss.__dict__[name][pair]
    found.__dict__["_by_pair"] = []
    return found


def check_names(loss: PreferenceLoss, given: Iterable[str], entry: Callable[..., Any]) -> None:
    """Check that what is given by name has a name that something has.

    Args:
        loss: the loss.
        given: the names that are no keyword of the entry.
        entry: the method.

    Raises:
        TypeError: a name is unknown; the message names the nearest.
    """
    known = [*loss.needs.weights, *loss.needs.data]
    allowed = [*known, *parameters_of(loss)]
    for name in given:
        if name in allowed:
            continue
        keywords = [each for each in inspect.signature(entry).parameters if each != "weights"]
        near = difflib.get_close_matches(name, [*allowed, *keywords], n=1)
        meant = f"; did you mean {near[0]}?" if near else ""
        what = "token weights and data" if loss.needs.data else "token weights"
        raise TypeError(
            f"{type(loss).__name__}: expected the {what} {', '.join(known) or 'none'}, got "
            f"{name}{meant}"
        )
