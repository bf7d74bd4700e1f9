"""Fractions of terms: what all terms of a sum have in common, and one sum divided by another."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import gcd, lcm

from midpo_sym.rules.normaliser import Normaliser
from midpo_sym.rules.terms import Factor, Product, Sum, UnreadableError, joined


def apart(net: int) -> tuple[int, int]:
    """Return how often something is multiplied and divided by."""
    return max(net, 0), max(-net, 0)


def without_common(n: Normaliser, total: Sum) -> tuple[Product, Sum]:
    """Return the factors that all terms of a sum share, and what is left of it.

    With cancellation, fractions inside are cleared as well: 1 + b/a = (a + b)/a.
    """
    if not total.terms:
        raise UnreadableError
    cancel = "cancellation" in n.names
    counts = [{b.key: (up, down) for b, up, down in term.factors} for term in total.terms]
    bases = {b.key: b for term in total.terms for b, _, _ in term.factors}
    shared: dict[str, tuple[int, int]] = {}
    for key in bases:
        ups, downs = zip(*(each.get(key, (0, 0)) for each in counts), strict=True)
        least = min(up - down for up, down in zip(ups, downs, strict=True))
        shared[key] = apart(least) if cancel else (min(ups), min(downs))
    numbers = [term.number for term in total.terms]
    size = Fraction(
        gcd(*(each.numerator for each in numbers)), lcm(*(each.denominator for each in numbers))
    )
    cleared = []
    for term, found in zip(total.terms, counts, strict=True):
        factors = []
        for key, base in bases.items():
            (up, down), (more, less) = found.get(key, (0, 0)), shared[key]
            left = apart(up - down - more + less) if cancel else (up - more, down - less)
            factors.append((base, *left))
        cleared.append(Product(term.number / size, [f for f in factors if f[1] or f[2]]))
    primitive = Sum(cleared)
    if primitive.terms and primitive.terms[0].number < 0:
        size, primitive = -size, primitive.scaled(Fraction(-1))
    common = Product(size, [(bases[key], *each) for key, each in shared.items() if any(each)])
    return common, primitive


def reduced(product: Product, more: Iterable[Factor] = ()) -> Product:
    """Return a product times more factors, with nothing both above and below the line."""
    factors = ((base, *apart(up - down)) for base, up, down in joined((*product.factors, *more)))
    return Product(product.number, [each for each in factors if each[1] or each[2]])


def divided(n: Normaliser, over: Sum, under: Sum) -> Sum | None:
    """Return a sum divided by another, term by term, if nothing is left over."""
    quotient: list[Product] = []
    lead, rest = _leading(under), over
    own = {base.key for term in under.terms for base, _, _ in term.factors}
    while rest.terms:
        n.spend(len(under.terms))
        first = _leading(rest)
        turned = [(base, down, up) for base, up, down in lead.factors]
        step = reduced(first.scaled(1 / lead.number), turned)
        if any(down and base.key in own for base, _, down in step.factors):
            return None
        quotient.append(step)
        rest = _collected(rest, (reduced(step.scaled(-t.number), t.factors) for t in under.terms))
    return Sum(quotient)


def _leading(total: Sum) -> Product:
    """Return the term that comes first in the order of their powers, base by base."""
    keys = sorted({base.key for term in total.terms for base, _, _ in term.factors})

    def powers(term: Product) -> tuple[int, ...]:
        counts = {base.key: up - down for base, up, down in term.factors}
        return tuple(counts.get(key, 0) for key in keys)

    return max(total.terms, key=powers)


def _collected(total: Sum, more: Iterable[Product]) -> Sum:
    found: dict[str, Product] = {}
    for term in (*total.terms, *more):
        same = found.get(term.key)
        found[term.key] = Product(term.number + (same.number if same else 0), term.factors)
        if not found[term.key].number:
            del found[term.key]
    return Sum(found.values())
