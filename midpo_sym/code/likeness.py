"""What a function is, if it is not the specification: another loss, or this one of other arguments.

Numbers choose what to try; what is said has been proved.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from midpo_sym.code.inputs.binding import Binding, BindingError, Kind, averaged, bind, rebound
from midpo_sym.code.inputs.instance import NotStatedError
from midpo_sym.code.running import FailedError, Subject
from midpo_sym.code.searching import Question, runs
from midpo_sym.code.tracing.evaluate import value_at
from midpo_sym.language import tree
from midpo_sym.language.printing.text import to_text
from midpo_sym.language.substitute import unfold
from midpo_sym.language.tree import Expression
from midpo_sym.spec import library
from midpo_sym.spec.model import Derivation

_NEAR = 1e-6
_MOST = 3  # suggestions

Ask = Callable[[Binding, Derivation], Question]
Prove = Callable[[Binding, Derivation], bool]


def suggestions(
    subject: Subject,
    binding: Binding,
    derivation: Derivation,
    at: Mapping[str, Any],
    ask: Ask,
    prove: Prove,
) -> tuple[str, ...]:
    """Return what a function is, as far as it is one of the things that are looked for.

    Args:
        subject: the function.
        binding: what its arguments were taken to be.
        derivation: what it was taken to be.
        at: the values that arguments were set to.
        ask: makes a question of a binding and a specification.
        prove: says whether a function is proved to be the loss of a specification.
    """
    found = []
    for said, other in itertools.chain(
        _bindings(binding, derivation), _others(subject, derivation, at)
    ):
        if not _alike(ask, other[0], other[1]):
            continue
        if prove(*other):
            found.append(said)
        if len(found) == _MOST:
            break
    return tuple(found)


def _alike(ask: Ask, binding: Binding, derivation: Derivation) -> bool:
    """Return whether values are equal at some points, as far as numbers tell."""
    try:
        question = ask(binding, derivation)
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


def _bindings(
    binding: Binding, derivation: Derivation
) -> Iterator[tuple[str, tuple[Binding, Derivation]]]:
    """Yield other conventions of the arguments."""
    for what, changed in (
        ("averages over the tokens", _averages(binding)),
        ("chosen and rejected swapped", _swapped(binding)),
    ):
        if changed:
            yield (
                f"with {what} it is {derivation.id}: {_said(changed)}",
                (rebound(binding, changed, derivation), derivation),
            )
    numbers = [each for each in binding.bound if each.kind is Kind.NUMBER]
    for one, other in itertools.permutations(numbers, 2):
        for text in (f"{one.text}*{other.text}", f"{one.text}/{other.text}"):
            changed = {one.name: text}
            yield (
                f"with another meaning of {one.name} it is {derivation.id}: {_said(changed)}",
                (rebound(binding, changed, derivation), derivation),
            )
    for each in numbers:
        for text in (f"1/{each.text}", f"2*{each.text}", f"{each.text}/2", f"-{each.text}"):
            changed = {each.name: text}
            yield (
                f"with another meaning of {each.name} it is {derivation.id}: {_said(changed)}",
                (rebound(binding, changed, derivation), derivation),
            )


def _averages(binding: Binding) -> dict[str, str]:
    found = {}
    for each in binding.bound:
        text = averaged(each)
        if text is not None:
            found[each.name] = text
    return found


def _swapped(binding: Binding) -> dict[str, str]:
    found = {}
    for each in binding.bound:
        if each.kind in (Kind.RESPONSES, Kind.TOKENS):
            other = "; ".join(map(_other_label, each.expressions))
            if other != each.text:
                found[each.name] = other
        elif each.kind is Kind.MASK:
            found[each.name] = each.text.translate(str.maketrans("wl", "lw"))
    return found


def _other_label(node: Expression) -> str:
    return to_text(tree.at_responses(unfold(node), {"w": "l", "l": "w"}))


def _said(changed: Mapping[str, str]) -> str:
    return " ".join(f'--bind {name}="{text}"' for name, text in changed.items())


def _others(
    subject: Subject, derivation: Derivation, at: Mapping[str, Any]
) -> Iterator[tuple[str, tuple[Binding, Derivation]]]:
    """Yield the specifications that come with the package, of arguments of the same names."""
    for other in library.paper():
        if other.id == derivation.id:
            continue
        try:
            binding = bind(subject.function, other, {}, at, subject.attributes)
        except BindingError:
            continue
        yield f"it is {other.id}: --as {other.id}", (binding, other)
