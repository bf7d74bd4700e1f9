"""Runs the text of a generated file in torch, in float64, on random responses.

This is the one module of the package that executes text. It is text that this package has just
printed, and `syntax.checked_syntax` has found nothing in it but arithmetic, torch's functions and
`midpo_sym.tensor`; it sees no other modules, and no built-in functions but six. See decision 12.
"""

from __future__ import annotations

import ast
import importlib
import math
from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from midpo_sym.spec.model import Derivation
from midpo_sym.targets.torch.check.literal import Place
from midpo_sym.targets.torch.check.measure import (
    GARBAGE,
    WEIGHTS,
    Answer,
    Measured,
    Source,
    data,
    numbers,
    sources,
)
from midpo_sym.targets.torch.check.pairs import Pair
from midpo_sym.targets.torch.errors import WrongCodeError
from midpo_sym.targets.torch.file import Data, LossFile
from midpo_sym.targets.torch.names import LABELS, stem_of
from midpo_sym.targets.torch.syntax import IMPORTS
from midpo_sym.targets.torch.vocabulary import FUSED
from midpo_sym.tensor import ResponseStatistics

_NEAR = 1e-9  # derivatives of a linear argument at two points
_Grid = Mapping[str, Tensor]  # by name; (pairs, columns)


def execute(syntax: ast.Module) -> dict[str, Any]:
    """Return the names that a generated file defines.

    Args:
        syntax: of the file, checked.
    """
    namespace = {
        "__name__": "generated",
        "__builtins__": {
            "__build_class__": __build_class__,
            "__import__": _import,
            "float": float,
            "abs": abs,
            "max": max,
            "min": min,
            "super": super,
            "tuple": tuple,
        },
    }
    exec(compile(syntax, "<generated>", "exec", dont_inherit=True), namespace)  # noqa: S102
    return namespace


def _import(name: str, *rest: object) -> ModuleType:
    if name not in IMPORTS or any(rest[3:]):  # the level of a relative import
        raise ImportError(name)
    return importlib.import_module(name)


class TorchRunner:
    """Runs one generated file."""

    def __init__(self, syntax: ast.Module, file: LossFile, derivation: Derivation) -> None:
        names = execute(syntax)
        self.file = file
        self.derivation = derivation
        self.function = names[file.function]
        self.module = names[file.module]

    def answers(self, pairs: Sequence[Pair]) -> Iterator[Answer]:
        """Yield what function and module compute for a batch, padded in several ways."""
        with torch.enable_grad(), torch.device("cpu"):
            if self.file.by_token:
                yield self._function(pairs, _Batch(pairs, 2, GARBAGE), "masks over no numbers")
            if not self.file.by_token or len(self.file.optional_masks) == len(LABELS):
                yield self._function(pairs, _Batch(pairs, 1), "zeros at padding", masked=False)
            yield self._statistics(pairs, _Batch(pairs, 1))

    def measured(self, name: str, logps: Mapping[str, Sequence[float]]) -> Measured:
        """Return what the function that measures a statistic computes, in one row."""
        function, models = self.module.needs.statistics[name]
        with torch.enable_grad(), torch.device("cpu"):
            leaves = {
                model: torch.tensor(values, dtype=torch.float64, requires_grad=True)
                for model, values in logps.items()
            }
            value = function(*map(leaves.__getitem__, models))
            slopes = _slopes(value, [*leaves.values()])
        return Measured(
            value.item(),
            {
                (model, v): slope
                for model, found in zip(leaves, slopes, strict=True)
                for v, slope in enumerate(found.tolist())
            },
        )

    def _function(
        self, pairs: Sequence[Pair], batch: _Batch, layout: str, *, masked: bool = True
    ) -> Answer:
        given = sources(self.file, self.derivation, pairs)
        grids = {name: batch.grid(each) for name, each in given.items()}
        of_data = data(self.file, self.derivation, pairs)
        arguments: list[Tensor | None] = []
        for each in (*self.file.statistics, *self.file.optional_masks):
            label, _, stem = each.name.partition("_")
            if each.name in of_data:
                arguments.append(torch.tensor(of_data[each.name], dtype=torch.float64))
            elif stem == "mask":
                arguments.append(batch.masks[label] if masked else None)
            elif stem == "lengths" and each.name not in grids:
                arguments.append(batch.masks[label].sum(-1).double())
            elif self.file.by_token:
                arguments.append(grids[each.name])
            else:
                mask = batch.masks[LABELS[given[each.name].response]]
                arguments.append(torch.where(mask, grids[each.name], 0.0).sum(-1))
        settings = numbers(self.file, self.derivation, pairs[0])
        found = self.function(*arguments, **settings)
        again = self.module(**settings)(*arguments)
        for one, other in zip(found, again, strict=True):
            if not torch.allclose(one, other, rtol=0, atol=0, equal_nan=True):
                message = (
                    f"{self.file.module} computes {other.tolist()}, and its function {one.tolist()}"
                )
                raise WrongCodeError(message)
        return batch.answer(f"the function, {layout}", found, given, grids, masked=masked)

    def _statistics(self, pairs: Sequence[Pair], batch: _Batch) -> Answer:
        given = sources(self.file, self.derivation, pairs)
        grids = {name: batch.grid(each) for name, each in given.items()}
        module = self.module(**numbers(self.file, self.derivation, pairs[0]))
        measured = self._measured(batch, grids, pairs)
        found = module.from_statistics(*measured)
        if module.needs.linear:
            self._check_linear(module, batch, grids, given, pairs)
        if module.needs.by_sums:
            self._check_by_sums(module, batch, grids, given, pairs)
        return batch.answer("the module, from statistics", found, given, grids, masked=False)

    def _measured(
        self, batch: _Batch, grids: _Grid, pairs: Sequence[Pair]
    ) -> list[ResponseStatistics]:
        found = []
        of_data = data(self.file, self.derivation, pairs)
        for label in LABELS.values():
            logps, reference = grids[f"{label}_logps"], grids[f"ref_{label}_logps"]
            vocabulary = {
                name: grids[f"{label}_{stem_of(name, self.file.vocabulary)}"]
                for name in self.file.vocabulary
            }
            fused = {name: vocabulary.pop(name) for name in FUSED if name in vocabulary}
            weights = {
                each.torch: grids[f"{label}_{each.torch}"] for each in self.derivation.weights
            }
            found.append(
                ResponseStatistics(
                    logps,
                    batch.masks[label],
                    reference,
                    logps - reference,
                    prev_logps=grids[f"prev_{label}_logps"],
                    weights=weights,
                    data={
                        each.name: torch.tensor(of_data[_name(each, label)], dtype=torch.float64)
                        for each in self.file.data
                    },
                    vocabulary=vocabulary,
                    **fused,
                )
            )
        return found

    def _check_linear(
        self,
        module: Any,
        batch: _Batch,
        grids: _Grid,
        given: Mapping[str, Source],
        pairs: Sequence[Pair],
    ) -> None:
        """Check that derivatives of the argument do not depend on what they are by.

        Raises:
            WrongCodeError: they do, and a single pass would get them wrong.
        """
        names = [name for name, each in given.items() if each.trained not in {"", WEIGHTS}]
        blank = {name: torch.zeros_like(grids[name]).requires_grad_() for name in names}
        found = []
        for point in ({**grids}, {**grids, **blank}):
            argument = module.argument(*self._measured(batch, point, pairs))[0]
            found.append(_slopes(argument, [point[name] for name in names]))
        for one, other in zip(*found, strict=True):
            if not torch.allclose(one, other, rtol=_NEAR, atol=_NEAR):
                message = f"{self.file.module} is said to be linear, and is not"
                raise WrongCodeError(message)

    def _check_by_sums(
        self,
        module: Any,
        batch: _Batch,
        grids: _Grid,
        given: Mapping[str, Source],
        pairs: Sequence[Pair],
    ) -> None:
        """Check that the argument moves with the sum of a response's log-probabilities only.

        Raises:
            WrongCodeError: it does not, and a single pass would get its gradient wrong.
        """
        argument = module.argument(*self._measured(batch, grids, pairs))[0]
        names = [name for name, each in given.items() if each.trained not in {"", WEIGHTS}]
        slopes = _slopes(argument, [grids[each] for each in names])
        for name, found in zip(names, slopes, strict=True):
            mask = batch.masks[LABELS[given[name].response]]
            mean = torch.where(mask, found, 0).sum(-1, keepdim=True) / mask.sum(-1, keepdim=True)
            wanted = mean if given[name].trained == "logps" else torch.zeros_like(mean)
            if not torch.allclose(found * mask, wanted * mask, rtol=_NEAR, atol=_NEAR):
                message = f"{self.file.module} is said to depend on log-probabilities summed only"
                raise WrongCodeError(message)


def _name(datum: Data, label: str) -> str:
    """Return the argument that has a datum of a response.

    Statistics have it of both, and where the loss uses one alone, any numbers do for the other.
    """
    own = f"{label}_{datum.name}"
    return own if own in datum.names else datum.names[0]


def _slopes(value: Tensor, leaves: Sequence[Tensor]) -> list[Tensor]:
    """Return the derivatives of a sum by leaves, zero where one is not in it."""
    if not value.requires_grad:
        return [torch.zeros_like(each) for each in leaves]
    found = torch.autograd.grad(value.sum(), leaves, allow_unused=True, retain_graph=True)
    return [
        torch.zeros_like(leaf) if each is None else each
        for leaf, each in zip(leaves, found, strict=True)
    ]


class _Batch:
    """Responses of unequal lengths side by side, with padding before, between and after."""

    def __init__(
        self, pairs: Sequence[Pair], spare: int, padding: Sequence[float] = (0.0,)
    ) -> None:
        self.padding = padding
        self.places: dict[str, list[list[int]]] = {}
        self.masks: dict[str, Tensor] = {}
        self.columns: dict[str, int] = {}
        for response, label in LABELS.items():
            lengths = [each.lengths[response] for each in pairs]
            columns = max(lengths) + spare + (response == "l")
            # Position 0 is never a token's, as in `ResponseStatistics`.
            starts = [1 + row % (columns - length) for row, length in enumerate(lengths)]
            starts = [min(a, columns - n) for a, n in zip(starts, lengths, strict=True)]
            self.places[response] = [
                [*range(a, a + n)] for a, n in zip(starts, lengths, strict=True)
            ]
            mask = torch.zeros(len(pairs), columns, dtype=torch.bool)
            for row, places in enumerate(self.places[response]):
                mask[row, places] = True
            self.masks[label] = mask
            self.columns[response] = columns

    def grid(self, source: Source) -> Tensor:
        """Return a statistic at its places; a leaf if anything may be trained through it."""
        rows, columns = len(source.values), self.columns[source.response]
        cells = [
            [self.padding[(row + column) % len(self.padding)] for column in range(columns)]
            for row in range(rows)
        ]
        for row, places in enumerate(self.places[source.response]):
            for place, value in zip(places, source.values[row], strict=True):
                cells[row][place] = value
        return torch.tensor(cells, dtype=torch.float64, requires_grad=bool(source.trained))

    def answer(
        self,
        layout: str,
        found: Sequence[Tensor],
        given: Mapping[str, Source],
        grids: _Grid,
        *,
        masked: bool,
    ) -> Answer:
        """Return what was found, with the derivatives of the losses.

        Raises:
            WrongCodeError: it has another shape, or a gradient where there is to be none.
        """
        losses, *rewards = found
        if any(each.shape != (len(losses),) or each.dtype != torch.float64 for each in found):
            shapes = ", ".join(f"{each.dtype} {tuple(each.shape)}" for each in found)
            message = f"{layout}, computes {shapes}; expected losses and rewards of shape (batch,)"
            raise WrongCodeError(message)
        if any(each.requires_grad for each in rewards):
            raise WrongCodeError("the rewards are not detached")
        slopes: list[dict[Place, float]] = [{} for _ in losses]
        at_padding = 0.0
        trained = {name: each for name, each in grids.items() if each.requires_grad}
        for name, slope in zip(trained, _slopes(losses, [*trained.values()]), strict=True):
            source = given[name]
            for row, values in enumerate(slope.tolist()):
                places = self.places[source.response][row]
                for t, place in enumerate(places if source.trained != WEIGHTS else ()):
                    slopes[row][source.trained, source.response, t] = values[place]
                rest = [v for place, v in enumerate(values) if place not in places]
                if source.trained == WEIGHTS:
                    rest += [0.0 * values[place] for place in places]  # NaN unless it is finite
                finite = all(map(math.isfinite, rest))
                at_padding += sum(map(abs, rest)) if masked else 0.0 if finite else math.nan
        values, chosen, rejected = (each.detach().tolist() for each in found)
        return Answer(layout, values, chosen, rejected, slopes, at_padding)
