"""The laws by which chains of the theory go on, as rewritings of terms from left to right.

Each takes the left side of its law, where it stands, to the right side, or gives None. The rows
of `rules` say what each is called. Two laws that are read in opposite directions, such as
expansion and cancellation of a common factor, say here how they go together.
"""

from __future__ import annotations

import itertools
from fractions import Fraction

from midpo_sym.kernel.finite_derivative import differential
from midpo_sym.kernel.forms import OutsideClassError
from midpo_sym.language import indexed
from midpo_sym.language.tree import Expression
from midpo_sym.rules.fractions_of_terms import apart, without_common
from midpo_sym.rules.normaliser import Environment, Normaliser
from midpo_sym.rules.terms import (
    ONE,
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


def citation(n: Normaliser, found: Sum, env: Environment) -> Sum | None:
    """Put the right side of what another chain proves for its left side."""
    for number, each in enumerate(n.cited):
        if number in n.citing:
            continue
        known = [*dict.fromkeys((*env.values(), *sorted(found.free)))]
        choices = [[value for value in known if value[0] == index[0]] for index in each.indices]
        for values in itertools.product(*choices):
            key: tuple[int | str, ...] = (number, *values)
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
    return n.plus([top, bottom.scaled(Fraction(-1))])


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
    return n.plus([n.scaled(n.log(part), Fraction(count)) for part, count in parts])


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
    return n.power(as_term(inner), n.scaled(exponent, number)) if up + down > 1 else None


def product_of_powers(n: Normaliser, product: Product) -> Sum | None:
    """a^e·a^f = a^(e + f)."""
    found: dict[str, list[tuple[Factor, Sum, Sum]]] = {}
    for factor in product.factors:
        base, up, down = factor
        part, power = base.parts if base.kind == "power" else (as_term(base), ONE)
        size = n.scaled(power, Fraction(up - down))
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
