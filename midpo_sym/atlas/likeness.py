"""What a loss is made of, as the index keeps it: which other losses are worth a proof."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from midpo_sym.prover.equivalence.changes import ONE
from midpo_sym.prover.equivalence.profiles import Profile, profile
from midpo_sym.prover.equivalence.sides import LEFT, side
from midpo_sym.spec.model import Derivation

_SEPARATOR = " | "  # of the factors of a product; none has one
_MODELS = ("ref", "prev", ONE)  # that a model may stand for, in the words of `changes`


def profile_of(derivation: Derivation) -> dict[str, list[str]] | None:
    """Return the profile of a loss as data; None if it has none, or has no loss."""
    mine = side(LEFT, derivation)
    found = profile(mine) if mine.has_loss else None
    return None if found is None else to_data(found)


def to_data(found: Profile) -> dict[str, list[str]]:
    """Return a profile as data."""
    return {
        "links": list(found.links),
        "products": _written(found.products),
        "without_given": _written(found.without_given),
        "arguments": _written(found.arguments),
        "ends": list(found.ends),
    }


def of_data(data: Mapping[str, Sequence[str]]) -> Profile:
    """Return a profile from data."""
    products, without_given, arguments = (
        _read(data[key]) for key in ("products", "without_given", "arguments")
    )
    links, ends = tuple(data["links"]), tuple(data["ends"])
    return Profile(links, products, without_given, arguments, ends)


def _written(products: frozenset[tuple[str, ...]]) -> list[str]:
    return sorted(_SEPARATOR.join(each) for each in products)


def _read(products: Sequence[str]) -> frozenset[tuple[str, ...]]:
    return frozenset(tuple(each.split(_SEPARATOR)) for each in products)


def may_be_related(one: Profile | None, other: Profile | None) -> bool:
    """Return whether a proof may be found that one loss is the other, or a special case of it."""
    if one is None or other is None:
        return False
    return (
        one.may_become(other)
        or other.may_become(one)
        or one.bends_like(other)
        or one.arguments == other.arguments
        or _in_other_models(one, other)
    )


def _in_other_models(one: Profile, other: Profile, models: tuple[str, ...] = _MODELS) -> bool:
    """Return whether the losses are alike with one of some models in the place of another."""
    changes = [{model: by} for model in ("ref", "prev") for by in models if by != model]
    shown = [{one.products, *map(one.with_models, changes)} for one in (one, other)]
    return bool({each for each in shown[0] if each} & shown[1])


def rank(one: Profile, other: Profile) -> tuple[int, float]:
    """Return what losses are tried in the order of.

    First what may be the same; then what may be a special case, or the same with another model, or
    has links that go on alike; then what may be related with 1 in the place of a model; last, what
    may share arguments only.
    """
    same_links = one.links == other.links
    renamed = same_links and _in_other_models(one, other, ("ref", "prev"))
    if same_links and one.products == other.products:
        tier = 0
    elif renamed or one.may_become(other) or other.may_become(one) or one.goes_on_like(other):
        tier = 1
    else:
        tier = 2 if _in_other_models(one, other) else 3
    return tier, -overlap(one, other)


def overlap(one: Profile | None, other: Profile | None) -> float:
    """Return the share of products that two losses have in common."""
    if one is None or other is None:
        return 0.0
    whole = one.products | other.products
    return len(one.products & other.products) / len(whole) if whole else 1.0
