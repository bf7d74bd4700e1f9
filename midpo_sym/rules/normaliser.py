"""From an expression of the theory to its term, with some laws applied wherever they fit.

Each law is applied from left to right, at every place, until it fits nowhere any more. Where two
expressions come to the same term by some laws, the laws lead from one to the other: each was
rewritten by nothing else, and a law may be read in both directions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations
from typing import Any

from midpo_sym.kernel.hypotheses import Hypothesis
from midpo_sym.language import indexed, tree
from midpo_sym.language.tree import Expression
from midpo_sym.rules.terms import (
    ONE,
    ZERO,
    Base,
    Factor,
    LimitError,
    Product,
    Sum,
    UnreadableError,
    bracket,
    joined,
    opened,
    renamed,
    single,
)

WORK = 20_000  # factors that may be touched for one expression
MOST_INDICES = 4  # of one sum; their orders are tried one by one
_LARGEST_POWER = 12

Environment = Mapping[str, str]  # what an index of an expression is called in its term
Hook = Callable[..., Sum | None]


@dataclass(frozen=True, slots=True)
class Cited:
    """An equation that another chain proves, at any values of its free indices.

    Attributes:
        left: what is looked for.
        right: what stands in its place.
        indices: the free indices.
    """

    left: Expression
    right: Expression
    indices: tuple[str, ...]


class Normaliser:
    """Builds terms.

    Attributes:
        names: the laws in force.
        given: the hypotheses that may be used.
        cited: what the chains that may be used prove.
        instances: what was read of them, by number and values of the free indices.
        citing: the numbers of those that are being read, and are not looked for meanwhile.
    """

    def __init__(
        self,
        hooks: Iterable[tuple[str, Mapping[str, Hook]]],
        given: Sequence[Hypothesis] = (),
        cited: Sequence[Cited] = (),
    ) -> None:
        self.names: set[str] = set()
        self.given, self.cited = given, cited
        self.left = WORK
        self._hooks: dict[str, list[Hook]] = {}
        for name, functions in hooks:
            self.names.add(name)
            for place, function in functions.items():
                self._hooks.setdefault(place, []).append(function)
        self._fresh = 0
        self.instances: dict[tuple[int | str, ...], tuple[str, Sum]] = {}
        self.citing: frozenset[int] = frozenset()

    def spend(self, work: int) -> None:
        """Count some work.

        Raises:
            LimitError: that is too much.
        """
        self.left -= work
        if self.left < 0:
            raise LimitError

    def read(self, node: Expression, env: Environment | None = None) -> Sum:
        """Return the term of an expression.

        Raises:
            LimitError: it takes too much work.
            UnreadableError: it has no term.
        """
        env = env or {}
        found = self._read(node, env)
        return self._asked("term", found, env) or found

    def _read(self, node: Expression, env: Environment) -> Sum:
        self.spend(1)
        match node:
            case tree.Add(terms=terms):
                return self.plus([self.read(each, env) for each in terms])
            case tree.Number() | tree.Neg() | tree.Mul() | tree.Div():
                return self._multiplied(node, env)
            case tree.Pow(base=base, exponent=exponent):
                return self.power(self.read(base, env), self.read(exponent, env))
            case tree.Log(body=body):
                return self.log(self.read(body, env))
            case tree.Exp(body=body):
                return self.exp(self.read(body, env))
            case indexed.IndexSum(index=index, body=body) | indexed.Least(index=index, body=body):
                token = self.token(index)
                inside = self.read(body, {**env, index: token})
                if isinstance(node, indexed.IndexSum):
                    return self.index_sum((token,), inside)
                return self.least(token, inside)
        return self._asked("node", node, env) or self._leaf(node, env)

    def _leaf(self, node: Expression, env: Environment) -> Sum:
        match node:
            case tree.Parameter(name=name):
                return single(Base("leaf", name, positive=node.positive))
            case indexed.Indexed(name=name, indices=indices):
                at = tuple(env.get(each, each) for each in indices)
                return single(Base("leaf", name, at, positive=node.positive))
            case indexed.Applied(name="_", formals=formals, actuals=actuals, body=body):
                values = (env.get(each, each) for each in actuals)  # an instance, no definition
                return self.read(body, dict(zip(formals, values, strict=True)))
            case indexed.Applied(name=name, actuals=actuals):
                at = tuple(env.get(each, each) for each in actuals)
                return single(Base("leaf", f"{name} :=", at, positive=node.positive))
            case indexed.Differential(body=body, name=name, along=along):
                parts = (self.read(body, env),)
                return single(Base("derivative", f"{name} {along}", parts=parts))
        raise UnreadableError

    def token(self, index: str) -> str:
        """Return a name for an index that nothing else has."""
        self._fresh += 1
        return f"{index[:1]}~{self._fresh}"

    def _asked(self, place: str, *what: Any) -> Sum | None:
        for hook in self._hooks.get(place, ()):
            found = hook(self, *what)
            if found is not None:
                return found
        return None

    def _multiplied(self, node: Expression, env: Environment) -> Sum:
        number, parts = Fraction(1), list[tuple[Sum, int]]()

        def take(inner: Expression, power: int) -> None:
            nonlocal number
            match inner:
                case tree.Number(value=value):
                    if not value and power < 0:
                        raise UnreadableError
                    number *= Fraction(value) ** power
                case tree.Neg(body=body):
                    number *= (-1) ** power
                    take(body, power)
                case tree.Mul(factors=factors):
                    for each in factors:
                        take(each, power)
                case tree.Div(numerator=over, denominator=under):
                    take(over, power)
                    take(under, -power)
                case _:
                    parts.append((self.read(inner, env), power))

        take(node, 1)
        return self.times(number, parts)

    # What is built of terms; each asks the laws first.

    def plus(self, sums: Iterable[Sum]) -> Sum:
        """Return the sum of terms."""
        total = Sum(term for each in sums for term in each.terms)
        self.spend(len(total.terms))
        return self._asked("sum", total) or total

    def times(self, number: Fraction, parts: Iterable[tuple[Sum, int]]) -> Sum:
        """Return the product of terms, each to a whole power.

        Raises:
            UnreadableError: it divides by zero.
        """
        factors: list[Factor] = []
        for part, power in parts:
            if not part.terms:
                if power < 0:
                    raise UnreadableError
                number = Fraction(0) if power else number
                continue
            alone = part.product
            if alone is None:
                base, sign = bracket(part)
                alone = Product(Fraction(sign), ((base, 1, 0),))
            number *= alone.number**power
            size = abs(power)
            for base, up, down in alone.factors:
                up, down = (up, down) if power > 0 else (down, up)  # noqa: PLW2901 - turned over
                factors.append((base, up * size, down * size))
        return self.product(number, factors)

    def scaled(self, total: Sum, number: Fraction) -> Sum:
        """Return a term times a number."""
        return self.times(number, [(total, 1)])

    def product(self, number: Fraction, factors: Iterable[Factor]) -> Sum:
        """Return a number times factors."""
        if not number:
            return ZERO
        product = Product(number, joined(factors))
        self.spend(1 + len(product.factors))
        return self._asked("product", product) or opened(product)

    def log(self, body: Sum) -> Sum:
        """Return the logarithm of a term."""
        if body.number == 1:
            return ZERO
        return self._asked("log", body) or single(Base("log", parts=(body,)))

    def exp(self, body: Sum) -> Sum:
        """Return the exponential of a term."""
        if not body.terms:
            return ONE
        return self._asked("exp", body) or single(Base("exp", parts=(body,), positive=True))

    def power(self, base: Sum, exponent: Sum) -> Sum:
        """Return a power; one with a whole exponent is a product."""
        whole = exponent.number
        if whole is not None and whole.denominator == 1 and abs(whole) <= _LARGEST_POWER:
            return self.times(Fraction(1), [(base, int(whole))])
        if base.number == 1:
            return ONE
        found = self._asked("power", base, exponent)
        if found:
            return found
        sign = 1 if exponent.terms[0].number > 0 else -1
        parts = (base, exponent.scaled(Fraction(sign)))
        power = single(Base("power", parts=parts, positive=base.positive))
        return self.times(Fraction(1), [(power, sign)])

    def index_sum(self, tokens: tuple[str, ...], body: Sum) -> Sum:
        """Return the sum of a term over all values of some indices."""
        if not body.terms:
            return ZERO
        found = self._asked("index", tokens, body)
        if found is None:
            found = single(self.bound("sum", tokens, body))
            found = self._asked("term", found, {}) or found
        return found

    def least(self, token: str, body: Sum) -> Sum:
        """Return the least value of a term."""
        return self._asked("least", token, body) or single(self.bound("least", (token,), body))

    def bound(self, kind: str, tokens: tuple[str, ...], body: Sum) -> Base:
        """Return a sum or a least value, its indices named by how deep it is."""
        if len(tokens) > MOST_INDICES:
            raise LimitError
        found: list[Base] = []
        for order in permutations(tokens):
            self.spend(len(body.key) // 20 + 1)
            names = [f"{each[0]}#{body.height + k}" for k, each in enumerate(order, 1)]
            inside = renamed(body, dict(zip(order, names, strict=True)))
            found.append(Base(kind, indices=tuple(names), parts=(inside,), positive=body.positive))
        return min(found, key=lambda each: each.key)

    def unbound(self, base: Base) -> tuple[tuple[str, ...], Sum]:
        """Return the indices of a sum under new names, and what is summed."""
        tokens = tuple(self.token(each) for each in base.indices)
        return tokens, renamed(base.parts[0], dict(zip(base.indices, tokens, strict=True)))
