"""Is a torch function the loss of a specification? Value, gradient, and the rewards it logs.

1. `binding` says what the arguments are.
2. `running` runs the function on variables, at batches of two and of three pairs, on every path.
3. `comparing` asks the kernel whether what comes out is what the specification says.
4. What was read is held against the function at other numbers: a value that leaves torch, or
   anything else that the tracer cannot see, shows there.
5. Where nothing is proved, `searching` looks for arguments on which the function is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from midpo_sym.code import searching
from midpo_sym.code.binding import Binding, BindingError, Kind, bind
from midpo_sym.code.comparing import Comparison, Pair, Targets, couples
from midpo_sym.code.evaluate import value_at
from midpo_sym.code.instance import RESPONSES, Atom, Batch, NotStatedError
from midpo_sym.code.likeness import suggestions
from midpo_sym.code.running import (
    REWARDS,
    FailedError,
    Output,
    Run,
    Subject,
    inputs,
    point_of,
    run,
    watch,
)
from midpo_sym.code.searching import Question
from midpo_sym.code.tracing.algebra import NotReadableError
from midpo_sym.code.tracing.signs import Signs
from midpo_sym.code.tracing.tracer import UnreadableError
from midpo_sym.code.verdicts import Counterexample, Finding, Status, Verification
from midpo_sym.code.wording import of_expression, of_variable
from midpo_sym.language import tree
from midpo_sym.language.printing.text import to_text
from midpo_sym.prover.framework import implicit_reward
from midpo_sym.spec.model import Derivation

PAIRS = (2, 3)  # of the batches that the function is run on: a mean is told from a factor
MAX_PATHS = 64  # through code and formula, at a batch
_CHECKS = 3  # other numbers that what was read is held against, on each path
_TRIES = 60  # random points among which those are looked for
_CLOSE = 1e-8  # relative: both in double precision
_PRECISIONS = ("bfloat16", "float16", "float32")  # the lowest first
_SETTINGS = 3


class NotVerifiableError(Exception):
    """The function cannot be asked about: it does not run, or its arguments are not known."""


def verify(
    function: Any,
    derivation: Derivation,
    *,
    bind_: Mapping[str, str] | None = None,
    at: Mapping[str, Any] | None = None,
) -> Verification:
    """Return whether a function is the loss of a specification.

    Args:
        function: the function, or an instance of a class with `forward`.
        derivation: the specification.
        bind_: what arguments are, in words of the language.
        at: values to set arguments to.

    Raises:
        NotVerifiableError: it does not run, or what an argument is is not known.
    """
    names = [each.torch for each in derivation.parameters]
    subject = Subject.of(function, names)
    try:
        binding = bind(subject.function, derivation, bind_ or {}, at or {}, subject.attributes)
        found = _verified(subject, binding, derivation, _name_of(function))
        if found.value.status is Status.DIFFERS:
            return replace(found, suggestions=_likeness(subject, binding, derivation, at or {}))
    except (BindingError, NotStatedError, FailedError) as error:
        raise NotVerifiableError(str(error)) from None
    return found


def _likeness(
    subject: Subject, binding: Binding, derivation: Derivation, at: Mapping[str, Any]
) -> tuple[str, ...]:
    def ask(of: Binding, other: Derivation) -> Question:
        batch = Batch(PAIRS[0], of.by_token, of.numbers, symbolic=False)
        return _question(subject, of, other, batch)

    def prove(of: Binding, other: Derivation) -> bool:
        found = _verified(subject, of, other, "")
        return found.value.status is Status.PROVED

    return suggestions(subject, binding, derivation, at, ask, prove)


@dataclass
class _Attempt:
    """What comes out at one setting of the hyper-parameters.

    Attributes:
        reductions: of the losses, on all paths; None where the value is not proved.
        unproved: why a part is not proved, by its name.
        excluded: where code compares something with zero.
        notes: what was read in a way that one may want to know.
        precision: the lowest that the code goes through.
    """

    reductions: set[str] = field(default_factory=set)
    outputs: set[str] = field(default_factory=set)
    unproved: dict[str, str] = field(default_factory=dict)
    excluded: dict[str, None] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)
    precision: str = ""

    @property
    def reduction(self) -> str:
        found = [each for each in self.reductions if each != "none"]
        return found[0] if found else "none"


def _verified(
    subject: Subject, binding: Binding, derivation: Derivation, name: str
) -> Verification:
    free = [
        each
        for each in derivation.parameters
        if each.name not in binding.numbers and _is_passed(binding, each.name)
    ]
    settings: list[dict[str, Fraction]] = []
    try:
        attempts = [_attempt(subject, binding, derivation, {}, symbolic=True)]
    except (UnreadableError, FailedError) as first:
        if not free:
            if isinstance(first, FailedError):
                raise
            return _unreadable(binding, derivation, name, first)
        settings = _settings(derivation, [each.name for each in free])
        attempts = []
        for setting in settings:
            try:
                attempts.append(_attempt(subject, binding, derivation, setting, symbolic=False))
            except UnreadableError as error:
                return _unreadable(binding, derivation, name, error)
    return _answer(subject, binding, derivation, name, attempts, settings)


def _is_passed(binding: Binding, name: str) -> bool:
    """Return whether a hyper-parameter reaches the function as a number."""
    return any(
        each.kind is Kind.NUMBER and name in str(each.expressions[0]) for each in binding.bound
    )


def _settings(derivation: Derivation, free: Sequence[str]) -> list[dict[str, Fraction]]:
    """Return values of hyper-parameters: the usual ones, then others."""
    defaults = {each.name: each.default for each in derivation.parameters}
    domains = {each.name: each.domain for each in derivation.parameters}
    atoms = {name: Atom(tree.Parameter(name, domains[name]), 0) for name in free}
    found = []
    for k in range(_SETTINGS):
        point = point_of(atoms, f"setting {k}")
        setting = {name: Fraction(point[name]).limit_denominator(64) for name in free}
        if k == 0:
            setting |= {name: value for name in free if (value := defaults[name])}
        found.append(setting)
    return found


def _question(
    subject: Subject,
    binding: Binding,
    derivation: Derivation,
    batch: Batch,
) -> Question:
    statement = derivation.statement
    pairs = range(1, batch.pairs + 1)
    loss = tuple(batch.stated(statement.target.loss, pair) for pair in pairs)
    rewards = {
        name: tuple(batch.stated(implicit_reward(statement, response), pair) for pair in pairs)
        for name, response in zip(REWARDS, RESPONSES, strict=True)
    }
    given = inputs(binding, batch)
    return Question(subject, binding, batch, given, Targets(loss, rewards))


def _attempt(
    subject: Subject,
    binding: Binding,
    derivation: Derivation,
    setting: Mapping[str, Fraction],
    *,
    symbolic: bool,
) -> _Attempt:
    """Run a function on all paths, and compare each.

    Raises:
        UnreadableError: it does something that cannot be read.
        FailedError: it does not run.
    """
    attempt = _Attempt()
    known: dict[Pair, bool] = {}
    numbers = {**binding.numbers, **setting}
    for pairs in PAIRS:
        batch = Batch(pairs, binding.by_token, numbers, symbolic)
        question = _question(subject, binding, derivation, batch)
        comparison = Comparison(batch, question.targets, question.given, known)
        points = point_of(batch.atoms, f"path {pairs}"), point_of(batch.atoms, f"other {pairs}")
        waiting: list[tuple[bool, ...]] = [()]
        for taken in range(MAX_PATHS + 1):
            if not waiting:
                break
            if taken == MAX_PATHS:
                raise UnreadableError("the code", f"it has more than {MAX_PATHS} paths", "")
            signs = Signs(points, waiting.pop())
            _on_path(question, comparison, signs, attempt)
            waiting += signs.alternatives()
        for text in comparison.conditions:
            attempt.notes[f"where {of_expression(text)} is not 0"] = None
    if len(attempt.reductions) > 1:
        attempt.unproved.setdefault("value", "it is reduced in another way at another batch size")
    return attempt


def _on_path(question: Question, comparison: Comparison, signs: Signs, attempt: _Attempt) -> None:
    try:
        there = watch(question.subject, question.binding, question.batch, question.given, signs)
    except FailedError as error:
        if not signs.branches or not signs.forced:
            raise
        last = signs.branches[-1]
        where = f"{_side(last.difference, above=last.above)}: it raises {error}"
        attempt.excluded[where] = None
        return
    except NotReadableError as error:
        raise UnreadableError("the code", str(error), signs.where) from None
    assert there.tracer is not None
    for precision, line in there.tracer.casts.items():
        attempt.notes[f"numbers pass through {precision} ({line}); the proof is over the reals"] = (
            None
        )
        attempt.precision = min(filter(None, (precision, attempt.precision)), key=_PRECISIONS.index)
    for typed, read in there.tracer.memory.literals.quotients.items():
        if abs(read) == Fraction(1, question.batch.pairs):
            continue  # torch's own, of a mean
        attempt.notes[f"{typed!r} was read as {read}"] = None
    for name in there.outputs:
        wanted = question.targets.loss if name == "loss" else question.targets.rewards[name]
        part = "value" if name == "loss" else name
        attempt.outputs |= {name} - {"loss"}
        reduction = comparison.value(there.outputs[name], wanted, signs)
        if name == "loss" and reduction:
            attempt.reductions.add(reduction)
        if reduction is None:
            attempt.unproved.setdefault(part, _coupling(there.outputs[name], question.batch))
    apart = comparison.gradient(there, _reduction_of(there, attempt), signs)
    if apart is not None:
        reason = f"by {of_variable(apart.name)}"
        attempt.unproved.setdefault("gradient", reason)
    for branch in signs.branches:
        if branch.jumps:
            where = f" ({branch.where})" if branch.where else ""
            text = f"{of_expression(to_text(branch.difference))} = 0{where}"
            if question.batch.pairs == PAIRS[0] and " of pair " not in text:
                attempt.excluded[text] = None
    for edge in signs.edges:
        attempt.excluded[f"{of_expression(to_text(edge))} = 0"] = None
    _check(question, there, signs)


def _reduction_of(there: Run, attempt: _Attempt) -> str:
    if not there.outputs["loss"].scalar:
        return "none"
    return "sum" if attempt.reductions == {"sum"} else "mean"


def _coupling(output: Output, batch: Batch) -> str:
    if couples(output, batch.atoms, batch.pairs):
        return "it is not of each pair alone: what comes out of a pair depends on the others"
    return ""


def _side(difference: Any, *, above: bool) -> str:
    return f"{of_expression(to_text(difference))} {'>' if above else '<'} 0"


def _check(question: Question, there: Run, signs: Signs) -> None:
    """Hold what was read against the function at other numbers on the same path.

    Raises:
        UnreadableError: the function gives something else.
    """
    checked = 0
    for k in range(_TRIES):
        point = signs.points[0] if k == 0 else point_of(question.batch.atoms, f"check {k}")
        if not signs.fits(point):
            continue
        plain = run(question.subject, question.binding, question.batch, question.given, point)
        for name, output in (*there.outputs.items(), *there.slopes.items()):
            other = plain.outputs.get(name) or plain.slopes[name]
            for element, found in zip(output.elements, other.numbers, strict=True):
                read = value_at(element, point)
                if not _close(found, read, there):
                    raise UnreadableError(
                        "the code",
                        f"at other numbers it gives {found:.10g} where {read:.10g} was read: "
                        "a number leaves torch on the way, or it remembers something",
                        "",
                    )
        checked += 1
        if checked == _CHECKS:
            return


def _close(found: float, read: float, there: Run) -> bool:
    assert there.tracer is not None
    tolerance = _CLOSE
    for precision in there.tracer.casts:
        tolerance = max(tolerance, searching.tolerance_of(precision))
    return abs(found - read) <= tolerance * (1 + abs(found) + abs(read))


def _answer(  # the parts of an answer, put together
    subject: Subject,
    binding: Binding,
    derivation: Derivation,
    name: str,
    attempts: Sequence[_Attempt],
    settings: Sequence[Mapping[str, Fraction]],
) -> Verification:
    unproved: dict[str, str] = {}
    for attempt in attempts:
        for part, reason in attempt.unproved.items():
            unproved.setdefault(part, reason)
    precision = next(
        (each for each in _PRECISIONS if any(a.precision == each for a in attempts)), ""
    )
    found: dict[str, Counterexample] = {}
    for setting in settings or [{}]:
        if unproved:
            numbers = {**binding.numbers, **setting}
            batches = [Batch(n, binding.by_token, numbers, symbolic=False) for n in (1, 2)]
            questions = [_question(subject, binding, derivation, each) for each in batches]
            missing = [each for each in unproved if each not in found]
            found |= searching.search(questions, precision, missing)
    excluded = tuple(dict.fromkeys(each for a in attempts for each in a.excluded))
    outputs = dict.fromkeys(each for a in attempts for each in REWARDS if each in a.outputs)

    def finding(part: str) -> Finding:
        if part not in unproved:
            return Finding(Status.PROVED, excluded=excluded)
        if part in found:
            return Finding(Status.DIFFERS, unproved[part], found[part])
        reason = "the kernel does not prove it, and no difference was found"
        return Finding(Status.UNDECIDED, reason)

    numbers = [each.name for each in derivation.parameters if _is_passed(binding, each.name)]
    return Verification(
        function=name,
        specification=derivation.id,
        binding={each.name: (each.text, each.reason) for each in binding.bound},
        symbolic=() if settings else tuple(each for each in numbers if each not in binding.numbers),
        settings=tuple(
            {each: str(value) for each, value in setting.items()} for setting in settings
        ),
        reduction=attempts[0].reduction,
        value=finding("value"),
        gradient=finding("gradient"),
        outputs={each: finding(each) for each in outputs},
        notes=tuple(dict.fromkeys(each for a in attempts for each in a.notes)),
    )


def _unreadable(
    binding: Binding, derivation: Derivation, name: str, error: Exception
) -> Verification:
    if isinstance(error, UnreadableError):
        where = f" at {error.where}" if error.where else ""
        reason = f"{error.operation}{where}: {error.why}"
    else:
        reason = str(error)
    finding = Finding(Status.UNREADABLE, reason)
    return Verification(
        function=name,
        specification=derivation.id,
        binding={each.name: (each.text, each.reason) for each in binding.bound},
        symbolic=(),
        settings=(),
        reduction="none",
        value=finding,
        gradient=finding,
        outputs={},
    )


def _name_of(function: Any) -> str:
    return str(getattr(function, "__qualname__", type(function).__qualname__))
