"""The kernel: the only module that can make a theorem. Read it first, then its two helpers.

It decides whether two expressions are equal for every policy, every pair of responses and every
value of the parameters. Taking logarithms turns every expression of the language into

    E = c + Σ_{s in responses} Σ_{t <= |y_s|} r_s(t)

with c a rational function of the parameters and lengths, and r_s a rational function of those and
of the atoms of one token: log-probabilities, divergences, weights. E is zero everywhere iff each
r_s is free of token atoms and c + Σ_s |y_s| r_s = 0: one token after the responses part can vary
alone, and the atoms of a token are algebraically independent. Sums carry no index name, so no
index can be captured.

What it takes for granted (the axioms):

    A1  log(ab) = log a + log b,  log(a/b) = log a - log b          for a, b > 0
    A2  log(a^e) = e log a                                          for a > 0, e real
    A3  log exp a = a
    A4  log Π_t a(t) = Σ_t log a(t)                                 for a(t) > 0
    A5  π(y|x) = Π_t π(y_t|x, y_<t)                                 for every model
    A6  Σ_t (a(t) + b(t)) = Σ_t a(t) + Σ_t b(t),  Σ_t k a(t) = k Σ_t a(t),  Σ_t 1 = |y|
    A7  a name stands for what it was defined as, by_label(a, b) for a at w and for b at l
    A8  sg(a) = a for the value; for the gradient sg(a) is a constant
    A9  the field laws, in SymPy's `polys.fields`: a quotient asks that its denominator is not zero

The products of sums, maxima, logarithms of sums and exponentials that remain are opaque atoms,
named by the normal form of their arguments: the same name proves equality, another name proves
nothing. The answer is then `UNKNOWN`, never a guess.
"""

from __future__ import annotations

from dataclasses import InitVar, dataclass, field
from enum import Enum
from typing import Final

from sympy import Symbol
from sympy.polys.fields import FracElement
from sympy.polys.rings import PolyElement

from midpo_sym.language import tree
from midpo_sym.language.tree import Expression
from midpo_sym.prover.forms import FROZEN, Atom, Denominator, NormalForm, ZeroDenominatorError
from midpo_sym.prover.normal_form import read


class Answer(Enum):
    """What the kernel says of an equation."""

    EQUAL = "equal"
    UNEQUAL = "unequal"
    UNKNOWN = "unknown"


class Mode(Enum):
    """What a theorem is about: values, where sg(a) = a, or also gradients through the policy."""

    VALUE = "value"
    GRADIENT = "gradient"


_SEAL: Final = object()


@dataclass(frozen=True, slots=True)
class Theorem:
    """left = right, for every policy, responses and parameters that keep denominators from zero.

    Attributes:
        left: one side.
        right: the other side.
        mode: whether the values are equal, or the gradients as well.
        denominators: what must not be zero.
        seal: the kernel's own; not kept, so that no copy with other sides can be made.
    """

    left: Expression
    right: Expression
    mode: Mode
    denominators: tuple[Denominator, ...]
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        """Refuse to be made anywhere but here.

        Raises:
            TypeError: the caller is not the kernel.
        """
        if seal is not _SEAL:
            message = "only the kernel makes theorems"
            raise TypeError(message)


@dataclass(frozen=True, slots=True)
class Decision:
    """The kernel's answer to left = right.

    Attributes:
        answer: whether the sides are equal.
        theorem: there if the answer is EQUAL, and only then.
        difference: left minus right, in normal form.
        slopes: for gradients, the coefficients that the gradients of the policy's atoms keep in
            left minus right; empty if the sides are gradient-equal.
    """

    answer: Answer
    theorem: Theorem | None
    difference: NormalForm
    slopes: dict[Atom, FracElement] = field(default_factory=dict)


def decide(left: Expression, right: Expression) -> Decision:
    """Decide whether two expressions have the same value.

    Raises:
        OutsideClassError: an expression is not well scoped, or too large.
        ZeroDenominatorError: an expression divides by something that is always zero.
    """
    difference, denominators = _difference(left, right, hold=False)
    theorem = None
    if _is_zero(difference):
        theorem = Theorem(left, right, Mode.VALUE, denominators, _SEAL)
    return Decision(_answer(theorem, difference), theorem, difference)


def decide_gradient(left: Expression, right: Expression) -> Decision:
    """Decide whether two expressions have the same gradient in every parameter of the policy.

    Raises:
        OutsideClassError: an expression is not well scoped, or too large.
        ZeroDenominatorError: an expression divides by something that is always zero.
    """
    sides = (*left.walk(), *right.walk())
    hold = any(isinstance(node, tree.StopGradient) for node in sides)
    difference, denominators = _difference(left, right, hold=hold)
    slopes = _slopes(difference)
    theorem = None
    if not slopes:
        theorem = Theorem(left, right, Mode.GRADIENT, denominators, _SEAL)
    return Decision(_answer(theorem, difference), theorem, difference, slopes)


def normal_form(node: Expression) -> NormalForm:
    """Return the normal form of the value of an expression.

    Raises:
        OutsideClassError: it is not well scoped, or too large.
        ZeroDenominatorError: it divides by something that is always zero.
    """
    return read((node,)).forms[0]


def _difference(
    left: Expression, right: Expression, *, hold: bool
) -> tuple[NormalForm, tuple[Denominator, ...]]:
    reading = read((left, right), hold=hold)
    one, other = reading.forms
    sums = dict(one.sums)
    for response, r in other.sums.items():
        sums[response] = sums.get(response, r.field.zero) - r
    sums = {response: r for response, r in sums.items() if r}
    return NormalForm(one.constant - other.constant, sums, one.atoms), reading.denominators


def _answer(theorem: Theorem | None, difference: NormalForm) -> Answer:
    if theorem:
        return Answer.EQUAL
    hidden = any(atom.opaque for atom in difference.present())
    return Answer.UNKNOWN if hidden else Answer.UNEQUAL


def _is_zero(form: NormalForm) -> bool:
    """Decide c + Σ_s Σ_t r_s(t) = 0, as the top of the module says."""
    total = form.constant
    for response, r in form.sums.items():
        if any(atom.token for atom in form.atoms_of(r)):
            return False
        total += r * total.field(Symbol(f"|y_{response}|"))
    return not total


def _slopes(form: NormalForm) -> dict[Atom, FracElement]:
    """Return ∂r/∂a for each policy atom a, where it is not zero once sg(b) = b is put in.

    The gradient of Σ_t r(t) is Σ_t Σ_a (∂r/∂a) ∇a, and the ∇a of one token are independent.
    """
    found: dict[Atom, FracElement] = {}
    for part in (form.constant, *form.sums.values()):
        for atom in form.atoms_of(part):
            if atom.policy:
                slope = _thaw(part.diff(part.field(Symbol(atom.name))))
                if slope:
                    found[atom] = slope
    return found


def _thaw(value: FracElement) -> FracElement:
    """Return a fraction with each atom inside sg replaced by the same atom outside."""
    names = [str(symbol) for symbol in value.field.symbols]
    target = [names.index(name.removesuffix(FROZEN)) for name in names]

    def thaw(polynomial: PolyElement) -> FracElement:
        terms: dict[tuple[int, ...], object] = {}
        for monomial, coefficient in polynomial.terms():
            exponents = [0] * len(names)
            for place, exponent in enumerate(monomial):
                exponents[target[place]] += exponent
            key = tuple(exponents)
            terms[key] = terms.get(key, 0) + coefficient
        return value.field(value.field.ring.from_dict(terms))

    denominator = thaw(value.denom)
    if not denominator:
        raise ZeroDenominatorError
    return thaw(value.numer) / denominator
