"""The laws by which chains of the theory go on, as rewritings of terms from left to right.

Each takes the left side of its law, where it stands, to the right side, or gives None. The rows
of `rules` say what each is called. Two laws that are read in opposite directions, such as
expansion and cancellation of a common factor, say here how they go together.
"""

from __future__ import annotations

import itertools
from fractions import Fraction

from midpo_sym.language import indexed, tree
from midpo_sym.language.tree import Expression
from midpo_sym.prover.differential import differential
from midpo_sym.prover.forms import OutsideClassError
from midpo_sym.prover.fractions_of_terms import apart, divided, reduced, without_common
from midpo_sym.prover.hypotheses import Hypothesis
from midpo_sym.prover.normaliser import Environment, Normaliser
from midpo_sym.prover.terms import (
    ONE,
    Base,
    Factor,
    Product,
    Sum,
    UnreadableError,
    as_term,
    constant,
    opened,
)

_LARGEST_PRIME = 100  # the primes that a number is split into by the logarithm of a product


def definition(n: Normaliser, node: Expression, env: Environment) -> Sum | None:
    """Put in what an abbreviation stands for."""
    match node:
        case indexed.Applied(formals=formals, actuals=actuals, body=body):
            at = (env.get(each, each) for each in actuals)
            return n.read(body, dict(zip(formals, at, strict=True)))
    return None


def differentiation(n: Normaliser, node: Expression, env: Environment) -> Sum | None:
    """Take a derivative."""  # (a + b)′ = a′ + b′, (a·b)′ = a′·b + a·b′, (log a)′ = a′/a, ...
    if not isinstance(node, indexed.Differential):
        return None
    try:
        return n.read(differential(node), env)
    except OutsideClassError:
        raise UnreadableError from None


def hypothesis(n: Normaliser, node: Expression, env: Environment) -> Sum | None:
    """Put in what a hypothesis says that a function is."""
    if isinstance(node, indexed.Indexed):
        for each in n.given:
            if each.function.name == node.name and each.body is not None:
                at = (env.get(index, index) for index in node.indices)
                return n.read(each.body, dict(zip(each.function.indices, at, strict=True)))
    return None


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


def citation(n: Normaliser, found: Sum, env: Environment) -> Sum | None:
    """Put the right side of what another chain proves for its left side."""
    for number, each in enumerate(n.cited):
        if number in n.citing:
            continue
        known = [*dict.fromkeys((*env.values(), *sorted(found.free)))]
        choices = [[value for value in known if value[0] == index[0]] for index in each.indices]
        for values in itertools.product(*choices):
            key = (number, *values)
            if key not in n.instances:
                inside = dict(zip(each.indices, values, strict=True))
                before, n.citing = n.citing, frozenset(range(len(n.cited)))
                left = n.read(each.left, inside).key
                n.citing = before | {number}  # once: it may contain what is looked for
                n.instances[key] = left, n.read(each.right, inside)
                n.citing = before
            left, right = n.instances[key]
            if left == found.key:
                return right
    return None


def log_of_quotient(n: Normaliser, body: Sum) -> Sum | None:
    """log(a/b) = log a − log b."""
    product = body.product
    if not product:
        return None
    over = [(base, up, 0) for base, up, _ in product.factors if up]
    under = [(base, down, 0) for base, _, down in product.factors if down]
    if not under and product.number.denominator == 1:
        return None
    top = n.log(n.product(Fraction(product.number.numerator), over))
    bottom = n.log(n.product(Fraction(product.number.denominator), under))
    return n.plus([top, negated(bottom)])


def log_of_product(n: Normaliser, body: Sum) -> Sum | None:
    """log(a·b) = log a + log b, and so log aⁿ = n·log a for whole n."""
    product = body.product
    if not product and "expansion" in n.names:
        common, primitive = without_common(n, body)  # log(a·b + a·c) = log a + log(b + c)
        if common.factors or common.number != 1:
            return n.plus([n.log(Sum((common,))), n.log(primitive)])
    if not product:
        return None
    parts: list[tuple[Sum, int]] = [
        (opened(Product(Fraction(1), ((base, *apart(turn)),))), count)
        for base, up, down in product.factors
        for count, turn in ((up, 1), (down, -1))
        if count
    ]
    for number, turn in ((product.number.numerator, 1), (product.number.denominator, -1)):
        parts += [(constant(Fraction(p) ** turn), count) for p, count in _primes(number)]
    if sum(count for _, count in parts) < 2:  # noqa: PLR2004 - not a product
        return None
    return n.plus([scaled(n, n.log(part), Fraction(count)) for part, count in parts])


def _primes(number: int) -> list[tuple[int, int]]:
    found, rest = [], abs(number)
    for prime in range(2, _LARGEST_PRIME):
        count = 0
        while rest % prime == 0 and rest > 1:
            rest, count = rest // prime, count + 1
        if count:
            found.append((prime, count))
    return [*found, (rest, 1)] if rest > 1 else found


def log_of_power(n: Normaliser, body: Sum) -> Sum | None:
    """log(a^e) = e·log a."""
    product = body.product
    if not product or product.number != 1 or len(product.factors) != 1:
        return None
    base, up, down = product.factors[0]
    if up and down:
        return None
    if base.kind == "power":
        part, exponent = base.parts
    elif up + down > 1:
        part, exponent = as_term(base), ONE
    else:
        return None
    number = Fraction(up - down)
    return n.times(number, [(exponent, 1), (n.log(part), 1)])


def log_of_exponential(_: Normaliser, body: Sum) -> Sum | None:
    """log(exp a) = a."""
    base = body.base
    return base.parts[0] if base and base.kind == "exp" else None


def exponential_of_log(_: Normaliser, body: Sum) -> Sum | None:
    """exp(log a) = a."""
    base = body.base
    return base.parts[0] if base and base.kind == "log" else None


def exponential_of_sum(n: Normaliser, body: Sum) -> Sum | None:
    """exp(a + b) = exp a·exp b, and so exp(−a) = 1/exp a and exp(n·a) = (exp a)ⁿ for whole n."""
    alone = body.product
    if alone and alone.number.numerator == 1:
        return None
    parts: list[tuple[Sum, int]] = []
    for term in body.terms:
        count = term.number.numerator
        unit = Product(Fraction(1, term.number.denominator), term.factors)
        parts.append((n.exp(Sum((unit,))), count))
    return n.times(Fraction(1), parts)


def power_of_product(n: Normaliser, base: Sum, exponent: Sum) -> Sum | None:
    """(a·b)^e = a^e·b^e."""
    product = base.product
    if not product:
        return None
    parts = [(as_term(each), up - down) for each, up, down in product.factors if up != down]
    numbers = [(constant(product.number), 1)] if product.number != 1 else []
    if len(parts) + len(numbers) == 1 and all(abs(count) == 1 for _, count in parts):
        part, count = (*parts, *numbers)[0]
        return n.times(Fraction(1), [(n.power(part, exponent), count)]) if count < 0 else None
    powers = [(n.power(part, exponent), count) for part, count in (*parts, *numbers)]
    return n.times(Fraction(1), powers)


def power_of_power(n: Normaliser, base: Sum, exponent: Sum) -> Sum | None:
    """(a^e)^f = a^(e·f), and (exp a)^f = exp(a·f)."""
    product = base.product
    if not product or product.number != 1 or len(product.factors) != 1:
        return None
    inner, up, down = product.factors[0]
    if up and down:
        return None
    number = Fraction(up - down)
    if inner.kind == "exp":
        return n.exp(n.times(number, [(inner.parts[0], 1), (exponent, 1)]))
    if inner.kind == "power":
        part, power = inner.parts
        return n.power(part, n.times(number, [(power, 1), (exponent, 1)]))
    return n.power(as_term(inner), scaled(n, exponent, number)) if up + down > 1 else None


def product_of_powers(n: Normaliser, product: Product) -> Sum | None:
    """a^e·a^f = a^(e + f)."""
    found: dict[str, list[tuple[Factor, Sum, Sum]]] = {}
    for factor in product.factors:
        base, up, down = factor
        part, power = base.parts if base.kind == "power" else (as_term(base), ONE)
        size = scaled(n, power, Fraction(up - down))
        found.setdefault(part.key, []).append((factor, part, size))
    again = [same for same in found.values() if len(same) > 1]
    if not again:
        return None
    used = {id(factor) for same in again for factor, _, _ in same}
    rest = [each for each in product.factors if id(each) not in used]
    powers = [(n.power(same[0][1], n.plus([size for *_, size in same])), 1) for same in again]
    return n.times(Fraction(1), [(n.product(product.number, rest), 1), *powers])


def power_as_exponential(n: Normaliser, base: Sum, exponent: Sum) -> Sum | None:
    """a^e = exp(e·log a)."""
    return n.exp(n.times(Fraction(1), [(exponent, 1), (n.log(base), 1)]))


def expansion(n: Normaliser, product: Product) -> Sum | None:
    """a·(b + c) = a·b + a·c; below a line, a common factor stands before the bracket."""
    for base, up, down in product.factors:
        if base.kind == "bracket" and up > down:
            rest = [each for each in product.factors if each[0] is not base]
            rest += [(base, up - 1, down)]
            terms = [n.product(t.number, (*rest, *t.factors)) for t in base.parts[0].terms]
            return n.plus([scaled(n, term, product.number) for term in terms])
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


def scaled(n: Normaliser, total: Sum, number: Fraction) -> Sum:
    """Return a term times a number."""
    return n.times(number, [(total, 1)])


def negated(total: Sum) -> Sum:
    """Return minus a term."""
    return total.scaled(Fraction(-1))
