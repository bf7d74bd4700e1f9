"""Tree to normal form: the part of the kernel that reads expressions.

Trusted, like `kernel`, which states the axioms A1 to A9 cited here and is to be read first. What
has no normal form becomes an opaque atom, named by the forms of its arguments: equal if they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import comb

from sympy import QQ, Symbol
from sympy.polys.fields import FracElement, FracField
from sympy.polys.orderings import lex

from midpo_sym.kernel.atoms import Opaque, check_scope, collect, is_from_zero, leaf_of, opaque_of
from midpo_sym.kernel.forms import (
    CAUCHY,
    MAX_BITS,
    MAX_TERMS,
    MAX_WORK,
    Atom,
    Denominator,
    Form,
    Inside,
    NormalForm,
    OutsideClassError,
    Reading,
    Work,
    ZeroDenominatorError,
    bits,
    key,
    plus,
    primes,
    times,
    variables,
)
from midpo_sym.language import tree
from midpo_sym.language.printing.text import to_text
from midpo_sym.language.tree import Expression
from midpo_sym.session import remembered

MAX_OPAQUE = 32
MAX_POWER = 64  # larger whole exponents are treated as any other real one


@remembered(256)  # value and gradient of one statement, and its steps, share readings
def read(nodes: tuple[Expression, ...], *, detach: bool = False, work: int = 1) -> Reading:
    """Return the normal forms of expressions over one field.

    Args:
        nodes: the expressions.
        detach: whether the policy's atoms inside sg are kept apart from those outside.
        work: how many times `MAX_WORK` it may take.

    Raises:
        OutsideClassError: an expression is not well scoped, or too large.
        ZeroDenominatorError: an expression divides by something that is always zero.
    """
    atoms: dict[str, Atom] = {}
    for node in nodes:
        check_scope(node, "")
        collect(node, atoms)
    meter = Work(MAX_WORK * work)
    while True:  # opaque and frozen atoms come to light one by one; each asks for a larger field
        reader = Reader(atoms, meter, detach=detach)
        try:
            forms = reader.each(nodes, frozen=False)
        except MissingAtom as missing:
            atoms.update({atom.name: atom for atom in missing.atoms})
            if sum(atom.opaque for atom in atoms.values()) > MAX_OPAQUE:
                raise OutsideClassError("too many parts that have no normal form") from None
        else:
            return Reading(
                tuple(NormalForm(c, sums, reader.atoms) for c, sums in forms),
                tuple(Denominator(*each) for each in reader.denominators.items()),
                reader.functions,
            )


class MissingAtom(Exception):  # noqa: N818 - not an error: asks for a larger field
    """Asks for a larger field."""

    def __init__(self, *atoms: Atom) -> None:
        self.atoms = atoms


class Reader:
    """Computes forms over the field of rational functions in the atoms known so far."""

    def __init__(self, atoms: dict[str, Atom], work: Work, *, detach: bool) -> None:
        self.work = work
        self.functions: Inside = {}
        self.atoms = dict(sorted(atoms.items()))
        # A variable more than there are atoms: a field needs one, and it names nothing.
        self.field = FracField([*map(Symbol, self.atoms), Symbol("~")], QQ, lex)
        self.variables = dict(zip(self.atoms, self.field.gens, strict=False))
        self.thawed = {a.name: a.thawed for a in self.atoms.values() if a.thawed != a.name}
        self.detach = detach
        self.zero: Form = (self.field.zero, {})
        self.denominators: dict[FracElement, Expression] = {}

    def variable(self, atom: Atom) -> FracElement:
        if atom.name not in self.atoms:
            raise MissingAtom(atom)
        return self.variables[atom.name]

    def name(self, variable: FracElement) -> str:
        return str(self.field.symbols[variable.numer.LM.index(1)].name)

    def number(self, value: int) -> FracElement:
        return self.field.raw_new(self.field.ring(value))

    def plus(self, left: Form, right: Form) -> Form:
        sums = dict(left[1])
        for response, r in right[1].items():
            sums[response] = plus(sums[response], r) if response in sums else r
        constant = plus(left[0], right[0]) if left[0] and right[0] else left[0] or right[0]
        return constant, {response: r for response, r in sums.items() if r}

    def times(self, form: Form, factor: FracElement) -> Form:
        if not factor:
            return self.zero
        if factor == self.field.one:
            return form
        if factor == -self.field.one:
            return -form[0], {response: -r for response, r in form[1].items()}
        for part in (form[0], *form[1].values()):
            self.work.spend(part, factor)
        constant = times(form[0], factor) if form[0] else form[0]
        return constant, {response: times(r, factor) for response, r in form[1].items()}

    def product(self, left: Form, right: Form) -> Form:
        if not right[1]:
            return self.times(left, right[0])
        if not left[1]:
            return self.times(right, left[0])
        return self.times((self.scalar(left), {}), self.scalar(right))

    def divide(self, form: Form, divisor: FracElement, node: Expression) -> Form:
        if not divisor:
            raise ZeroDenominatorError
        if divisor == self.field.one:
            return form
        self.denominators.setdefault(divisor, node)
        return self.times(form, 1 / divisor)

    def power(self, base: FracElement, power: int, node: Expression) -> FracElement:
        terms = max(len(base.numer), len(base.denom), 1)
        if comb(abs(power) + terms - 1, terms - 1) > MAX_TERMS:
            raise OutsideClassError("too many terms")
        if max(bits(base.numer), bits(base.denom)) * abs(power) > MAX_BITS:
            raise OutsideClassError("too long a number")
        if power < 0:
            return self.divide((self.field.one, {}), self.power(base, -power, node), node)[0]
        return base**power if power else self.field.one

    def whole(self, exponent: Form) -> int | None:
        """Return the value of an exponent that is a whole number, whatever it is made of."""
        number = exponent[0]
        if exponent[1] or number.denom != 1 or not number.numer.is_ground:
            return None
        value = number.numer.LC
        return int(value) if value.denominator == 1 and abs(value) <= MAX_POWER else None

    def each(self, nodes: Iterable[Expression], *, frozen: bool) -> list[Form]:
        """Return the normal forms of nodes; what they all miss is asked for at once."""
        found: list[Form] = []
        missing: list[Atom] = []
        for node in nodes:
            try:
                found.append(self.real(node, frozen=frozen))
            except MissingAtom as asked:
                missing += asked.atoms
        if missing:
            raise MissingAtom(*missing)
        return found

    def real(self, node: Expression, *, frozen: bool) -> Form:
        """Return the normal form of a node.

        Raises:
            OutsideClassError: it has none; with the smallest part that has none.
        """
        try:
            return self.form(node, frozen=frozen)
        except OutsideClassError as error:
            if not error.part and isinstance(node, tree.Mul | tree.Div | tree.Pow | tree.Exp):
                error.part = to_text(node)
            raise

    def form(self, node: Expression, *, frozen: bool) -> Form:  # noqa: C901, PLR0911, PLR0912 - one case for each kind of node
        leaf = leaf_of(node, frozen=frozen)
        match node:
            case tree.Number(value=value):
                return self.number(value), {}
            case tree.Add(terms=terms):
                result = self.zero
                for term in self.each(terms, frozen=frozen):
                    result = self.plus(result, term)
                return result
            case tree.Neg(body=body):
                return self.times(self.real(body, frozen=frozen), -self.field.one)
            case tree.Log(body=body):
                return self.log(body, frozen=frozen)
            case tree.Max():
                sides = sorted((self.real(s, frozen=frozen) for s in node.children()), key=key)
                if sides[0] == sides[1]:
                    return sides[0]
                return self.opaque("max", *sides, from_zero=node.nonnegative), {}
            case tree.CauchyCdf(body=body):
                argument = self.real(body, frozen=frozen)
                return self.opaque(CAUCHY, argument, from_zero=True), {}
            case tree.TokenSum(response=response, body=body):
                return self.zero[0], {response: self.scalar(self.real(body, frozen=frozen))}
            case tree.Defined() | tree.Call() | tree.StopGradient() | tree.ByLabel():
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
                return self.divide(self.real(over, frozen=frozen), divisor, under)
            case tree.Pow(base=base, exponent=power):
                whole = self.whole(self.real(power, frozen=frozen))
                if whole is None:
                    raise OutsideClassError("a power of something that may be negative")
                return self.power(self.scalar(self.real(base, frozen=frozen)), whole, base), {}
        raise OutsideClassError(f"{type(node).__name__} has no normal form")

    def split(self, node: Expression, *, frozen: bool) -> tuple[Form, Form]:  # noqa: PLR0911 - one case for each kind of node
        """Return R and e such that a positive node is R exp(e), with as much as can be in e."""
        one: Form = (self.field.one, {})
        match node:
            case tree.Probability() | tree.TokenProbability() | tree.Normaliser():
                leaf = leaf_of(node, frozen=frozen)
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
                return self.divide(over, self.scalar(under), below), exponent
            case tree.Pow(base=base, exponent=power):  # A2
                factor, exponent = self.split(base, frozen=frozen)
                raised = self.real(power, frozen=frozen)
                whole = self.whole(raised)
                if whole is not None:
                    number = self.power(self.scalar(factor), whole, base)
                    return (number, {}), self.product(raised, exponent)
                log = self.plus(self.logarithm(self.scalar(factor)), exponent)
                return one, self.product(raised, log)
            case tree.Defined() | tree.Call() | tree.StopGradient() | tree.ByLabel():  # A7, A8
                body, frozen = self.inside(node, frozen=frozen)
                return self.split(body, frozen=frozen)
        return self.real(node, frozen=frozen), self.zero

    def inside(self, node: Expression, *, frozen: bool) -> tuple[Expression, bool]:
        """Return what a transparent node stands for, and whether it counts as a constant."""
        match node:
            case tree.StopGradient(body=body):
                return body, frozen or self.detach
            case tree.Defined(body=body) | tree.Call(body=body):
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
        """Return log R as log N − log D (A1), each by its primes and variables (A2) or opaque.

        R > 0 is neither zero nor divided by zero, so what is a sum from zero is positive. Of N and
        D, what is none, as 1 − p, stays together: with the sign of the rest it is positive.
        """
        total, rest = self.zero, self.field.one
        for polynomial, sign in ((factor.numer, 1), (factor.denom, -1)):
            content, primitive = polynomial.primitive()
            for number, turn in ((content.numerator, sign), (content.denominator, -sign)):
                for log, count in self.logarithms(int(number)):
                    total = self.plus(total, (turn * count * log, {}))
            if all(c < 0 for c in primitive.itercoeffs()):
                primitive, rest = -primitive, -rest
            if not is_from_zero(primitive, self.atoms):
                rest = times(rest, self.field(primitive) ** sign)
            elif len(primitive) > 1:
                log = self.opaque("log", (self.field(primitive), {}))
                total = self.plus(total, (sign * log, {}))
            else:
                for variable, count in zip(self.field.gens, primitive.LM, strict=True):
                    one = self.logarithm_of(variable) if count else self.zero
                    total = self.plus(total, self.times(one, self.number(sign * count)))
        if rest == -self.field.one:
            raise OutsideClassError("the logarithm of something that may be negative")
        if rest != self.field.one:
            turn = rest.numer.is_ground  # 1/(1 − p) as well has log(1 − p)
            log = self.opaque("log", (1 / rest if turn else rest, {}))
            total = self.plus(total, (-log if turn else log, {}))
        return total

    def logarithms(self, number: int) -> list[tuple[FracElement, int]]:
        """Return the logarithms of the small primes of a number, and of the rest; with powers."""
        found = primes(number)
        atoms = {prime: Opaque(f"log({prime})", f"log({prime})") for prime in found}
        missing = [atom for atom in atoms.values() if atom.name not in self.atoms]
        if missing:
            raise MissingAtom(*missing)
        for prime, atom in atoms.items():
            self.functions[atom.name] = "log", ((self.number(prime), {}),)
        return [(self.variables[atoms[prime].name], count) for prime, count in found.items()]

    def logarithm_of(self, variable: FracElement) -> Form:
        """Return log v of an atom, which is e if v = exp e (A3)."""
        function, arguments = self.functions.get(self.name(variable), ("", ()))
        return arguments[0] if function == "exp" else (self.opaque("log", (variable, {})), {})

    def exponential(self, exponent: Form) -> FracElement:
        """Return exp e, as 1/exp(-e) where e starts with a minus, so that both are one atom."""
        factor, exponent = self.powers(exponent)
        parts = (exponent[0], *(exponent[1][response] for response in sorted(exponent[1])))
        first = next((part for part in parts if part), None)
        if first is None:
            return factor
        if first.numer.LC > 0:
            return times(factor, self.opaque("exp", exponent))
        return times(factor, 1 / self.opaque("exp", self.times(exponent, -self.field.one)))

    def powers(self, exponent: Form) -> tuple[FracElement, Form]:
        """Return R and e such that exp of a form is R exp e: exp(k log a) = a^k (A2, A3)."""
        factor, constant = self.field.one, exponent[0]
        if constant.denom != 1:
            return factor, exponent
        for monomial, k in constant.numer.terms():
            if sum(monomial) != 1 or k.denominator != 1 or abs(k) > MAX_POWER:
                continue
            variable = self.field.gens[monomial.index(1)]
            function, arguments = self.functions.get(self.name(variable), ("", ()))
            if function == "log":
                base = arguments[0][0] if k > 0 else 1 / arguments[0][0]
                factor = times(factor, self.power(base, abs(int(k)), tree.Number(1)))
                constant -= int(k) * variable
        return factor, (constant, exponent[1])

    def scalar(self, form: Form) -> FracElement:
        """Return a form as one fraction: its sums over tokens become opaque atoms."""
        total = form[0]
        for response, r in form[1].items():
            if any(self.atoms[name].token for name in variables(r.denom)):
                total = plus(total, self.opaque("Σ", (self.zero[0], {response: r})))
                continue
            token = [*(atom.token for atom in self.atoms.values()), False]
            for monomial, coefficient in r.numer.terms():  # A6
                inner = tuple(e * t for e, t in zip(monomial, token, strict=True))
                outer = tuple(e * (not t) for e, t in zip(monomial, token, strict=True))
                factor = self.monomial(outer, coefficient) / self.field(r.denom)
                body = (self.zero[0], {response: self.monomial(inner, 1)})
                sum_of = self.opaque("Σ", body) if any(inner) else self.length(response)
                total = plus(total, times(factor, sum_of))
        return total

    def monomial(self, exponents: tuple[int, ...], coefficient: object) -> FracElement:
        return self.field(self.field.ring.from_dict({exponents: QQ(coefficient)}))

    def length(self, response: str) -> FracElement:
        return self.variables[f"|y_{response}|"]

    def opaque(self, function: str, *arguments: Form, from_zero: bool = False) -> FracElement:
        """Return the atom of a function of normal forms: equal arguments, equal atoms."""
        atom = opaque_of(function, arguments, self.atoms, self.thawed, from_zero=from_zero)
        self.functions[atom.name] = function, arguments
        return self.variable(atom)
