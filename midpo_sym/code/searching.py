"""Looks for arguments on which a function gives another number than a specification says.

The function is run as it is, in double precision. Nothing that is shown rests on what was read of
its code.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from fractions import Fraction

from midpo_sym.code.comparing import Targets, factors
from midpo_sym.code.inputs.binding import Binding, Kind
from midpo_sym.code.inputs.instance import Atom, Batch
from midpo_sym.code.inputs.points import point_of, shown
from midpo_sym.code.inputs.tensors import Input, constant
from midpo_sym.code.running import FailedError, Run, Subject, run
from midpo_sym.code.tracing.evaluate import slopes_at, value_at
from midpo_sym.code.verdicts import Counterexample
from midpo_sym.code.wording import of_variable

POINTS = 40
_SOME = 3  # points at which a function is looked at
_TRIES = 12  # points among which some are looked for at which it runs
_TOLERANCES = {"": 1e-7, "float32": 1e-4, "float16": 5e-2, "bfloat16": 2e-1}


def tolerance_of(precision: str) -> float:
    """Return how far apart numbers may be that pass through a precision; "" for double."""
    return _TOLERANCES[precision]


@dataclass(frozen=True, slots=True)
class Question:
    """A function at a batch, and what it should compute.

    Attributes:
        subject: the function.
        binding: what its arguments are.
        batch: the variables.
        given: the tensors.
        targets: what the specification says.
    """

    subject: Subject
    binding: Binding
    batch: Batch
    given: Sequence[Input]
    targets: Targets

    @property
    def factors(self) -> dict[str, Fraction]:
        """Return what the sum of the losses of a batch may be multiplied by."""
        return factors(self.batch.pairs, stacked=self.binding.stacked)


def runs(question: Question) -> Iterator[tuple[Mapping[str, float], Run]]:
    """Yield some points at which a function runs, and what comes out.

    Raises:
        FailedError: there are none.
    """
    found, failure = 0, None
    for k in range(_TRIES):
        point = point_of(question.batch.atoms, f"like {k}")
        try:
            there = run(question.subject, question.binding, question.batch, question.given, point)
        except FailedError as error:
            failure = error
            continue
        yield point, there
        found += 1
        if found == _SOME:
            return
    if failure is not None:
        raise failure


def search(
    questions: Sequence[Question], precision: str, wanted: Sequence[str], points: int = POINTS
) -> dict[str, Counterexample]:
    """Return where the parts of a function differ, by what they are: `value`, `gradient`, outputs.

    Args:
        questions: the function at batches, the smallest first.
        precision: the lowest that the code goes through; "" for double.
        wanted: the parts to look at.
        points: how many to try for each question.
    """
    found: dict[str, Counterexample] = {}
    for question in questions:
        for number in range(points):
            point = point_of(question.batch.atoms, f"search {question.batch.pairs} {number}")
            try:
                there = run(
                    question.subject, question.binding, question.batch, question.given, point
                )
            except FailedError:
                continue
            for part in wanted:
                if part not in found:
                    here = next(apart(question, there, point, part, _TOLERANCES[precision]), None)
                    if here is not None:
                        found[part] = here
            if len(found) == len(wanted):
                return found
    return found


def apart(
    question: Question,
    there: Run,
    point: Mapping[str, float],
    part: str,
    tolerance: float,
    *,
    finite: bool = True,
) -> Iterator[Counterexample]:
    """Yield the numbers of a part that are not as they should be.

    Args:
        question: what is asked.
        there: what the function gives at a point.
        point: the point.
        part: `value`, `gradient`, or an output.
        tolerance: relative.
        finite: whether an infinity, or what is no number, is left aside: code may overflow.
    """
    pairs = (
        gradient_pairs(question, there, point)
        if part == "gradient"
        else _values(question, there, point, part)
    )
    for what, found, allowed in pairs:
        sizes = [1 + abs(found) + abs(each) for each in allowed]
        if not all(map(math.isfinite, allowed)) or (finite and not math.isfinite(found)):
            continue
        if not math.isfinite(found) or all(
            abs(found - each) > tolerance * size for each, size in zip(allowed, sizes, strict=True)
        ):
            arguments = arguments_at(question, point)
            best = min(allowed, key=lambda each: abs(found - each))
            yield Counterexample(arguments, what, found, best)


def _values(
    question: Question, there: Run, point: Mapping[str, float], part: str
) -> Iterator[tuple[str, float, tuple[float, ...]]]:
    name = "loss" if part == "value" else part
    output = there.outputs[name]
    nodes = question.targets.loss if part == "value" else question.targets.rewards[part]
    wanted = [value_at(each, point) for each in nodes]
    if output.scalar:
        whole = math.fsum(wanted)
        shares = [float(factor) * whole for factor in question.factors.values()]
        yield name, output.numbers[0], tuple(dict.fromkeys(shares))
    elif len(output.numbers) == 2 * len(wanted) and question.binding.stacked:
        halves = output.numbers[: len(wanted)], output.numbers[len(wanted) :]
        for k, (one, other, right) in enumerate(zip(*halves, wanted, strict=True)):
            yield f"{name}[{k}] + {name}[{k + len(wanted)}]", one + other, (right,)
    elif len(output.numbers) == len(wanted):
        for k, (found, one) in enumerate(zip(output.numbers, wanted, strict=True)):
            yield f"{name}[{k}]", found, (one,)
    else:
        yield f"the size of {name}", float(len(output.numbers)), (float(len(wanted)),)


def gradient_pairs(
    question: Question, there: Run, point: Mapping[str, float]
) -> Iterator[tuple[str, float, tuple[float, ...]]]:
    """Yield the derivative by each variable: what code has, and what it may be."""
    batch = question.batch
    logarithmic = {name for name, atom in batch.atoms.items() if atom.is_probability}
    of_pairs = [slopes_at(each, point, logarithmic) for each in question.targets.loss]
    scalar = there.outputs["loss"].scalar
    shares = [value_at(each, point) for each in batch.shares()]
    moved = _moves(question, there, point, logarithmic)
    for atom in [*batch.trained()]:
        found = moved.get(atom.parameter.name, 0.0)
        wanted = _by(atom, of_pairs[atom.pair - 1], point, batch) if atom.pair else 0.0
        allowed = [float(each) for each in question.factors.values()]
        if not scalar:  # as the derivative of this pair's loss
            found, allowed = found / shares[atom.pair - 1] if atom.pair else found, [1.0]
        what = f"the derivative of the loss by {of_variable(atom.parameter.name)}"
        yield what, found, tuple(dict.fromkeys(each * wanted for each in allowed))


def _by(atom: Atom, slopes: Mapping[str, float], point: Mapping[str, float], batch: Batch) -> float:
    """Return the derivative by a variable, as code has it: by the logit of a word, if it is one."""
    own = slopes.get(atom.parameter.name, 0.0)
    if not atom.group:
        return own
    whole = math.fsum(slopes.get(each.parameter.name, 0.0) for each in batch.siblings(atom))
    return own - point[atom.parameter.name] * whole


def _moves(
    question: Question, there: Run, point: Mapping[str, float], logarithmic: AbstractSet[str]
) -> dict[str, float]:
    """Return the derivatives that code has, through all of its arguments, by the variables."""
    found: dict[str, float] = {}
    for each in question.given:
        if each.bound.name in there.slopes:
            derivatives = there.slopes[each.bound.name].numbers
            for element, derivative in zip(each.elements, derivatives, strict=True):
                if derivative:
                    for name, by in slopes_at(element, point, logarithmic).items():
                        found[name] = found.get(name, 0.0) + by * derivative
    return found


def arguments_at(question: Question, point: Mapping[str, float]) -> dict[str, object]:
    """Return the arguments of a function at a point, as one types them."""
    tensors = {each.bound.name: each for each in question.given}
    found: dict[str, object] = {}
    for bound in question.binding.bound:
        if bound.name in tensors:
            one = tensors[bound.name]
            numbers = [shown(value_at(each, point)) for each in one.elements]
            found[bound.name] = _nested(numbers, one.shape)
        elif bound.kind is Kind.NUMBER:
            stated = question.batch.stated(bound.expressions[0], 1)
            found[bound.name] = shown(value_at(stated, point))
        elif (tensor := constant(bound, question.batch)) is not None:
            found[bound.name] = tensor.int().tolist()
        else:
            found[bound.name] = bound.value
    return found


def _nested(numbers: list[float], shape: tuple[int, ...]) -> object:
    match shape:
        case ():
            return numbers[0]
        case (_, columns, words):
            rows = [numbers[k : k + words] for k in range(0, len(numbers), words)]
            return [rows[k : k + columns] for k in range(0, len(rows), columns)]
        case (_, columns):
            return [numbers[k : k + columns] for k in range(0, len(numbers), columns)]
    return numbers
