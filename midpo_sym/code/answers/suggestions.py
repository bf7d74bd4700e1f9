"""What a function is, if it is not the specification: another loss, or this one of other arguments.

Numbers, and the index of the atlas, choose what to try; what is said has been proved. In turn:

1. the specification with other conventions of the arguments;
2. a loss of the atlas, up to its parameters: the function is read back as a specification, proved
   to be that, and compared as `midpo like` compares;
3. else any loss that comes with the package, of arguments of the same names;
4. else what was read: links, terms, and the prior that MI-DPO has it with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from midpo_sym.code.answers.conventions import REFERENCE, conventions
from midpo_sym.code.answers.formula import NoFormulaError, formula_of, with_prior
from midpo_sym.code.inputs.binding import Binding, BindingError, Kind, bind
from midpo_sym.code.inputs.instance import NotStatedError
from midpo_sym.code.running import FailedError, Subject
from midpo_sym.code.searching import Question, runs
from midpo_sym.code.tracing.evaluate import value_at
from midpo_sym.language import tree
from midpo_sym.language.objective import Objective
from midpo_sym.language.printing.text import to_text
from midpo_sym.language.substitute import unfold
from midpo_sym.spec import library
from midpo_sym.spec.model import Derivation

_NEAR = 1e-6
_MOST = 3  # of a kind
_PROOFS = 8  # of relations to losses of the atlas

# The relations that are said, in the words of `Entry.says`.
_RELATIONS = {
    "same": "it is {}",
    "same up to a substitution": "it is {} up to parameters, factor and offset",
    "A is a special case of B": "it is a special case of {}",
}

Ask = Callable[[Binding, Derivation], Question]
Prove = Callable[[Binding, Derivation], tuple[bool, bool]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A function that is not what it was taken to be.

    Attributes:
        subject: the function.
        binding: what its arguments were taken to be.
        derivation: what it was taken to be.
        said: what the user says of arguments.
        at: the values that arguments were set to.
        name: of the function.
        ask: makes a question of a binding and a specification.
        prove: says whether value and gradient are proved to be those of a specification.
    """

    subject: Subject
    binding: Binding
    derivation: Derivation
    said: Mapping[str, str]
    at: Mapping[str, Any]
    name: str
    ask: Ask
    prove: Prove


def suggestions(asked: Asked) -> tuple[str, ...]:
    """Return what a function is, as far as it is one of the things that are looked for."""
    found = [*islice(_conventions(asked), 1)]
    if found and REFERENCE not in found[0]:
        return tuple(found)
    read = _read(asked)
    if read is not None:
        found += islice(_related(asked, read), _MOST)
    if not found:
        found += islice(_by_name(asked, library.everything()), _MOST)
    if not found and read is not None:
        found += _described(read)
    return tuple(found)


def _conventions(asked: Asked) -> Iterator[str]:
    for said, binding in conventions(asked.binding, asked.derivation):
        if _alike(asked, binding, asked.derivation) and all(asked.prove(binding, asked.derivation)):
            yield said


def _by_name(asked: Asked, others: Iterable[Derivation]) -> Iterator[str]:
    """Yield which of some losses it is, of arguments of the same names."""
    for other in others:
        found = None if other.id == asked.derivation.id else _binding_for(asked, other)
        if found is None or not _alike(asked, found[0], other):
            continue
        if all(asked.prove(found[0], other)):
            words = [f'--bind {name}="{text}"' for name, text in found[1].items()]
            yield " ".join([f"it is {other.id}: --as {other.id}", *words])


def _binding_for(asked: Asked, other: Derivation) -> tuple[Binding, Mapping[str, str]] | None:
    """Return what the arguments are if a function is another loss, and what is said of them.

    What the user says of tensors is kept, and of hyper-parameters where the other loss has them.
    """
    of_tensors = {name: text for name, text in asked.said.items() if "(" in text}
    for said in (asked.said, of_tensors):
        try:
            binding = bind(asked.subject.function, other, said, asked.at, asked.subject.attributes)
        except BindingError:
            continue
        return (binding, said) if _has_all_numbers(binding, other) else None
    return None


def _has_all_numbers(binding: Binding, other: Derivation) -> bool:
    """Return whether each hyper-parameter of a loss is an argument, or has a value."""
    known = {*binding.numbers}
    for each in binding.bound:
        if each.kind is Kind.NUMBER:
            known |= {getattr(node, "name", "") for node in each.expressions[0].walk()}
    loss = unfold(other.statement.target.loss)
    return {node.name for node in loss.walk() if isinstance(node, tree.Parameter)} <= known


def _alike(asked: Asked, binding: Binding, derivation: Derivation) -> bool:
    """Return whether values are equal at some points, as far as numbers tell."""
    try:
        question = asked.ask(binding, derivation)
        for point, there in runs(question):
            wanted = [value_at(each, point) for each in question.targets.loss]
            output = there.outputs["loss"]
            whole = [[float(each) * sum(wanted)] for each in question.factors.values()]
            allowed = whole if output.scalar else [wanted]
            if not any(_close(output.numbers, each) for each in allowed):
                return False
    except (BindingError, NotStatedError, FailedError):
        return False
    return True


def _close(one: tuple[float, ...], other: list[float]) -> bool:
    return len(one) == len(other) and all(
        abs(a - b) <= _NEAR * (1 + abs(a) + abs(b)) for a, b in zip(one, other, strict=True)
    )


@dataclass(frozen=True, slots=True)
class _Read:
    """What a function was read as, and proved to be.

    Attributes:
        text: of the specification.
        derivation: the specification.
        gradient: whether its gradient is that of the function as well.
    """

    text: str
    derivation: Derivation
    gradient: bool


def _read(asked: Asked) -> _Read | None:
    """Return what a function is as a specification, proved; None if it is not found."""
    try:
        text, read = formula_of(asked.subject, asked.binding, asked.derivation, asked.name)
    except NoFormulaError:
        return None
    value, gradient = asked.prove(asked.binding, read)
    return _Read(text, read, gradient) if value else None


def _related(asked: Asked, read: _Read) -> Iterator[str]:
    """Yield the losses of the atlas that a function is, or is a special case of."""
    from midpo_sym.atlas.index import read as rows  # noqa: PLC0415 - loads SymPy
    from midpo_sym.atlas.like import relatives  # noqa: PLC0415
    from midpo_sym.targets.wording.atlas import said_of  # noqa: PLC0415

    if not read.gradient:
        return
    there = [each for each in rows().values() if library.is_shipped(each.id)]
    for entry in relatives(read.derivation, there, _PROOFS)[0]:
        other = entry.right.derivation
        relation = entry.relation
        if entry.says not in _RELATIONS or relation is None or relation.gradient.says != "same":
            continue
        by_name = next(_by_name(asked, [other]), "")
        proved = said_of(entry)[1]
        yield by_name or (
            f"{_RELATIONS[entry.says].format(other.id)}: {proved} (A is the function, B {other.id})"
        )


def _said_of(target: Objective) -> str:
    """Return a loss in words of the language, its arguments written out."""
    parts = []
    for each in target.terms:
        weight = "" if each.weight == tree.Number(1) else f"({to_text(each.weight)})*"
        parts.append(f"{weight}[{each.link.text}] at a = {to_text(each.argument)}")
    return " + ".join([*parts, *(f"({to_text(each)})" for each in target.additive)])


def _described(read: _Read) -> Iterator[str]:
    """Yield the links and terms of a loss, and the prior that MI-DPO has it with."""
    from midpo_sym.prover.priors.solve import solve_prior  # noqa: PLC0415 - loads SymPy
    from midpo_sym.prover.prove import prove_statement  # noqa: PLC0415
    from midpo_sym.prover.verdict import Status  # noqa: PLC0415

    statement = read.derivation.statement
    apart = "" if read.gradient else ", in value alone: its gradient is another"
    yield f"it computes {_said_of(statement.target)}{apart}"
    solved = solve_prior(statement)
    stated = None if solved.zeta is None else with_prior(read.text, solved.zeta)
    if solved.zeta is not None and stated is not None:
        result = prove_statement(stated.statement, stated)
        if result.verdict.status is Status.PROVED and result.gradient.status is Status.PROVED:
            gives = "this very loss" if stated.statement.gives == "loss" else "its argument"
            scale = to_text(stated.statement.scale)
            yield f"MI-DPO has {gives} with the prior {to_text(solved.zeta)} and the scale {scale}"
    elif solved.is_needed:
        yield f"a prior for it has to know {solved.reach.value}"
