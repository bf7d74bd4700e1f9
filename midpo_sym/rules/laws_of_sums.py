"""The laws of sums: brackets, what cancels, sums over indices and least values, as in `laws`."""

from __future__ import annotations

from fractions import Fraction

from midpo_sym.kernel.hypotheses import Hypothesis
from midpo_sym.rules.fractions_of_terms import apart, divided, reduced, without_common
from midpo_sym.rules.normaliser import Normaliser
from midpo_sym.rules.terms import Base, Factor, Product, Sum


def sum_is_one(n: Normaliser, tokens: tuple[str, ...], body: Sum) -> Sum | None:
    """Put 1 for a sum that a hypothesis is about."""  # Σ_y f(y)·k = k, if linearity holds too
    product = body.product
    for base, up, down in product.factors if product else ():
        for each in n.given if (up, down) == (1, 0) else ():
            done = _summed(base, each, tokens)
            if not done or not product:
                continue
            others = [other for other in product.factors if other[0] is not base]
            if any(not other[0].free.isdisjoint(done) for other in others):
                continue
            rest = tuple(token for token in tokens if token not in done)
            if rest:
                return n.index_sum(rest, n.product(product.number, others))
            if not others or "linearity of a sum" in n.names:
                return n.product(product.number, others)
    return None


def _summed(base: Base, each: Hypothesis, tokens: tuple[str, ...]) -> frozenset[str]:
    if base.kind != "leaf" or base.name != each.function.name or not each.over:
        return frozenset()
    done = [base.indices[each.function.indices.index(index)] for index in each.over]
    alone = all(index in tokens and base.indices.count(index) == 1 for index in done)
    return frozenset(done) if alone else frozenset()


def expansion(n: Normaliser, product: Product) -> Sum | None:
    """a·(b + c) = a·b + a·c; below a line, a common factor stands before the bracket."""
    for base, up, down in product.factors:
        if base.kind == "bracket" and up > down:
            rest = [each for each in product.factors if each[0] is not base]
            rest += [(base, up - 1, down)]
            terms = [n.product(t.number, (*rest, *t.factors)) for t in base.parts[0].terms]
            return n.plus([n.scaled(term, product.number) for term in terms])
    for base, up, down in product.factors:
        if base.kind != "bracket" or not down:
            continue
        common, primitive = without_common(n, base.parts[0])
        if common.number != 1 or common.factors:
            rest = [each for each in product.factors if each[0] is not base]
            rest += [(base, up, 0)] if up else []
            whole = n.times(Fraction(1), [(Sum((common,)), -down), (primitive, -down)])
            return n.times(product.number, [(n.product(Fraction(1), rest), 1), (whole, 1)])
    return None


def cancellation(n: Normaliser, product: Product) -> Sum | None:
    """a·b/(a·c) = b/c."""
    if not any(up and down for _, up, down in product.factors):
        return None
    reduced = [(base, *apart(up - down)) for base, up, down in product.factors]
    return n.product(product.number, reduced)


def whole_cancellation(n: Normaliser, total: Sum) -> Sum | None:
    """a·k/(a + b) + b·k/(a + b) = k, by expansion from right to left."""
    if "expansion" not in n.names:
        return None
    brackets = {
        base.key: base
        for term in total.terms
        for base, up, down in term.factors
        if base.kind == "bracket" and down > up
    }
    for key, base in brackets.items():
        inside = {b.key for term in base.parts[0].terms for b, _, _ in term.factors}
        alike: dict[str, list[Product]] = {}
        for term in total.terms:
            apart_from = [f for f in term.factors if f[0].key not in inside]
            if any(each[0].key == key for each in apart_from):
                alike.setdefault(Product(Fraction(1), apart_from).key, []).append(term)
        for terms in alike.values():
            n.spend(len(terms) * len(base.parts[0].terms))
            below = next(f for f in terms[0].factors if f[0].key == key)
            over = Sum(reduced(t, [(base, below[2], below[1])]) for t in terms)
            quotient = divided(n, over, base.parts[0]) if len(terms) > 1 else None
            if quotient is not None:
                rest = [t for t in total.terms if not any(t is each for each in terms)]
                left = apart(below[1] - below[2] + 1)
                parts = [n.product(t.number, (*t.factors, (base, *left))) for t in quotient.terms]
                return n.plus([Sum(rest), *parts])
    return None


def collection(_: Normaliser, total: Sum) -> Sum | None:
    """k·a + m·a = (k + m)·a, for numbers k and m."""
    found: dict[str, Product] = {}
    for term in total.terms:
        same = found.get(term.key)
        found[term.key] = Product(term.number + (same.number if same else 0), term.factors)
    if len(found) == len(total.terms):
        return None
    return Sum(term for term in found.values() if term.number)


def linearity(n: Normaliser, tokens: tuple[str, ...], body: Sum) -> Sum | None:
    """Σ_y (k·a(y) + b(y)) = k·Σ_y a(y) + Σ_y b(y)."""
    if len(tokens) > 1:
        return None
    parts, plain = [], len(body.terms) == 1
    for term in body.terms:
        outside = [each for each in term.factors if each[0].free.isdisjoint(tokens)]
        inside = [each for each in term.factors if not each[0].free.isdisjoint(tokens)]
        plain &= not outside and term.number == 1
        parts.append((term.number, outside, inside))
    if plain:
        return None
    sums = []
    for number, outside, inside in parts:
        total = n.index_sum(tokens, n.product(Fraction(1), inside))
        sums.append(n.times(number, [(n.product(Fraction(1), outside), 1), (total, 1)]))
    return n.plus(sums)


def exchange(n: Normaliser, tokens: tuple[str, ...], body: Sum) -> Sum | None:
    """Σ_x Σ_y a(x, y) = Σ_y Σ_x a(x, y); all sums of a product come together."""
    product = body.product
    if not product:
        return None
    inner = [f for f in product.factors if f[0].kind == "sum" and (f[1], f[2]) == (1, 0)]
    if not inner or ("linearity of a sum" not in n.names and body.base is not inner[0][0]):
        return None
    base = inner[0][0]
    new, inside = n.unbound(base)
    rest = [each for each in product.factors if each[0] is not base]
    whole = n.times(product.number, [(n.product(Fraction(1), rest), 1), (inside, 1)])
    return n.index_sum((*tokens, *new), whole)


def constants_of_least(n: Normaliser, token: str, body: Sum) -> Sum | None:
    """min_b (k·f(b) + c) = k·min_b f(b) + c, for k > 0."""
    outside = [term for term in body.terms if token not in term.free]
    inside = [term for term in body.terms if token in term.free]
    if not inside:
        return body
    common: list[Factor] = []
    for base, _, _ in inside[0].factors:
        if base.positive and token not in base.free:
            counts = [
                (up, down)
                for term in inside
                for each, up, down in term.factors
                if each.key == base.key
            ]
            if len(counts) == len(inside):
                ups, downs = zip(*counts, strict=True)
                common.append((base, min(ups), min(downs)))
    numbers = {abs(term.number) for term in inside}
    size = numbers.pop() if len(numbers) == 1 else Fraction(1)
    if not outside and not common and size == 1:
        return None
    taken = {base.key: (up, down) for base, up, down in common}
    left = Sum(
        Product(
            term.number / size,
            [
                (base, up - taken.get(base.key, (0, 0))[0], down - taken.get(base.key, (0, 0))[1])
                for base, up, down in term.factors
                if (up, down) != taken.get(base.key)
            ],
        )
        for term in inside
    )
    least = n.least(token, left)
    return n.plus([Sum(outside), n.times(size, [(n.product(Fraction(1), common), 1), (least, 1)])])
