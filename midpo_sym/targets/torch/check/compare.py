"""Generated code against the specification that it is generated from, before it is written.

The pipeline:

1. `pairs` draws random pairs of responses: unequal lengths, single tokens, all parameters random.
2. `literal` evaluates the specification's own text on them, in forty digits.
3. `run_torch` runs the generated file on them, padded in several ways; `run_plain` evaluates its
   formulas where torch is not installed.
4. `check` compares losses, both rewards, and derivatives by every log-probability and statistic of
   the policy, padding included.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec

from midpo_sym.language.printing.mathematics import of_models
from midpo_sym.language.quantities.statistics import STATISTICS
from midpo_sym.spec.model import Derivation
from midpo_sym.targets.torch.check import literal, pairs
from midpo_sym.targets.torch.check.literal import Literal, Place
from midpo_sym.targets.torch.check.measure import Answer, Runner
from midpo_sym.targets.torch.check.pairs import Pair
from midpo_sym.targets.torch.check.run_plain import PlainRunner
from midpo_sym.targets.torch.check.vocabulary import check_measures
from midpo_sym.targets.torch.errors import NotExpressibleError, WrongCodeError
from midpo_sym.targets.torch.file import LossFile
from midpo_sym.targets.torch.syntax import checked_syntax

IN_TORCH = "running it in torch"
IN_PYTHON = "evaluating its formulas in plain Python"

_TOLERANCE = 1e-9  # relative to the largest number on the way; torch computes in float64
_LARGEST = 1e6  # number on the way with which float64 still has digits to compare
_TRIES = 40  # random pairs for each that is wanted; some divide by zero, or are too large
_TOKEN = {"w": "y_w", "l": "y_l"}


def has_torch() -> bool:
    """Return whether code can be run in torch here."""
    try:
        return find_spec("torch") is not None
    except ValueError:  # someone has put None in its place
        return False


def check(text: str, file: LossFile, derivation: Derivation, *, in_torch: bool) -> None:
    """Compare a generated file with its specification on random pairs of responses.

    Args:
        text: of the file.
        file: what it was printed from.
        derivation: the specification.
        in_torch: whether to run it, instead of evaluating its formulas in plain Python.

    Raises:
        WrongCodeError: they differ, or the file does not run.
        NotExpressibleError: there is no pair on which they can be compared.
    """
    id_ = derivation.id
    syntax = checked_syntax(text, file.function)
    compared = 0
    for batch, lengths in enumerate(pairs.BATCHES):
        drawn = [*_drawn(derivation, batch, lengths)]
        here, wanted = [pair for pair, _ in drawn], [value for _, value in drawn]
        try:
            runner = _runner(syntax, file, derivation, in_torch=in_torch)
            answers = [*runner.answers(here)]
            check_measures(id_, runner, file, batch)
        except WrongCodeError as error:
            message = f"{id_}: {error}"
            raise WrongCodeError(message) from error
        except Exception as error:  # whatever it raises: code that fails is not written
            message = f"the code generated for {id_} fails: {type(error).__name__}: {error}"
            raise WrongCodeError(message) from error
        for answer in answers:
            for row, (pair, value) in enumerate(zip(here, wanted, strict=True)):
                compare(id_, answer, row, pair, value)
        compared += sum(not each.kinked for each in wanted)
    if not compared:
        message = (
            f"the gradient of {id_} cannot be checked: at every random pair of responses it has a "
            "maximum of two equal things"
        )
        raise NotExpressibleError(message)


def compare(id_: str, answer: Answer, row: int, pair: Pair, wanted: Literal) -> None:
    """Compare an answer for one pair with what the specification says.

    Raises:
        WrongCodeError: they differ; with the numbers.
    """
    size = 1 + abs(wanted.loss) + wanted.largest
    numbers: list[tuple[str, float, float]] = [
        ("loss", answer.losses[row], wanted.loss),
        ("reward of y_w", answer.chosen[row], wanted.chosen),
        ("reward of y_l", answer.rejected[row], wanted.rejected),
    ]
    if not wanted.kinked:
        places = sorted({*answer.slopes[row], *wanted.slopes})
        numbers += [
            (_slope(place), answer.slopes[row].get(place, 0.0), wanted.slopes.get(place, 0.0))
            for place in places
        ]
    numbers.append(("derivatives by what lies at padding", answer.at_padding, 0.0))
    for what, found, right in numbers:
        if not abs(found - right) <= _TOLERANCE * (size + abs(right)):
            message = (
                f"the code generated for {id_} is not what the specification says: {what} "
                f"{found:.12g} instead of {float(right):.12g} "
                f"({answer.layout}; {pair.described()})"
            )
            raise WrongCodeError(message)


def _slope(place: Place) -> str:
    kind, response, t = place
    what = of_models(STATISTICS[kind]) if kind in STATISTICS else "log π"
    return f"derivative of the loss by {what}({_TOKEN[response]}, token {t + 1})"


def _drawn(
    derivation: Derivation, batch: int, lengths: Sequence[tuple[int, int]]
) -> Iterator[tuple[Pair, Literal]]:
    """Yield random pairs of a batch at which the specification is defined, and what it says.

    Raises:
        NotExpressibleError: there are none.
    """
    for attempt in range(_TRIES):
        numbers = pairs.parameters(derivation, batch + attempt * len(pairs.BATCHES))
        found = [*_usable(derivation, numbers, lengths, f"{batch} {attempt}")]
        if len(found) == len(lengths):
            yield from found
            return
    message = (
        f"the code of {derivation.id} cannot be checked: at random pairs of responses the "
        "specification divides by zero, or has numbers too large to compare"
    )
    raise NotExpressibleError(message)


def _usable(
    derivation: Derivation,
    numbers: Mapping[str, float],
    lengths: Sequence[tuple[int, int]],
    seed: str,
) -> Iterator[tuple[Pair, Literal]]:
    for row, wanted in enumerate(lengths):
        for attempt in range(3):
            name = f"{seed} {row} {attempt}"
            at = wanted if attempt == 0 else pairs.random_lengths(name)
            pair = pairs.pair(derivation, numbers, at, name)
            try:
                found = literal.evaluate(derivation.statement, pair)
            except (ArithmeticError, ValueError):  # not defined there, or too large
                continue
            sizes = (found.loss, found.chosen, found.rejected, *found.slopes.values())
            if max(found.largest, *map(abs, sizes)) <= _LARGEST:
                yield pair, found
                break
        else:
            return


def _runner(
    syntax: ast.Module, file: LossFile, derivation: Derivation, *, in_torch: bool
) -> Runner:
    if not in_torch:
        return PlainRunner(syntax, file, derivation)
    from midpo_sym.targets.torch.check.run_torch import TorchRunner  # noqa: PLC0415 - loads torch

    return TorchRunner(syntax, file, derivation)
