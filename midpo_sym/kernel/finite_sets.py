"""Sums over finite sets: the part of the kernel that reads the theory's expressions.

Trusted, like `kernel`, `normal_form` and `forms`. It reads an expression into one fraction, whose
variables are parameters and, for indices that stand for any elements of their sets, the values of
functions, logarithms, exponentials, sums and least values. Beside A1 to A3, A7 and A9 of `kernel`
it takes for granted, for finite sets that are not empty:

    B1  Σ_y (a(y) + b(y)) = Σ_y a(y) + Σ_y b(y),  Σ_y k a(y) = k Σ_y a(y),  Σ_y 1 = |Y|
    B2  Σ_x Σ_y a(x, y) = Σ_y Σ_x a(x, y)
    B3  the name of a bound index does not matter
    B4  min_a (k a(a) + c) = k min_a a(a) + c                       for k > 0
    B5  exp(a + b) = exp a exp b,  exp(n log a) = aⁿ                for n whole, a > 0
    B6  the rules of differentiation
    B7  hypotheses, but only those that are given: Σ_y π(x, y) = 1, or f(x) = an expression

A variable is named by what it is, with each index in marks: `log π‹x›‹y›`. A bound index is
renamed to a number larger than all inside its sum, so that equal sums have equal names and no
index is captured. Where a logarithm's argument falls into factors, log stands for log |·|.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import permutations

from sympy import factorint
from sympy.polys.fields import FracElement
from sympy.polys.rings import PolyElement

from midpo_sym.kernel.finite_derivative import differential
from midpo_sym.kernel.forms import Atom, Denominator, Form, OutsideClassError, Work, variables
from midpo_sym.kernel.hypotheses import Hypothesis, check_form, normalised
from midpo_sym.kernel.names import depends, factored, renamed, shape, single
from midpo_sym.kernel.responses import MissingAtom, Reader
from midpo_sym.language import indexed, tree
from midpo_sym.language.tree import Expression
from midpo_sym.session import remembered

MAX_VARIABLES = 120
MAX_BOUND = 5  # indices of one sum; their orders are tried one by one
Factors = dict[str, int]  # names of variables and their exponents


@dataclass(frozen=True, slots=True)
class FiniteReading:
    """Fractions over one field, what was divided by, and the hypotheses that were needed."""

    values: tuple[FracElement, ...]
    denominators: tuple[Denominator, ...]
    atoms: dict[str, Atom]
    used: frozenset[Hypothesis]


@remembered(1024)  # the lines of a chain are read again and again
def read(nodes: tuple[Expression, ...], given: tuple[Hypothesis, ...] = ()) -> FiniteReading:
    """Return expressions as fractions over one field.

    Raises:
        OutsideClassError: an expression is not well formed, or too large.
        ZeroDenominatorError: an expression divides by something that is always zero.
    """
    check_form(nodes, given)
    parameters = {n.name for node in nodes for n in node.walk() if isinstance(n, tree.Parameter)}
    atoms = {name: Atom(name) for name in parameters}
    work = Work()
    while True:  # as in `normal_form.read`, each new variable asks for a larger field
        reader = _FiniteReader(atoms, work, given)
        try:
            values = tuple(reader.scalar(reader.real(node, frozen=False)) for node in nodes)
        except MissingAtom as missing:
            atoms.update({atom.name: atom for atom in missing.atoms})
            if len(atoms) > MAX_VARIABLES:
                raise OutsideClassError("too many different quantities") from None
        else:
            denominators = tuple(Denominator(*each) for each in reader.denominators.items())
            return FiniteReading(values, denominators, reader.atoms, frozenset(reader.used))


class _FiniteReader(Reader):
    """Reads expressions over the variables known so far; `env` says what each index stands for."""

    def __init__(self, atoms: dict[str, Atom], work: Work, given: tuple[Hypothesis, ...]) -> None:
        super().__init__(atoms, work, detach=False)
        self.given = given
        self.equal = {each.function.name: each for each in given if each.body is not None}
        self.used: set[Hypothesis] = set()
        self.env: dict[str, str] = {}
        self.depth = self.fresh = 0
        self.logs: dict[str, FracElement] = {}  # variable: its logarithm, if that is no atom
        self.exps: dict[str, FracElement] = {}  # log atom: what it is the logarithm of
        self.sums: dict[str, tuple[list[str], Factors]] = {}  # sum: its indices and its term
        self.positive: set[str] = set()  # names of positive variables, without their indices

    @contextmanager
    def scope(self, env: dict[str, str], *, deeper: bool = False) -> Iterator[None]:
        before, self.env = self.env, env
        self.depth += deeper
        try:
            yield
        finally:
            self.env = before
            self.depth -= deeper

    def index(self, name: str) -> str:
        return self.env.get(name, name)  # one that nothing binds stands for any element

    def real(self, node: Expression, *, frozen: bool) -> Form:
        match node:
            case indexed.Indexed(name=name) if name in self.equal:
                return self.real(self.unfolded(node), frozen=frozen)
            case indexed.Indexed():
                if node.positive:  # its logarithm comes with it
                    self.split(node, frozen=frozen)
                return self.variable(Atom(self.named(node))), {}
            case indexed.IndexSum(index=index, body=body) | indexed.Least(index=index, body=body):
                token = f"{index[:1]}#{self.depth}"  # no index that a tree may name
                with self.scope({**self.env, index: token}, deeper=True):
                    value = self.scalar(self.real(body, frozen=frozen))
                read_ = self.summed if isinstance(node, indexed.IndexSum) else self.least
                return read_(value, token), {}
            case indexed.Applied(formals=formals, actuals=actuals, body=body):
                inner = dict(zip(formals, map(self.index, actuals), strict=True))
                with self.scope(inner):
                    return self.real(body, frozen=frozen)
            case indexed.Differential():
                if any(name in self.equal for name, *_ in indexed.functions(node)):
                    raise OutsideClassError("the derivative of what a hypothesis says")
                self.real(node.body, frozen=frozen)  # what it divides by, its derivative may not
                return self.real(differential(node), frozen=frozen)
            case tree.Parameter(name=name) if node.positive:
                self.positive.add(name)
        return super().real(node, frozen=frozen)

    def split(self, node: Expression, *, frozen: bool) -> tuple[Form, Form]:
        one: Form = (self.field.one, {})
        match node:
            case indexed.Indexed(name=name) if name in self.equal:
                return self.split(self.unfolded(node), frozen=frozen)
            case indexed.Indexed() if node.positive:
                name = self.named(node)
                value, log = self.variable(Atom(name)), self.variable(Atom(f"log {name}"))
                self.logs[name], self.exps[f"log {name}"] = log, value
                self.positive.add(shape(name))
                return one, (log, {})
            case indexed.Applied(formals=formals, actuals=actuals, body=body):
                inner = dict(zip(formals, map(self.index, actuals), strict=True))
                with self.scope(inner):
                    return self.split(body, frozen=frozen)
        return super().split(node, frozen=frozen)

    def unfolded(self, node: indexed.Indexed) -> Expression:
        """Return what a hypothesis says that a function is (B7)."""
        hypothesis = self.equal[node.name]
        self.used.add(hypothesis)
        assert hypothesis.body is not None
        formals = hypothesis.function.indices
        return indexed.Applied(node.name, formals, node.indices, hypothesis.body)

    def named(self, node: indexed.Indexed) -> str:
        return node.name + "".join(f"‹{self.index(each)}›" for each in node.indices)

    def is_positive(self, polynomial: PolyElement) -> bool:
        """Return whether a polynomial has positive coefficients and variables only."""
        return all(c > 0 for _, c in polynomial.terms()) and all(
            shape(name) in self.positive for name in variables(polynomial)
        )

    def logarithm(self, factor: FracElement) -> Form:
        """Return log |R|, by the primes and the irreducible factors of R (A1, A2)."""
        total = self.field.zero
        for polynomial, sign in ((factor.numer, 1), (factor.denom, -1)):
            content, factors = factored(polynomial)
            for number, turn in ((content.numerator, sign), (content.denominator, -sign)):
                for prime, count in factorint(abs(int(number))).items():
                    log = self.variable(Atom(f"log({prime})", opaque=True))
                    self.exps[f"log({prime})"] = self.field(prime)
                    total += turn * count * log
            for each, count in factors:
                total += sign * count * self.log_of(each)
        return total, {}

    def log_of(self, irreducible: PolyElement) -> FracElement:
        value = self.field(irreducible if irreducible.LC > 0 else -irreducible)
        name = single(value)
        if name in self.logs:
            return self.logs[name]
        log = f"log({self.text(value)})"
        if self.is_positive(value.numer):
            self.exps[log] = value
        return self.variable(Atom(log, opaque=True))

    def exponential(self, exponent: Form) -> FracElement:
        """Return exp of a sum as the product of exp of its terms (B5)."""
        value = self.scalar(exponent)
        result = self.field.one
        for part in self.parts(value) if value else ():
            result *= self.exponential_of(part)
        return result

    def parts(self, value: FracElement) -> Iterator[FracElement]:
        """Yield fractions that add up to one: what has a common factor beside parameters."""
        if not all(name.isidentifier() for name in variables(value.denom)) or value.denom == 1:
            yield value
            return
        plain = [str(symbol).isidentifier() for symbol in self.field.symbols]
        groups: dict[tuple[int, ...], FracElement] = {}
        for monomial, coefficient in value.numer.terms():
            outer = tuple(e * (not p) for e, p in zip(monomial, plain, strict=True))
            inner = tuple(e * p for e, p in zip(monomial, plain, strict=True))
            groups[outer] = groups.get(outer, self.field.zero) + self.monomial(inner, coefficient)
        for outer, total in groups.items():
            yield self.monomial(outer, 1) * (total / self.field(value.denom))

    def exponential_of(self, value: FracElement) -> FracElement:
        result = self.field.one
        whole, rest = value.numer.div(value.denom)
        terms = [(*term, self.field.ring.one) for term in whole.terms()]
        for monomial, coefficient, below in (*terms, *((*t, value.denom) for t in rest.terms())):
            unit, size = self.monomial(monomial, 1), coefficient
            if below != 1:
                unit /= self.field(below)
                under, denom = unit.denom.primitive()
                turn = -1 if denom.LC < 0 else 1
                over, numer = unit.numer.primitive()
                size = turn * coefficient * over / under
                unit = self.field(numer) / self.field(turn * denom)
            name = single(unit)
            if size.denominator == 1 and name in self.exps:
                result *= self.exps[name] ** int(size)
                continue
            unit /= int(size.denominator)
            name = f"exp({self.text(unit)})"
            self.logs[name] = unit
            self.positive.add(shape(name))
            result *= self.variable(Atom(name, opaque=True)) ** int(size.numerator)
        return result

    def text(self, value: FracElement) -> str:
        """Return a name of a fraction: equal names, equal fractions."""

        def spell(polynomial: PolyElement) -> str:
            names = [str(symbol) for symbol in polynomial.ring.symbols]
            return " + ".join(
                sorted(
                    "*".join(
                        [f"{c}", *sorted(f"{n}^{e}" for n, e in zip(names, m, strict=True) if e)]
                    )
                    for m, c in polynomial.terms()
                )
            )

        return f"[{spell(value.numer)} / {spell(value.denom)}]"

    def summed(self, value: FracElement, token: str) -> FracElement:
        """Return Σ over the index `token` of a fraction (B1)."""
        content, factors = factored(value.denom)
        outside, inside = self.field(content), dict[str, int]()
        for each, count in factors:
            fraction = self.field(each)
            name = single(fraction)
            if not depends(self.text(fraction), {token}):
                outside *= fraction**count
            elif name:
                inside[name] = -count
            else:
                inside[self.reciprocal(each)] = count
        total = self.field.zero
        for monomial, coefficient in value.numer.terms():
            term, rest = dict(inside), [0] * len(monomial)
            for place, exponent in enumerate(monomial):
                name = str(self.field.symbols[place])
                if exponent and depends(name, {token}):
                    term[name] = term.get(name, 0) + exponent
                else:
                    rest[place] = exponent
            total += self.monomial(tuple(rest), coefficient) * self.sum_of(term, [token])
        return total / outside

    def reciprocal(self, polynomial: PolyElement) -> str:
        name = f"1/({self.text(self.field(polynomial))})"
        self.variable(Atom(name, opaque=True))
        if self.is_positive(polynomial):
            self.positive.add(shape(name))
        return name

    def sum_of(self, factors: Factors, bound: list[str]) -> FracElement:
        """Return the sum of a product of variables over some indices."""
        factors, bound = self.flattened(factors, bound)
        for token in bound:
            if not any(depends(name, {token}) for name in factors):  # Σ_y 1 = |Y|
                size = f"|{token[0].upper()}|"
                self.positive.add(size)
                rest = [each for each in bound if each != token]
                return self.variable(Atom(size)) * self.sum_of(factors, rest)
        if not bound:
            assert not factors
            return self.field.one
        # B1: what shares no index with the first is a sum of its own.
        part, seen = {bound[0]}, set[str]()
        while part != seen:
            seen = set(part)
            part |= {
                token
                for name in factors
                if depends(name, part)
                for token in bound
                if depends(name, {token})
            }
        mine = {name: e for name, e in factors.items() if depends(name, part)}
        others = {name: e for name, e in factors.items() if name not in mine}
        rest = self.sum_of(others, [each for each in bound if each not in part])
        return self.connected(mine, [each for each in bound if each in part]) * rest

    def flattened(self, factors: Factors, bound: list[str]) -> tuple[Factors, list[str]]:
        """Return a product in which no factor is a sum itself: Σ_y a(y) Σ_x b(x, y) (B1, B2)."""
        flat: Factors = {}
        bound = list(bound)
        for name, exponent in factors.items():
            if name not in self.sums or exponent < 0:
                flat[name] = flat.get(name, 0) + exponent
                continue
            for _ in range(exponent):
                tokens, inner = self.sums[name]
                new = {}
                for token in tokens:
                    self.fresh += 1
                    new[token] = f"{token[0]}~{self.fresh}"
                bound += new.values()
                for each, power in inner.items():
                    moved = renamed(each, new)
                    flat[moved] = flat.get(moved, 0) + power
        return {name: e for name, e in flat.items() if e}, bound

    def connected(self, factors: Factors, bound: list[str]) -> FracElement:
        """Return a sum that does not fall apart: by a hypothesis (B7), or as a variable (B3)."""
        for name, exponent in factors.items():
            for hypothesis in self.given if exponent == 1 else ():
                done = normalised(name, hypothesis, bound)
                others = {each: e for each, e in factors.items() if each != name}
                if done and not any(depends(each, done) for each in others):
                    self.used.add(hypothesis)
                    return self.sum_of(others, [each for each in bound if each not in done])
        if len(bound) > MAX_BOUND:
            raise OutsideClassError("a sum over too many indices at once")
        height = max([0, *(int(n) for name in factors for n in re.findall(r"\$(\d+)", name))])
        spelt = []
        for order in permutations(bound):
            new = {token: f"{token[0]}${height + k}" for k, token in enumerate(order, 1)}
            term = {renamed(name, new): e for name, e in factors.items()}
            inside = "·".join(sorted(f"{name}^{e}" for name, e in term.items()))
            spelt.append((f"Σ{{{' '.join(new.values())}}}[{inside}]", list(new.values()), term))
        name, tokens, term = min(spelt, key=lambda each: each[0])
        self.sums[name] = tokens, term
        if all(shape(each) in self.positive or e % 2 == 0 for each, e in term.items()):
            self.positive.add(shape(name))
        return self.variable(Atom(name, opaque=True))

    def least(self, value: FracElement, token: str) -> FracElement:
        """Return the least value of a fraction, constants and positive factors before it (B4)."""
        outside = inside = self.field.zero
        under = self.field(value.denom)
        for monomial, coefficient in value.numer.terms():
            term = self.monomial(monomial, coefficient) / under
            if depends(self.text(term), {token}):
                inside += term
            else:
                outside += term
        if not inside:
            return outside
        factor = self.field.one
        for polynomial, turn in ((inside.numer, 1), (inside.denom, -1)):
            content, factors = factored(polynomial)
            factor *= self.field(abs(content)) ** turn
            for each, count in factors:
                fraction = self.field(each)
                if self.is_positive(each) and not depends(self.text(fraction), {token}):
                    factor *= fraction ** (turn * count)
        text = self.text(inside / factor)
        height = 1 + max([0, *(int(n) for n in re.findall(r"\$(\d+)", text))])
        name = f"min{{{token[0]}${height}}}{renamed(text, {token: f'{token[0]}${height}'})}"
        return outside + factor * self.variable(Atom(name, opaque=True))
