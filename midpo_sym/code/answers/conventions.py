"""Other conventions of the arguments, under which a function might be what it is to be."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

from midpo_sym.code.inputs.binding import Binding, Bound, Kind, averaged, rebound
from midpo_sym.language import tree
from midpo_sym.language.printing.text import to_text
from midpo_sym.language.substitute import unfold
from midpo_sym.language.tree import Expression
from midpo_sym.spec.model import Derivation

REFERENCE = "the reference in its arguments"  # a guess: the atlas has losses without one, too
_OF_NUMBERS = (Kind.RESPONSES, Kind.TOKENS)


def conventions(binding: Binding, derivation: Derivation) -> Iterator[tuple[str, Binding]]:
    """Yield other meanings of the arguments, the likeliest first, each with what is said of it.

    One of tensors, then one of hyper-parameters, then one of each.
    """
    tensors = [(what, changed) for what, changed in _of_tensors(binding, derivation) if changed]
    numbers = [*_of_numbers(binding)]
    both = [
        (f"{one} and {other}", {**changed, **more})
        for one, changed in tensors
        for other, more in numbers
        if not any(text.startswith("-") for text in more.values())  # that swaps the labels again
    ]
    for what, changed in (*tensors, *numbers, *both):
        said = " ".join(f'--bind {name}="{text}"' for name, text in changed.items())
        yield (
            f"with {what} it is {derivation.id}: {said}",
            rebound(binding, changed, derivation),
        )


def _of_tensors(binding: Binding, derivation: Derivation) -> Iterator[tuple[str, dict[str, str]]]:
    yield "averages over the tokens", _said(binding, averaged)
    yield "sums over the tokens", _said(binding, _summed)
    yield "chosen and rejected swapped", _swapped(binding)
    if _has_reference(derivation) and not any(map(_speaks_of_reference, binding.bound)):
        yield REFERENCE, _said(binding, _with_reference)


def _said(binding: Binding, of: object) -> dict[str, str]:
    assert callable(of)
    found = {each.name: of(each) for each in binding.bound}
    return {name: text for name, text in found.items() if text is not None}


def _summed(each: Bound) -> str | None:
    """Return what an average log-probability of a response is if it is a sum; None of others."""
    match each.expressions:
        case (
            tree.Div(
                numerator=tree.Log(body=tree.Probability()) as whole,
                denominator=tree.Length(),
            ),
        ):
            return to_text(whole)
    return None


def _with_reference(each: Bound) -> str | None:
    """Return what a log-probability of the policy is if it is a log-ratio; None of others."""
    match each.expressions:
        case (tree.Log(body=tree.Probability(model="pi", response=r)),):
            return f"log(pi({r})/ref({r}))"
        case (tree.Log(body=tree.TokenProbability(model="pi", response=r)),):
            return f"log(pi({r}, t)/ref({r}, t))"
    return None


def _has_reference(derivation: Derivation) -> bool:
    return _is_in(derivation.statement.target.loss)


def _speaks_of_reference(each: Bound) -> bool:
    return any(map(_is_in, each.expressions))


def _is_in(node: Expression) -> bool:
    return any(getattr(each, "model", "") == "ref" for each in unfold(node).walk())


def _swapped(binding: Binding) -> dict[str, str]:
    found = {}
    for each in binding.bound:
        if each.kind in _OF_NUMBERS:
            other = "; ".join(map(_other_label, each.expressions))
            if other != each.text:
                found[each.name] = other
        elif each.kind is Kind.MASK:
            found[each.name] = each.text.translate(str.maketrans("wl", "lw"))
    return found


def _other_label(node: Expression) -> str:
    return to_text(tree.at_responses(unfold(node), {"w": "l", "l": "w"}))


def _of_numbers(binding: Binding) -> Iterator[tuple[str, Mapping[str, str]]]:
    numbers = [each for each in binding.bound if each.kind is Kind.NUMBER]
    for one, other in itertools.permutations(numbers, 2):
        for text in (f"{one.text}*{other.text}", f"{one.text}/{other.text}"):
            yield f"another meaning of {one.name}", {one.name: text}
    for each in numbers:
        for text in (
            *(f"1/({each.text})", f"1/(2*({each.text}))", f"2*({each.text})", f"({each.text})/2"),
            *(f"-({each.text})", f"1 - ({each.text})"),
        ):
            yield f"another meaning of {each.name}", {each.name: text}
