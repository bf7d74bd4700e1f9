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
from dataclasses import replace
from fractions import Fraction
from typing import Any

from midpo_sym.code import searching
from midpo_sym.code.answers.suggestions import Asked, suggestions
from midpo_sym.code.attempts import PRECISIONS, Attempt, attempt_at, question_of
from midpo_sym.code.inputs.binding import Binding, BindingError, Kind, bind
from midpo_sym.code.inputs.instance import MANY, PAIRS, Atom, Batch, NotStatedError
from midpo_sym.code.inputs.points import point_of
from midpo_sym.code.running import REWARDS, FailedError, Subject, fixed
from midpo_sym.code.searching import Question
from midpo_sym.code.tracing.tracer import UnreadableError
from midpo_sym.code.verdicts import Counterexample, Finding, Status, Verification
from midpo_sym.language import tree
from midpo_sym.spec.model import Derivation

_UNDECIDED = "the kernel does not prove it, and no difference was found"
_AS_MADE = (
    "with the hyper-parameters that the object has: others cannot be set after it is made, or "
    "change more than they should"
)
_SETTINGS = 3  # of hyper-parameters, where they cannot keep their names


class NotVerifiableError(Exception):
    """The function cannot be asked about: it does not run, or its arguments are not known."""


def verify(
    function: Any,
    derivation: Derivation,
    *,
    bind_: Mapping[str, str] | None = None,
    at: Mapping[str, Any] | None = None,
    explain: bool = True,
) -> Verification:
    """Return whether a function is the loss of a specification.

    Args:
        function: the function, or an instance of a class with `forward`.
        derivation: the specification.
        bind_: what arguments are, in words of the language.
        at: values to set arguments to.
        explain: whether to look for what it is, if it is something else.

    Raises:
        NotVerifiableError: it does not run, or what an argument is is not known.
    """
    names = [each.torch for each in derivation.parameters]
    subject = Subject.of(function, names)
    values = {**fixed(function), **(at or {})}
    try:
        binding = bind(subject.function, derivation, bind_ or {}, values, subject.attributes)
        found = _verified(subject, binding, derivation, _name_of(function))
        own = {name: subject.attributes[name] for name in {*subject.attributes} - {*values}}
        if own and not found.proved:
            found = _as_it_was_made(subject, derivation, bind_ or {}, {**values, **own}, found)
        if explain and Status.DIFFERS in {found.value.status, found.gradient.status}:
            said = _suggestions(subject, binding, derivation, bind_ or {}, values)
            return replace(found, suggestions=said)
    except (BindingError, NotStatedError, FailedError) as error:
        raise NotVerifiableError(str(error)) from None
    return found


def _as_it_was_made(
    subject: Subject,
    derivation: Derivation,
    said: Mapping[str, str],
    at: Mapping[str, Any],
    found: Verification,
) -> Verification:
    """Return what is so of an object with the hyper-parameters that it has.

    Other numbers may have been made of them where the object was, and do not follow.
    """
    binding = bind(subject.function, derivation, said, at, subject.attributes)
    again = _verified(subject, binding, derivation, found.function)
    setting = {name: str(value) for name, value in binding.numbers.items()}
    return replace(again, settings=(setting,), notes=(*again.notes, _AS_MADE))


def _suggestions(
    subject: Subject,
    binding: Binding,
    derivation: Derivation,
    said: Mapping[str, str],
    at: Mapping[str, Any],
) -> tuple[str, ...]:
    name = _name_of(subject.function)

    def ask(of: Binding, other: Derivation) -> Question:
        batch = Batch(PAIRS[0], of.by_token, of.numbers, symbolic=False, by_word=of.by_word)
        return question_of(subject, of, other, batch)

    def prove(of: Binding, other: Derivation) -> tuple[bool, bool]:
        try:
            found = _verified(subject, of, other, name)
        except (NotStatedError, FailedError):
            return False, False
        return found.value.status is Status.PROVED, found.gradient.status is Status.PROVED

    return suggestions(Asked(subject, binding, derivation, said, at, name, ask, prove))


def _verified(
    subject: Subject, binding: Binding, derivation: Derivation, name: str
) -> Verification:
    free = [
        each
        for each in derivation.parameters
        if each.name not in binding.numbers and _is_passed(binding, each.name)
    ]
    batch = Batch(
        PAIRS[0], binding.by_token, binding.numbers, symbolic=False, by_word=binding.by_word
    )
    next(searching.runs(question_of(subject, binding, derivation, batch)))
    settings: list[dict[str, Fraction]] = []
    try:
        attempts = [attempt_at(subject, binding, derivation, {}, symbolic=True)]
    except (UnreadableError, FailedError) as first:
        if not free:
            if isinstance(first, FailedError):
                raise
            return _unreadable(binding, derivation, name, first)
        settings = _settings(derivation, [each.name for each in free])
        attempts = []
        for setting in settings:
            try:
                attempts.append(attempt_at(subject, binding, derivation, setting, symbolic=False))
            except UnreadableError as error:
                return _unreadable(binding, derivation, name, error)
    return _answer((subject, binding, derivation), name, attempts, settings)


def _is_passed(binding: Binding, name: str) -> bool:
    """Return whether a hyper-parameter reaches the function as a number."""
    return any(
        each.kind is Kind.NUMBER
        and any(
            isinstance(node, tree.Parameter) and node.name == name
            for node in each.expressions[0].walk()
        )
        for each in binding.bound
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


def _answer(
    question: tuple[Subject, Binding, Derivation],
    name: str,
    attempts: Sequence[Attempt],
    settings: Sequence[Mapping[str, Fraction]],
) -> Verification:
    """Return what all attempts say together."""
    _, binding, derivation = question
    unproved: dict[str, str] = {}
    for attempt in attempts:
        for part, reason in attempt.unproved.items():
            unproved.setdefault(part, reason)
    found = {part: shown for one in attempts for part, shown in one.shown.items()}
    found |= _counterexamples(
        question, attempts, settings, [each for each in unproved if each not in found]
    )
    raised = {where: what for one in attempts for where, what in one.raised.items()}
    excluded = (
        *dict.fromkeys(each for one in attempts for each in one.excluded),
        *(f"{where}: it raises {what}" for where, what in raised.items()),
    )
    kinks = tuple(dict.fromkeys(each for one in attempts for each in one.kinks))

    reductions = {**attempts[0].outputs, "value": attempts[0].reduction}
    held = {part for one in attempts for part in one.held}

    def finding(part: str) -> Finding:
        if part not in unproved:
            where = (*excluded, *kinks) if part == "gradient" else excluded
            return Finding(Status.PROVED, excluded=where, reduction=reductions.get(part, "none"))
        if part in found:
            return Finding(Status.DIFFERS, unproved[part], found[part])
        reason = unproved[part] if part in held else _UNDECIDED
        return Finding(Status.UNDECIDED, reason)

    passed = [each.name for each in derivation.parameters if _is_passed(binding, each.name)]
    return Verification(
        function=name,
        specification=derivation.id,
        binding=_said(binding),
        symbolic=() if settings else tuple(each for each in passed if each not in binding.numbers),
        settings=tuple({each: str(setting[each]) for each in setting} for setting in settings),
        reduction=attempts[0].reduction,
        value=finding("value"),
        gradient=finding("gradient"),
        outputs={
            each: finding(each) for each in REWARDS if any(each in one.outputs for one in attempts)
        },
        notes=tuple(dict.fromkeys(each for one in attempts for each in one.notes)),
    )


def _counterexamples(
    question: tuple[Subject, Binding, Derivation],
    attempts: Sequence[Attempt],
    settings: Sequence[Mapping[str, Fraction]],
    unproved: Sequence[str],
) -> dict[str, Counterexample]:
    """Return where the parts that are not proved differ."""
    subject, binding, derivation = question
    reached = {each.precision for each in attempts}
    precision = next((each for each in PRECISIONS if each in reached), "")
    found: dict[str, Counterexample] = {}
    for setting in settings or [{}]:
        missing = [each for each in unproved if each not in found]
        if missing:
            numbers = {**binding.numbers, **setting}
            batches = [
                Batch(n, binding.by_token, numbers, symbolic=False, by_word=binding.by_word)
                for n in (1, 2, MANY)
            ]
            asked = [question_of(subject, binding, derivation, each) for each in batches]
            if not any(each.sums for each in batches):  # those may depend on each other
                found |= searching.search(asked, precision, missing)
    return found


def _said(binding: Binding) -> dict[str, tuple[str, str]]:
    return {each.name: (each.text, each.reason) for each in binding.bound}


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
        binding=_said(binding),
        symbolic=(),
        settings=(),
        reduction="none",
        value=finding,
        gradient=finding,
        outputs={},
    )


def _name_of(function: Any) -> str:
    return str(getattr(function, "__qualname__", type(function).__qualname__))
