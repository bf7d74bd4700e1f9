"""Sums over finite sets: the part of the kernel that reads the theory's expressions.

Trusted, like `kernel`, `normal_form` and `forms`. It reads an expression into one fraction, whose
variables (`finite_atoms`) are parameters and, for indices that stand for any elements of their
sets, the values of functions, logarithms, exponentials, sums and least values. Beside A1 to A3, A7
and A9 of `kernel` it takes for granted, for finite sets that are not empty:

    B1  Σ_y (a(y) + b(y)) = Σ_y a(y) + Σ_y b(y),  Σ_y k a(y) = k Σ_y a(y),  Σ_y 1 = |Y|
    B2  Σ_x Σ_y a(x, y) = Σ_y Σ_x a(x, y)
    B3  the name of a bound index does not matter
    B4  min_a (k a(a) + c) = k min_a a(a) + c                       for k > 0
    B5  exp(a + b) = exp a exp b,  exp(n log a) = aⁿ                for n whole, a > 0
    B6  the rules of differentiation
    B7  hypotheses, but only those that are given: Σ_y π(x, y) = 1, or f(x) = an expression

A bound index is renamed to a number larger than all inside its sum, so that equal sums are equal
atoms. Where a logarithm's argument falls into factors, log stands for log |·|.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import permutations

from sympy import factorint
from sympy.polys.fields import FracElement
from sympy.polys.rings import PolyElement

from midpo_sym.kernel.finite_atoms import (
    FiniteAtom,
    Fraction,
    Function,
    Index,
    Mark,
    Product,
    Sum,
    Value,
    factored,
)
from midpo_sym.kernel.finite_derivative import differential
from midpo_sym.kernel.forms import Atom, Denominator, Form, OutsideClassError, Work
from midpo_sym.kernel.hypotheses import Hypothesis, check_form, normalised
from midpo_sym.kernel.responses import MissingAtom, Reader
from midpo_sym.language import indexed, tree
from midpo_sym.language.tree import Expression
from midpo_sym.session import remembered

MAX_VARIABLES = 120
MAX_BOUND = 5  # indices of one sum; their orders are tried one by one
Factors = dict[FiniteAtom, int]  # atoms and their exponents


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
    parts = (part for node in nodes for part in node.walk())
    atoms: dict[str, Atom] = {
        each.name: _parameter(each) for each in parts if isinstance(each, tree.Parameter)
    }
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


def _parameter(node: tree.Parameter) -> Value:
    return Value(node.name, (), node.domain)


class _FiniteReader(Reader):
    """Reads expressions over the variables known so far; `env` says what each index stands for."""

    def __init__(self, atoms: dict[str, Atom], work: Work, given: tuple[Hypothesis, ...]) -> None:
        super().__init__(atoms, work, detach=False)
        self.given = given
        self.equal = {each.function.name: each for each in given if each.body is not None}
        self.used: set[Hypothesis] = set()
        self.env: dict[str, Index] = {}
        self.depth = self.opened = 0
        self.at = [each for each in self.atoms.values() if isinstance(each, FiniteAtom)]
        self.logs: dict[FiniteAtom, FracElement] = {}  # atom: its logarithm, if that is no atom
        self.exps: dict[FiniteAtom, FracElement] = {}  # log atom: what it is the logarithm of

    def variable(self, atom: Atom) -> FracElement:
        found = super().variable(atom)
        if self.atoms[atom.name] != atom:
            raise OutsideClassError("two different quantities have one name")
        return found

    @contextmanager
    def scope(self, env: dict[str, Index], *, deeper: bool = False) -> Iterator[None]:
        before, self.env = self.env, env
        self.depth += deeper
        try:
            yield
        finally:
            self.env = before
            self.depth -= deeper

    def index(self, name: str) -> Index:
        return self.env.get(name, Index(name))  # one that nothing binds stands for any element

    def real(self, node: Expression, *, frozen: bool) -> Form:
        match node:
            case indexed.Indexed(name=name) if name in self.equal:
                return self.real(self.unfolded(node), frozen=frozen)
            case indexed.Indexed():
                if node.positive:  # its logarithm comes with it
                    self.split(node, frozen=frozen)
                return self.variable(self.value(node)), {}
            case indexed.IndexSum(index=index, body=body) | indexed.Least(index=index, body=body):
                token = Index(indexed.set_of(index), Mark.READ, self.depth)
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
            case tree.Parameter():
                return self.variable(_parameter(node)), {}
        return super().real(node, frozen=frozen)

    def split(self, node: Expression, *, frozen: bool) -> tuple[Form, Form]:
        one: Form = (self.field.one, {})
        match node:
            case indexed.Indexed(name=name) if name in self.equal:
                return self.split(self.unfolded(node), frozen=frozen)
            case indexed.Indexed() if node.positive:
                return one, (self.log_of_value(self.value(node)), {})
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

    def log_of_value(self, atom: Value) -> FracElement:
        if atom not in self.logs:
            log = Function("log", Fraction.alone(atom))
            missing = [each for each in (atom, log) if each.name not in self.atoms]
            if missing:  # both at once
                raise MissingAtom(*missing)
            self.logs[atom], self.exps[log] = self.variable(log), self.variable(atom)
        return self.logs[atom]

    def value(self, node: indexed.Indexed) -> Value:
        return Value(node.name, tuple(map(self.index, node.indices)), node.domain)

    def fraction(self, value: FracElement) -> Fraction:
        return Fraction.of(value, self.at)

    def single(self, value: FracElement) -> FiniteAtom | None:
        """Return the atom that a fraction is, if it is one."""
        numer = value.numer
        alone = value.denom == 1 and len(numer) == 1 and numer.LC == 1 and sum(numer.LM) == 1
        return self.at[numer.LM.index(1)] if alone else None

    def atoms_in(self, *polynomials: PolyElement) -> Iterator[FiniteAtom]:
        for polynomial in polynomials:
            degrees = polynomial.degrees()
            yield from (atom for atom, degree in zip(self.at, degrees, strict=False) if degree > 0)

    def depends(self, value: FracElement, token: Index) -> bool:
        return any(atom.depends({token}) for atom in self.atoms_in(value.numer, value.denom))

    def is_positive(self, polynomial: PolyElement) -> bool:
        """Return whether a polynomial has positive coefficients and variables only."""
        return all(c > 0 for c in polynomial.values()) and all(
            atom.positive for atom in self.atoms_in(polynomial)
        )

    def logarithm(self, factor: FracElement) -> Form:
        """Return log |R|, by the primes and the irreducible factors of R (A1, A2)."""
        total = self.field.zero
        for polynomial, sign in ((factor.numer, 1), (factor.denom, -1)):
            content, factors = factored(polynomial)
            for number, turn in ((content.numerator, sign), (content.denominator, -sign)):
                for prime, count in factorint(abs(int(number))).items():
                    total += turn * count * self.log_atom(self.field(prime))
            for each, count in factors:
                total += sign * count * self.log_of(each)
        return total, {}

    def log_of(self, irreducible: PolyElement) -> FracElement:
        value = self.field(irreducible if irreducible.LC > 0 else -irreducible)
        alone = self.single(value)
        return self.logs[alone] if alone in self.logs else self.log_atom(value)

    def log_atom(self, value: FracElement) -> FracElement:
        atom = Function("log", self.fraction(value))
        if self.is_positive(value.numer):
            self.exps[atom] = value
        return self.variable(atom)

    def exponential(self, exponent: Form) -> FracElement:
        """Return exp of a sum as the product of exp of its terms (B5)."""
        value = self.scalar(exponent)
        result = self.field.one
        for part in self.parts(value) if value else ():
            result *= self.exponential_of(part)
        return result

    def parts(self, value: FracElement) -> Iterator[FracElement]:
        """Yield fractions that add up to one: what has a common factor beside parameters."""
        if value.denom == 1 or not all(_is_parameter(a) for a in self.atoms_in(value.denom)):
            yield value
            return
        plain = [*map(_is_parameter, self.at), False]
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
            alone = self.single(unit)
            if size.denominator == 1 and alone in self.exps:
                result *= self.exps[alone] ** int(size)
                continue
            unit /= int(size.denominator)
            atom = Function("exp", self.fraction(unit))
            self.logs[atom] = unit
            result *= self.variable(atom) ** int(size.numerator)
        return result

    def summed(self, value: FracElement, token: Index) -> FracElement:
        """Return Σ over the index `token` of a fraction (B1)."""
        content, factors = factored(value.denom)
        outside, inside = self.field(content), Factors()
        for each, count in factors:
            fraction = self.field(each)
            alone = self.single(fraction)
            if not self.depends(fraction, token):
                outside *= fraction**count
            elif alone:
                inside[alone] = -count
            else:
                inside[Function("1/", self.fraction(fraction))] = count
        total = self.field.zero
        for monomial, coefficient in value.numer.terms():
            term, rest = dict(inside), [0] * len(monomial)
            for place, exponent in enumerate(monomial):
                if exponent and self.at[place].depends({token}):
                    term[self.at[place]] = term.get(self.at[place], 0) + exponent
                else:
                    rest[place] = exponent
            total += self.monomial(tuple(rest), coefficient) * self.sum_of(term, [token])
        return total / outside

    def sum_of(self, factors: Factors, bound: list[Index]) -> FracElement:
        """Return the sum of a product of variables over some indices."""
        factors, bound = self.flattened(factors, bound)
        if not bound:
            assert not factors
            return self.field.one
        # B1: what shares no index with the first is a sum of its own; Σ_y 1 is one of nothing.
        part, seen = {bound[0]}, set[Index]()
        while part != seen:
            seen = set(part)
            part.update(*(atom.free.intersection(bound) for atom in factors if atom.depends(seen)))
        mine = {atom: e for atom, e in factors.items() if atom.depends(part)}
        others = {atom: e for atom, e in factors.items() if atom not in mine}
        rest = self.sum_of(others, [each for each in bound if each not in part])
        return self.connected(mine, [each for each in bound if each in part]) * rest

    def flattened(self, factors: Factors, bound: list[Index]) -> tuple[Factors, list[Index]]:
        """Return a product in which no factor is a sum itself: Σ_y a(y) Σ_x b(x, y) (B1, B2)."""
        flat: Factors = {}
        bound = list(bound)
        for atom, exponent in factors.items():
            if not isinstance(atom, Sum) or exponent < 0:
                flat[atom] = flat.get(atom, 0) + exponent
                continue
            for _ in range(exponent):
                new = {}
                for index in atom.bound:
                    self.opened += 1
                    new[index] = Index(index.name, Mark.OPENED, self.opened)
                bound += new.values()
                for each, power in atom.term.factors:
                    moved = each.renamed(new)
                    flat[moved] = flat.get(moved, 0) + power
        return {atom: e for atom, e in flat.items() if e}, bound

    def connected(self, factors: Factors, bound: list[Index]) -> FracElement:
        """Return a sum that does not fall apart: by a hypothesis (B7), or as a variable (B3)."""
        for atom, exponent in factors.items():
            for hypothesis in self.given if exponent == 1 else ():
                done = normalised(atom, hypothesis, bound)
                others = {each: e for each, e in factors.items() if each != atom}
                if done and not any(each.depends(done) for each in others):
                    self.used.add(hypothesis)
                    return self.sum_of(others, [each for each in bound if each not in done])
        if len(bound) > MAX_BOUND:
            raise OutsideClassError("a sum over too many indices at once")
        term = Product.of(factors)

        def ordered(order: Sequence[Index]) -> dict[Index, Index]:
            numbered = enumerate(order, term.height + 1)
            return {token: Index(token.name, Mark.BOUND, k) for k, token in numbered}

        def spelt(new: dict[Index, Index]) -> str:
            return f"{' '.join(map(str, new.values()))}}}{term.spelt(new)}"

        new = min(map(ordered, permutations(bound)), key=spelt)
        return self.variable(Sum(tuple(new.values()), term.renamed(new)))

    def least(self, value: FracElement, token: Index) -> FracElement:
        """Return the least value of a fraction, constants and positive factors before it (B4)."""
        outside = inside = self.field.zero
        under = self.field(value.denom)
        for monomial, coefficient in value.numer.terms():
            term = self.monomial(monomial, coefficient) / under
            if self.depends(term, token):
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
                if self.is_positive(each) and not self.depends(fraction, token):
                    factor *= fraction ** (turn * count)
        of = self.fraction(inside / factor)
        new = Index(token.name, Mark.BOUND, of.height + 1)
        return outside + factor * self.variable(Function("min", of.renamed({token: new}), (new,)))


def _is_parameter(atom: FiniteAtom) -> bool:
    return isinstance(atom, Value) and not atom.at
