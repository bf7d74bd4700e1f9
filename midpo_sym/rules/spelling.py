"""Terms in words, for messages: what is left of a line once its laws have been applied."""

from __future__ import annotations

from fractions import Fraction

from midpo_sym.rules.terms import Base, Product, Sum

_LONGEST = 160


def spelt(total: Sum) -> str:
    """Return a term as text, shortened; an index that is bound is named by its depth: y#1."""
    text = _sum(total)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _sum(total: Sum) -> str:
    if not total.terms:
        return "0"
    first, *rest = total.terms
    parts = [f"-{_product(first)}" if first.number < 0 else _product(first)]
    parts += [f"{'-' if t.number < 0 else '+'} {_product(t)}" for t in rest]
    return " ".join(parts)


def _product(product: Product) -> str:
    """Return a product without its sign."""
    number = abs(product.number)
    over = [_base(base, up) for base, up, _ in product.factors if up]
    under = [_base(base, down) for base, _, down in product.factors if down]
    if number.numerator != 1 or not over:
        over.insert(0, str(Fraction(number.numerator)))
    if number.denominator != 1:
        under.insert(0, str(number.denominator))
    return "/".join(["*".join(over), *under])


def _base(base: Base, power: int) -> str:
    inside = [_sum(part) for part in base.parts]
    match base.kind:
        case "leaf":
            name = base.name.removesuffix(" :=")
            said = f"{name}({', '.join(base.indices)})" if base.indices else name
        case "bracket":
            said = f"({inside[0]})"
        case "power":
            said = f"({inside[0]})**({inside[1]})"
        case "sum":
            said = inside[0]
            for index in reversed(base.indices):
                said = f"sum({index}, {said})"
        case "least":
            said = f"least({base.indices[0]}, {inside[0]})"
        case "derivative":
            said = f"derivative({inside[0]}, {', '.join(base.name.split())})"
        case _:
            said = f"{base.kind}({inside[0]})"
    return said if power == 1 else f"{said}**{power}"
