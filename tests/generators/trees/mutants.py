"""Seeded mutants of the shipped specifications: one or two small changes of a formula."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

from generators.trees.words import IDS, shipped

from midpo_sym.language import tree
from midpo_sym.language.tree import Expression, Number
from midpo_sym.spec.model import Statement

OTHER_MODEL = {"pi": "ref", "ref": "pi", "prev": "ref"}
OTHER_DIRECTION = {"kl_ref_pi": "kl_pi_ref", "kl_pi_ref": "kl_ref_pi"}
OTHER_RESPONSE = {"w": "l", "l": "w"}


def variants(node: Expression, names: tuple[str, ...]) -> Iterator[tuple[str, Expression]]:
    """Yield what a slip of the pen makes of one node, each with the kind of the slip."""
    match node:
        case tree.Number(value=value):
            yield "constant", Number(value + 1)
        case tree.Parameter(name=name):
            yield "dropped factor", Number(1)
            yield from (("parameter", replace(node, name=n)) for n in names if n != name)
        case tree.Length(response=response):
            yield "dropped length", Number(1)
            if response in OTHER_RESPONSE:
                yield "side", tree.Length(OTHER_RESPONSE[response])
        case tree.Statistic(name=name):
            if name in OTHER_DIRECTION:
                yield "direction of a divergence", replace(node, name=OTHER_DIRECTION[name])
            yield "dropped divergence", Number(0)
        case tree.Weight(name=name):
            yield "dropped weight", Number(1)
            yield from (
                ("swapped weight", replace(node, name=other))
                for other in ("mu1", "mu2")
                if name in ("mu1", "mu2") and other != name
            )
        case tree.Probability(response=response, model=model):
            yield "model", replace(node, model=OTHER_MODEL[model])
            if response in OTHER_RESPONSE:
                yield "side", replace(node, response=OTHER_RESPONSE[response])
        case tree.TokenProbability(model=model):
            yield "model", replace(node, model=OTHER_MODEL[model])
        case tree.Add(terms=terms):
            for place, term in enumerate(terms):
                changed = [*terms[:place], tree.Neg(term), *terms[place + 1 :]]
                yield "sign", tree.total(changed)
                yield "dropped term", tree.total([*terms[:place], *terms[place + 1 :]])
            yield "order of a sum", tree.total(list(reversed(terms)))
        case tree.Mul(factors=factors):
            for place in range(len(factors)):
                yield "dropped factor", tree.product([*factors[:place], *factors[place + 1 :]])
            yield "order of a product", tree.product(list(reversed(factors)))
        case tree.Div(numerator=over, denominator=under):
            yield "turned quotient", tree.Div(under, over)
            yield "dropped denominator", over
            yield "product for quotient", tree.mul(over, under)
        case tree.Neg(body=body):
            yield "sign", body
        case tree.Pow(base=base, exponent=exponent):
            yield "dropped exponent", base
            yield "sign of an exponent", tree.Pow(base, tree.Neg(exponent))
        case tree.Exp(body=body):
            yield "sign of an exponent", tree.Exp(tree.Neg(body))
        case tree.ByLabel(chosen=chosen, rejected=rejected):
            yield "swapped labels", replace(node, chosen=rejected, rejected=chosen)
        case tree.StopGradient(body=body):
            yield "dropped stop-gradient", body
        case tree.TokenSum() | tree.Log():
            yield "stop-gradient", tree.StopGradient(node)


def mutate(
    node: Expression, chance: random.Random, names: tuple[str, ...]
) -> tuple[str, Expression]:
    """Return a tree with one node changed, and the kind of the change.

    Raises:
        ValueError: the change leaves a logarithm of something that may be negative.
    """
    places = [path for path, inner in paths(node) if next(variants(inner, names), None)]
    path = chance.choice(places)
    inner = node
    for step in path:
        inner = list(inner.children())[step]
    kind, changed = chance.choice(list(variants(inner, names)))
    return kind, put(node, path, changed)


def paths(node: Expression) -> Iterator[tuple[tuple[int, ...], Expression]]:
    """Yield every node with the way to it."""
    yield (), node
    for place, child in enumerate(node.children()):
        yield from (((place, *rest), inner) for rest, inner in paths(child))


def put(node: Expression, path: tuple[int, ...], new: Expression) -> Expression:
    """Return a tree with another node at a place."""
    if not path:
        return new
    children = list(node.children())
    children[path[0]] = put(children[path[0]], path[1:], new)
    match node:  # a sum whose first term has become a sum is one sum
        case tree.Add():
            return tree.total(children)
        case tree.Mul():
            return tree.product(children)
    return node.with_children(tuple(children))


def statements() -> list[tuple[str, Statement]]:
    """Return what the shipped specifications prove."""
    found = []
    for name in IDS:
        derivation = shipped(name)
        found.append((name, derivation.statement))
        found += [
            (f"{name}/{claim.id}", claim.statement)
            for claim in derivation.claims
            if claim.status == "proved" and not claim.is_main
        ]
    return found


def mutants(count: int, seed: int) -> Iterator[tuple[str, Statement]]:
    """Yield mutants, half of the target and half of the prior, a third of them changed twice."""
    chance = random.Random(seed)
    pool = statements()
    while count:
        name, statement = chance.choice(pool)
        parameters = tuple(each.name for each in shipped(name.partition("/")[0]).parameters)
        part = chance.choice(("argument", "zeta"))
        node = getattr(statement, part)
        try:
            kind, node = mutate(node, chance, parameters)
            if chance.random() < 1 / 3:
                second, node = mutate(node, chance, parameters)
                kind = f"{kind}, {second}"
        except ValueError:
            continue
        if part == "zeta" and not node.positive:
            continue
        count -= 1
        parts = {"argument": statement.argument, "zeta": statement.zeta, part: node}
        changed = Statement.of(statement.scale, parts["zeta"], statement.link, parts["argument"])
        yield f"{name} {part}: {kind}", changed
