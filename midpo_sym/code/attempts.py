"""All paths through a function and a specification: run, compared, checked at other numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from midpo_sym.code import searching
from midpo_sym.code.comparing import Comparison, Targets, couples
from midpo_sym.code.elsewhere import elsewhere
from midpo_sym.code.inputs.binding import Binding, Kind
from midpo_sym.code.inputs.instance import PAIRS, RESPONSES, Batch, NotStatedError
from midpo_sym.code.inputs.points import deep_point_of, point_of, wide_point_of
from midpo_sym.code.inputs.tensors import Input, inputs
from midpo_sym.code.running import (
    REWARDS,
    FailedError,
    Output,
    Run,
    Subject,
    run,
    watch,
)
from midpo_sym.code.searching import Question
from midpo_sym.code.tracing.algebra import NotReadableError
from midpo_sym.code.tracing.evaluate import value_at
from midpo_sym.code.tracing.signs import Branch, Signs
from midpo_sym.code.tracing.tracer import Tracer, UnreadableError
from midpo_sym.code.verdicts import Counterexample
from midpo_sym.code.wording import of_expression, of_variable
from midpo_sym.language import tree
from midpo_sym.language.printing.text import to_text
from midpo_sym.language.tree import Expression
from midpo_sym.prover.framework import implicit_reward
from midpo_sym.spec.model import Derivation

MAX_PATHS = 64  # through code and formula, at a batch
PRECISIONS = ("bfloat16", "float16", "float32")  # the lowest first
_CHECKS = 4  # other numbers that what was read is held against, on each path
_TRIES = 60  # random points among which those are looked for
_ONLY_READ = "a path that no numbers drawn here take was read, and not run beside its reading"
_ANOTHER_WAY = "it is reduced in another way at another batch size"
_OVERFLOWS = "in double precision it overflows where the formula is finite"
_DRAWS = (point_of, wide_point_of, deep_point_of)
_BESIDE = 2e-12  # relative: a point so near has the same value, but for rounding
_CLOSE = 1e-8  # relative: both in double precision


@dataclass
class Attempt:
    """What comes out at one setting of the hyper-parameters.

    Attributes:
        reductions: of the losses, on all paths where their value is proved.
        outputs: the rewards that the function gives, and how they are reduced.
        unproved: why a part is not proved, by its name.
        excluded: where code compares something with zero.
        raised: what the function raises, by where it does.
        kinks: where the gradient is not compared, besides.
        notes: what was read in a way that one may want to know.
        precision: the lowest that the code goes through.
        edges: what the code compares with zero.
        held: the parts that were proved of the batches that were read, and not elsewhere.
        shown: where these differ.
    """

    reductions: set[str] = field(default_factory=set)
    outputs: dict[str, str] = field(default_factory=dict)
    unproved: dict[str, str] = field(default_factory=dict)
    excluded: dict[str, None] = field(default_factory=dict)
    raised: dict[str, str] = field(default_factory=dict)
    kinks: dict[str, None] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)
    precision: str = ""
    edges: dict[Expression, None] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    shown: dict[str, Counterexample] = field(default_factory=dict)

    @property
    def reduction(self) -> str:
        """Return what is done with the losses of a batch."""
        found = [each for each in self.reductions if each != "none"]
        return found[0] if found else "none"


def question_of(
    subject: Subject,
    binding: Binding,
    derivation: Derivation,
    batch: Batch,
) -> Question:
    """Return a function at a batch, and what it should compute there."""
    statement = derivation.statement
    pairs = range(1, batch.pairs + 1)
    loss = tuple(batch.stated(statement.target.loss, pair) for pair in pairs)
    given = inputs(binding, batch)
    batch.shares()  # so that points have them
    _check_sums(batch, given)
    rewards = {
        name: tuple(batch.stated(implicit_reward(statement, response), pair) for pair in pairs)
        for name, response in zip(REWARDS, RESPONSES, strict=True)
    }
    for each in binding.bound:  # a loss need not have all the numbers that a function takes
        if each.kind is Kind.NUMBER:
            batch.stated(each.expressions[0], 1)
    return Question(subject, binding, batch, given, Targets(loss, rewards))


def _check_sums(batch: Batch, given: Sequence[Input]) -> None:
    """Check that each sum over tokens that a loss has as a whole is an argument.

    Raises:
        NotStatedError: one is not.
    """
    nodes = {node for each in given for element in each.elements for node in element.walk()}
    for k, text in enumerate(batch.sums):
        if (
            tree.Parameter(f"__sum_{k}_w1") not in nodes
            and tree.Parameter(f"__sum_{k}_l1") not in nodes
        ):
            message = (
                f"no argument is the sum over the tokens of {text}\n"
                "  cure: bind one to it, sum_t(...), or give tensors of tokens and masks"
            )
            raise NotStatedError(message)


def attempt_at(
    subject: Subject,
    binding: Binding,
    derivation: Derivation,
    setting: Mapping[str, Fraction],
    *,
    symbolic: bool,
) -> Attempt:
    """Run a function on all paths, and compare each.

    Raises:
        UnreadableError: it does something that cannot be read.
        FailedError: it does not run.
    """
    attempt = Attempt()
    numbers = {**binding.numbers, **setting}
    for pairs in PAIRS:
        batch = Batch(pairs, binding.by_token, numbers, symbolic, by_word=binding.by_word)
        question = question_of(subject, binding, derivation, batch)
        points = point_of(batch.atoms, f"path {pairs}"), point_of(batch.atoms, f"other {pairs}")
        comparison = Comparison(batch, question.targets, question.given, points, binding.stacked)
        waiting: list[tuple[bool, ...]] = [()]
        failures: list[FailedError | None] = []
        for taken in range(MAX_PATHS + 1):
            if not waiting:
                break
            if taken == MAX_PATHS:
                raise UnreadableError("the code", f"it has more than {MAX_PATHS} paths", "")
            signs = Signs(points, waiting.pop())
            failures.append(_on_path(question, comparison, signs, attempt))
            waiting += signs.alternatives()
        if None not in failures and failures[0] is not None:
            raise failures[0]
        for text in comparison.conditions:
            attempt.notes[f"where {of_expression(text)} is not 0"] = None
    _look_elsewhere(subject, binding, derivation, numbers, attempt)
    if binding.by_token:
        words = ", of three words" if binding.by_word else ""
        attempt.notes[f"shown for responses of one to three tokens{words}"] = None
    if len(attempt.reductions) > 1:
        attempt.unproved.setdefault("value", _ANOTHER_WAY)
    return attempt


def _look_elsewhere(
    subject: Subject,
    binding: Binding,
    derivation: Derivation,
    numbers: Mapping[str, Fraction],
    attempt: Attempt,
) -> None:
    """Hold what is proved of the batches that were read against the function elsewhere."""
    parts = [
        each
        for each in ("value", "gradient", *sorted(attempt.outputs))
        if each not in attempt.unproved
    ]
    if not parts:
        return

    def ask(pairs: int) -> Question:
        batch = Batch(pairs, binding.by_token, numbers, symbolic=False, by_word=binding.by_word)
        return question_of(subject, binding, derivation, batch)

    tolerance = searching.tolerance_of(attempt.precision)
    found, notes = elsewhere(ask, parts, [*attempt.edges], tolerance)
    for each in found:
        attempt.unproved[each.part] = each.where
        attempt.held.add(each.part)
        if each.shown is not None:
            attempt.shown[each.part] = each.shown
    attempt.notes |= dict.fromkeys(notes)


def _on_path(
    question: Question, comparison: Comparison, signs: Signs, attempt: Attempt
) -> FailedError | None:
    """Compare a function with a specification on one path; return what it raises there, if it does.

    Raises:
        UnreadableError: it does something that cannot be read.
        FailedError: it raises something on every path.
    """
    try:
        there = watch(question.subject, question.binding, question.batch, question.given, signs)
    except FailedError as error:
        if not signs.branches:
            raise
        attempt.raised.setdefault(_side(signs.branches[-1]), str(error))
        return error
    except NotReadableError as error:
        raise UnreadableError("the code", str(error), signs.where) from None
    assert there.tracer is not None
    _note(attempt, there.tracer, question.batch)
    for name, output in there.outputs.items():
        wanted = question.targets.loss if name == "loss" else question.targets.rewards[name]
        reduction = comparison.value(output, wanted, signs)
        if name == "loss":
            attempt.reductions |= {reduction} if reduction is not None else set()
        elif attempt.outputs.setdefault(name, reduction or "none") != (reduction or "none"):
            attempt.unproved.setdefault(name, _ANOTHER_WAY)
        if reduction is None:
            part = "value" if name == "loss" else name
            attempt.unproved.setdefault(part, _coupling(output, question.batch))
    apart = comparison.gradient(there, _reduction_of(there, attempt), signs)
    if apart is not None:
        attempt.unproved.setdefault("gradient", f"by {of_variable(apart.name)}")
    _check(question, there, signs, attempt)
    if question.batch.pairs == PAIRS[0]:
        _exclude(attempt, signs)
    return None


def _note(attempt: Attempt, tracer: Tracer, batch: Batch) -> None:
    """Note what was read in a way that one may want to know."""
    for precision, line in tracer.casts.items():
        what = f"numbers pass through {precision} ({line}); the proof is over the reals"
        attempt.notes[what] = None
        lowest = filter(None, (precision, attempt.precision))
        attempt.precision = min(lowest, key=PRECISIONS.index)
    for typed, read in tracer.memory.literals.quotients.items():
        if abs(read) != Fraction(1, batch.pairs):  # that is torch's own, of a mean
            attempt.notes[f"{typed!r} was read as {read}"] = None
    for typed, known in tracer.memory.literals.constants.items():
        attempt.notes[f"{typed!r} was read as {to_text(known)}"] = None


def _exclude(attempt: Attempt, signs: Signs) -> None:
    """Note where branches meet: the first pair stands for all."""
    for branch in signs.branches:
        text = _zero(branch.difference)
        if " of pair " not in text or re.search(r"(w|l)1(_|\b)", to_text(branch.difference)):
            where = f" ({branch.where})" if branch.where and branch.jumps else ""
            kind = attempt.excluded if branch.jumps else attempt.kinks
            kind[f"{text}{where}"] = None
            if branch.jumps:
                attempt.edges[branch.difference] = None
    for edge in signs.edges:
        if " of pair " not in _zero(edge):
            attempt.excluded[_zero(edge)] = None
            attempt.edges[edge] = None


def _zero(difference: Expression) -> str:
    return f"{of_expression(to_text(difference))} = 0"


def _reduction_of(there: Run, attempt: Attempt) -> str:
    if not there.outputs["loss"].scalar:
        return "none"
    return next(iter(attempt.reductions), "mean")


def _coupling(output: Output, batch: Batch) -> str:
    if couples(output, batch.atoms, batch.pairs):
        return "it is not of each pair alone: what comes out of a pair depends on the others"
    return ""


def _side(branch: Branch) -> str:
    return f"{of_expression(to_text(branch.difference))} {'>' if branch.above else '<'} 0"


def _check(question: Question, there: Run, signs: Signs, attempt: Attempt) -> None:
    """Hold what was read against the function at other numbers on the same path.

    Raises:
        UnreadableError: the function gives something else.
    """
    checked = 0
    for k in range(_TRIES):
        point = signs.points[0]
        if k:
            draw = _DRAWS[k % len(_DRAWS)]
            point = draw(question.batch.atoms, f"check {k}")
        if not signs.fits(point):
            continue
        plain = run(question.subject, question.binding, question.batch, question.given, point)
        for name, output in (*there.outputs.items(), *there.slopes.items()):
            other = plain.outputs.get(name) or plain.slopes[name]
            for element, found in zip(output.elements, other.numbers, strict=True):
                read = value_at(element, point)
                if math.isfinite(read) and not math.isfinite(found):
                    attempt.notes[_OVERFLOWS] = None
                elif (
                    math.isfinite(read)
                    and not _close(found, read, there)
                    and _is_steady(element, read, point)
                ):
                    raise UnreadableError(
                        "the code",
                        f"at other numbers it gives {found:.10g} where {read:.10g} was read: "
                        "a number leaves torch on the way, or it remembers something",
                        "",
                    )
        checked += 1
        if checked == _CHECKS:
            return
    if not checked:
        attempt.notes[_ONLY_READ] = None


def _is_steady(element: Expression, read: float, point: Mapping[str, float]) -> bool:
    """Return whether an expression has a value in double precision, and not what rounding leaves.

    Far out, log(1 - sigmoid(a)) is a difference of numbers that are alike in all of their digits.
    """
    for sign in (1, -1):
        beside = {name: value * (1 + sign * _BESIDE) for name, value in point.items()}
        other = value_at(element, beside)
        if not abs(other - read) <= _CLOSE * (1 + abs(read)):
            return False
    return True


def _close(found: float, read: float, there: Run) -> bool:
    assert there.tracer is not None
    tolerance = _CLOSE
    for precision in there.tracer.casts:
        tolerance = max(tolerance, searching.tolerance_of(precision))
    return abs(found - read) <= tolerance * (1 + abs(found) + abs(read))
