"""Tree to normal form: the half of the kernel that reads expressions.

Trusted, like `kernel`, which states the axioms A1 to A9 cited here and is to be read first.

A form is a pair (c, {s: r_s}) that stands for c + Σ_s Σ_t r_s(t), over the field of rational
functions in the atoms of the expression, in SymPy's `polys.fields`. What has no such form
becomes an opaque atom, named by the forms of its arguments: equal names, equal quantities.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from math import comb

from sympy import QQ, Symbol, factorint
from sympy.polys.fields import FracElement, FracField
from sympy.polys.orderings import lex
from sympy.polys.rings import PolyElement

from midpo_sym.language import tree
from midpo_sym.language.text import to_text
from midpo_sym.language.tree import Expression

MAX_TERMS = 500
MAX_POWER = 64  # larger whole exponents are treated as any other real one
FROZEN = "°"  # marks an atom inside sg, when gradients are compared


class OutsideClassError(Exception):
    """The expression is outside the class that the kernel decides; says why."""


class ZeroDenominatorError(Exception):
    """A denominator is zero whatever its variables are."""


@dataclass(frozen=True, slots=True, order=True)
class Atom:
    """A variable of the normal form.

    Attributes:
        name: equal names are equal quantities.
        token: whether it varies from token to token.
        policy: whether a gradient flows from it into the policy.
        opaque: whether other atoms hide in it.
        leaf: the node it stands for, unless it is opaque.
    """

    name: str
    token: bool = False
    policy: bool = False
    opaque: bool = False
    leaf: Expression | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class NormalForm:
    """c + Σ_s Σ_t r_s(t); `atoms` says what each variable of the field is."""

    constant: FracElement
    sums: dict[str, FracElement]
    atoms: dict[str, Atom]

    def atoms_of(self, value: FracElement) -> list[Atom]:
        """Return the atoms that a fraction, kept in lowest terms, depends on."""
        names = {*_names(value.numer), *_names(value.denom)}
        return [self.atoms[name] for name in sorted(names)]

    def present(self) -> list[Atom]:
        """Return the atoms of all parts."""
        parts = (self.constant, *self.sums.values())
        return [atom for part in parts for atom in self.atoms_of(part)]


Form = tuple[FracElement, dict[str, FracElement]]  # c and r_s


@dataclass(frozen=True, slots=True)
class Reading:
    """Expressions in normal form, over one field, and what they were divided by."""

    forms: tuple[NormalForm, ...]
    denominators: tuple[FracElement, ...]


@lru_cache(maxsize=256)  # value and gradient of one statement, and its steps, share readings
def read(nodes: tuple[Expression, ...], *, hold: bool = False) -> Reading:
    """Return the normal forms of expressions over one field.

    Args:
        nodes: the expressions.
        hold: whether the policy's atoms inside sg are kept apart from those outside.

    Raises:
        OutsideClassError: an expression is not well scoped, or too large.
        ZeroDenominatorError: an expression divides by something that is always zero.
    """
    atoms: dict[str, Atom] = {}
    for node in nodes:
        _check_scope(node, "")
        _collect(node, atoms)
    while True:  # opaque and frozen atoms come to light one by one; each asks for a larger field
        reader = _Reader(atoms, hold=hold)
        try:
            forms = [reader.real(node, frozen=False) for node in nodes]
        except _MissingAtom as missing:
            atoms[missing.atom.name] = missing.atom
        else:
            return Reading(
                tuple(NormalForm(c, sums, reader.atoms) for c, sums in forms),
                tuple(reader.denominators),
            )


class _MissingAtom(Exception):  # noqa: N818 - not an error: asks for a larger field
    def __init__(self, atom: Atom) -> None:
        self.atom = atom


def _check_scope(node: Expression, bound: str) -> None:
    """Check that every token atom stands under one sum or product, over its own response."""
    _check_names(node)
    match node:
        case tree.TokenProbability() | tree.Divergence() | tree.Weight():
            if node.response != bound:
                raise OutsideClassError("a token quantity outside the sum over its own tokens")
        case tree.TokenSum() | tree.TokenProduct():
            if bound:
                raise OutsideClassError("a sum over tokens inside another one")
            bound = node.response
        case tree.Probability():
            if bound:
                raise OutsideClassError("a whole response inside a sum over tokens")
    for child in node.children():
        _check_scope(child, bound)


def _check_names(node: Expression) -> None:
    """Check that names are plain words: brackets and signs tell the atoms of nodes apart."""
    if isinstance(node, tree.Defined):  # stands for its body, whatever its name
        return
    for key in ("name", "model", "first", "second", "response"):
        if not getattr(node, key, "_").isidentifier():
            raise OutsideClassError("a name that is not a plain word")


def _leaf(node: Expression, *, frozen: bool) -> Atom | None:
    """Return the atom of a node that is one, or whose logarithm is one."""
    policy = False
    leaf = node
    match node:
        case tree.Parameter():
            return Atom(node.name, leaf=node)
        case tree.Length():
            return Atom(f"|y_{node.response}|", leaf=node)
        case tree.Normaliser():
            return Atom("log Z(x)", leaf=tree.Log(node))
        case tree.Weight():
            name = to_text(node)
        case tree.Divergence(first, second, response):
            name, policy = f"KL({first}, {second}, {response})", True  # no weight is called so
        case tree.Probability(model, response) | tree.TokenProbability(model, response):
            leaf = tree.Log(tree.TokenProbability(model, response))
            name, policy = to_text(leaf), model == "pi"
        case _:
            return None
    held = policy and frozen
    return Atom(name + FROZEN * held, token=True, policy=policy and not held, leaf=leaf)


def _collect(node: Expression, atoms: dict[str, Atom]) -> None:
    """Collect the atoms outside sg: those inside are replaced by them in the end."""
    atom = _leaf(node, frozen=False)
    if atom:
        atoms[atom.name] = atom
    response = getattr(node, "response", "")
    if response:
        atoms[f"|y_{response}|"] = Atom(f"|y_{response}|", leaf=tree.Length(response))
    for child in node.children():
        _collect(child, atoms)


class _Reader:
    """Computes forms over the field of rational functions in the atoms known so far."""

    def __init__(self, atoms: dict[str, Atom], *, hold: bool) -> None:
        self.atoms = dict(sorted(atoms.items()))
        # A variable more than there are atoms: a field needs one, and it names nothing.
        self.field = FracField([*map(Symbol, self.atoms), Symbol("~")], QQ, lex)
        self.hold = hold
        self.zero: Form = (self.field.zero, {})
        self.denominators: dict[FracElement, None] = {}

    def variable(self, atom: Atom) -> FracElement:
        if atom.name not in self.atoms:
            raise _MissingAtom(atom)
        return self.field(Symbol(atom.name))

    def plus(self, left: Form, right: Form) -> Form:
        sums = dict(left[1])
        for response, r in right[1].items():
            sums[response] = sums[response] + r if response in sums else r
        constant = left[0] + right[0] if left[0] and right[0] else left[0] or right[0]
        return constant, {response: r for response, r in sums.items() if r}

    def times(self, form: Form, factor: FracElement) -> Form:
        for part in (form[0], *form[1].values()):
            if len(part.numer) * len(factor.numer) > MAX_TERMS**2:
                raise OutsideClassError("too many terms")
        if not factor:
            return self.zero
        if factor == self.field.one:
            return form
        if factor == -self.field.one:
            return -form[0], {response: -r for response, r in form[1].items()}
        constant = form[0] * factor if form[0] else form[0]
        return constant, {response: r * factor for response, r in form[1].items()}

    def product(self, left: Form, right: Form) -> Form:
        if not right[1]:
            return self.times(left, right[0])
        if not left[1]:
            return self.times(right, left[0])
        return self.times((self.scalar(left), {}), self.scalar(right))

    def divide(self, form: Form, divisor: FracElement) -> Form:
        if not divisor:
            raise ZeroDenominatorError
        if divisor == self.field.one:
            return form
        self.denominators[divisor] = None
        return self.times(form, 1 / divisor)

    def power(self, base: FracElement, power: int) -> FracElement:
        terms = max(len(base.numer), len(base.denom), 1)
        if comb(abs(power) + terms - 1, terms - 1) > MAX_TERMS:
            raise OutsideClassError("too many terms")
        if power < 0:
            return self.divide((self.field.one, {}), self.power(base, -power))[0]
        return base**power if power else self.field.one

    def whole(self, exponent: Form) -> int | None:
        """Return the value of an exponent that is a whole number, whatever it is made of."""
        number = exponent[0]
        if exponent[1] or number.denom != 1 or not number.numer.is_ground:
            return None
        value = number.numer.LC
        return int(value) if value.denominator == 1 and abs(value) <= MAX_POWER else None

    def real(self, node: Expression, *, frozen: bool) -> Form:
        """Return the normal form of a node."""
        leaf = _leaf(node, frozen=frozen)
        match node:
            case tree.Number(value=value):
                return self.field(value), {}
            case tree.Add(terms=terms):
                result = self.zero
                for term in terms:
                    result = self.plus(result, self.real(term, frozen=frozen))
                return result
            case tree.Neg(body=body):
                return self.times(self.real(body, frozen=frozen), -self.field.one)
            case tree.Log(body=body):
                return self.log(body, frozen=frozen)
            case tree.Max():
                sides = [self.real(side, frozen=frozen) for side in node.children()]
                return (self.opaque("max", *sorted(sides, key=_key)), {})
            case tree.TokenSum(response=response, body=body):
                return self.zero[0], {response: self.scalar(self.real(body, frozen=frozen))}
            case tree.Defined() | tree.StopGradient() | tree.ByLabel():
                body, frozen = self.inside(node, frozen=frozen)
                return self.real(body, frozen=frozen)
        if leaf and leaf.leaf == node:
            return self.variable(leaf), {}
        if node.positive:
            factor, exponent = self.split(node, frozen=frozen)
            return self.times(factor, self.exponential(exponent))
        match node:
            case tree.Mul(factors=factors):
                result = (self.field.one, {})
                for each in factors:
                    result = self.product(result, self.real(each, frozen=frozen))
                return result
            case tree.Div(numerator=over, denominator=under):
                divisor = self.scalar(self.real(under, frozen=frozen))
                return self.divide(self.real(over, frozen=frozen), divisor)
            case tree.Pow(base=base, exponent=power):
                whole = self.whole(self.real(power, frozen=frozen))
                if whole is None:
                    raise OutsideClassError("a power of something that may be negative")
                return self.power(self.scalar(self.real(base, frozen=frozen)), whole), {}
        raise OutsideClassError(f"{type(node).__name__} has no normal form")

    def split(self, node: Expression, *, frozen: bool) -> tuple[Form, Form]:
        """Return R and e such that a positive node is R exp(e), with as much as can be in e."""
        one: Form = (self.field.one, {})
        match node:
            case tree.Probability() | tree.TokenProbability() | tree.Normaliser():
                leaf = _leaf(node, frozen=frozen)
                assert leaf is not None
                log = self.variable(leaf)
                if isinstance(node, tree.Probability):  # A5
                    return one, (self.zero[0], {node.response: log})
                return one, (log, {})
            case tree.TokenProduct(response=response, body=body):  # A4
                r = self.scalar(self.log(body, frozen=frozen))
                return one, (self.zero[0], {response: r})
            case tree.Exp(body=body):  # A3
                return one, self.real(body, frozen=frozen)
            case tree.Mul(factors=factors):  # A1
                result = one, self.zero
                for each in factors:
                    factor, exponent = self.split(each, frozen=frozen)
                    result = self.product(result[0], factor), self.plus(result[1], exponent)
                return result
            case tree.Div(numerator=above, denominator=below):  # A1
                over, plus = self.split(above, frozen=frozen)
                under, minus = self.split(below, frozen=frozen)
                exponent = self.plus(plus, self.times(minus, -self.field.one))
                return self.divide(over, self.scalar(under)), exponent
            case tree.Pow(base=base, exponent=power):  # A2
                factor, exponent = self.split(base, frozen=frozen)
                raised = self.real(power, frozen=frozen)
                whole = self.whole(raised)
                if whole is not None:
                    number = self.power(self.scalar(factor), whole)
                    return (number, {}), self.product(raised, exponent)
                log = self.plus(self.logarithm(self.scalar(factor)), exponent)
                return one, self.product(raised, log)
            case tree.Defined() | tree.StopGradient() | tree.ByLabel():  # A7, A8
                body, frozen = self.inside(node, frozen=frozen)
                return self.split(body, frozen=frozen)
        return self.real(node, frozen=frozen), self.zero

    def inside(self, node: Expression, *, frozen: bool) -> tuple[Expression, bool]:
        """Return what a transparent node stands for, and whether it counts as a constant."""
        match node:
            case tree.StopGradient(body=body):
                return body, frozen or self.hold
            case tree.Defined(body=body):
                return body, frozen
            case (
                tree.ByLabel(response="w", chosen=body) | tree.ByLabel(response="l", rejected=body)
            ):
                return body, frozen
        raise OutsideClassError("the label of a response that has none")

    def log(self, node: Expression, *, frozen: bool) -> Form:
        """Return the normal form of the logarithm of a positive node."""
        factor, exponent = self.split(node, frozen=frozen)
        return self.plus(self.logarithm(self.scalar(factor)), exponent)

    def logarithm(self, factor: FracElement) -> Form:
        """Return log R: of a monomial by its primes and variables (A1, A2), else opaque."""
        if len(factor.numer) != 1 or len(factor.denom) != 1:
            return self.opaque("log", (factor, {})), {}
        if factor == self.field.one:
            return self.zero
        total = self.zero[0]
        for polynomial, sign in ((factor.numer, 1), (factor.denom, -1)):
            ((monomial, coefficient),) = polynomial.terms()
            for number, turn in ((coefficient.numerator, sign), (coefficient.denominator, -sign)):
                for prime, count in factorint(int(number)).items():
                    total += turn * count * self.variable(Atom(f"log({prime})", opaque=True))
            for variable, count in zip(self.field.gens, monomial, strict=True):
                if count:
                    total += sign * count * self.opaque("log", (variable, {}))
        return total, {}

    def exponential(self, exponent: Form) -> FracElement:
        none = not exponent[0] and not any(exponent[1].values())
        return self.field.one if none else self.opaque("exp", exponent)

    def scalar(self, form: Form) -> FracElement:
        """Return a form as one fraction: its sums over tokens become opaque atoms."""
        total = form[0]
        for response, r in form[1].items():
            if any(self.atoms[name].token for name in _names(r.denom)):
                total += self.opaque("Σ", (self.zero[0], {response: r}))
                continue
            token = [*(atom.token for atom in self.atoms.values()), False]
            for monomial, coefficient in r.numer.terms():  # A6
                inner = tuple(e * t for e, t in zip(monomial, token, strict=True))
                outer = tuple(e * (not t) for e, t in zip(monomial, token, strict=True))
                factor = self.monomial(outer, coefficient) / self.field(r.denom)
                body = (self.zero[0], {response: self.monomial(inner, 1)})
                total += factor * (self.opaque("Σ", body) if any(inner) else self.length(response))
        return total

    def monomial(self, exponents: tuple[int, ...], coefficient: object) -> FracElement:
        return self.field(self.field.ring.from_dict({exponents: QQ(coefficient)}))

    def length(self, response: str) -> FracElement:
        return self.field(Symbol(f"|y_{response}|"))

    def opaque(self, function: str, *arguments: Form) -> FracElement:
        """Return the atom of a function of normal forms: equal arguments, equal atoms."""
        name = f"{function}({', '.join(_key(each) for each in arguments)})"
        forms = [NormalForm(c, sums, self.atoms) for c, sums in arguments]
        token = any(atom.token for each in forms for atom in each.atoms_of(each.constant))
        policy = any(atom.policy for each in forms for atom in each.present())
        return self.variable(Atom(name, token, policy, opaque=True))


def _names(polynomial: PolyElement) -> Iterator[str]:
    """Yield the variables that a polynomial depends on."""
    for symbol, degree in zip(polynomial.ring.symbols, polynomial.degrees(), strict=True):
        if degree > 0:
            yield str(symbol)


def _key(form: Form) -> str:
    """Return a text that is equal for equal forms, whatever other variables the field has."""

    def text(polynomial: PolyElement) -> str:
        names = [str(symbol) for symbol in polynomial.ring.symbols]
        return " + ".join(
            "*".join([str(coefficient), *(f"{n}^{e}" for n, e in zip(names, m, strict=True) if e)])
            for m, coefficient in polynomial.terms()
        )

    parts = [("", form[0]), *((f"Σ_{s} ", r) for s, r in sorted(form[1].items()))]
    return " + ".join(f"{sign}[{text(r.numer)} / {text(r.denom)}]" for sign, r in parts if r)
