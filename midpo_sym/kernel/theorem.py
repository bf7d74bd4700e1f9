"""The kernel: the only module that can make a theorem. Read it first, then its helpers.

It decides whether two expressions are equal for every policy, every pair of responses and every
value of the parameters. Taking logarithms turns every expression of the language into

    E = c + Σ_{s in responses} Σ_{t <= |y_s|} r_s(t)

with c a rational function of parameters, lengths and data of a response, pair or batch, and r_s a
rational function of those and of the atoms of one token: log-probabilities, divergences and other
statistics, weights. E is zero everywhere iff each r_s is free of token atoms and
c + Σ_s |y_s| r_s = 0: one token after the responses part can vary alone, and the atoms of a token
are algebraically independent. Sums carry no index name, so no index can be captured.

What it takes for granted (the axioms):

    A1  log(ab) = log a + log b,  log(a/b) = log a - log b          for a, b > 0
    A2  log(a^e) = e log a                                          for a > 0, e real
    A3  log exp a = a
    A4  log Π_t a(t) = Σ_t log a(t)                                 for a(t) > 0
    A5  π(y|x) = Π_t π(y_t|x, y_<t)                                 for every model
    A6  Σ_t (a(t) + b(t)) = Σ_t a(t) + Σ_t b(t),  Σ_t k a(t) = k Σ_t a(t),  Σ_t 1 = |y|
    A7  a name or function stands for its definition, by_label(a, b) for a at w and for b at l
    A8  sg(a) = a for the value; for the gradient sg(a) is a constant
    A9  the field laws, in SymPy's `polys.fields`: a quotient asks that its denominator is not zero
    A10 the chain rule: log R, exp e and Σ_t r(t) have the gradients ∇R/R, exp(e) ∇e and Σ_t ∇r(t);
        a maximum has one where its sides differ, and F one, whatever they are
    A11 exp(a + b) = exp a exp b
    A12 (a^(1/n))^n = a                                             for a > 0, n = 1, 2, 3, …
    A13 exp a > 0, log n > 0 for n > 1, and F(a) > 0 for F = `cauchy_cdf`: nothing more of it;
        even powers are not negative, nor is max(a, −a); parameters, weights, data and statistics
        lie in their domains; sums, products, quotients, maxima, sums over tokens of such are such,
        and 1 − p > 0 for p below one
    A14 max(a, b) = a where a ≥ b, and b where b ≥ a; a ≥ b just where log a ≥ log b, for a, b > 0

The place of a token in its response is an atom as well. What holds whatever it is, holds; but it
is no free number, so where one remains, another normal form proves nothing.

The products of sums, maxima, logarithms of sums and exponentials that remain are opaque atoms,
named by the normal form of their arguments: the same name proves equality, another name proves
nothing. A difference that keeps some is read once more, into a tower (`tower`): by A11 and A12 an
exponential is a monomial in generators, by A1 a logarithm is a sum of those of factors, by A6 a
sum over tokens is one over a basis, and maxima are taken case by case (A14). If it is zero there,
in every case, it is zero, since each step is an equation at every point where the case holds; if
not, that proves nothing, and the answer is `UNKNOWN`, never a guess.

The theory's expressions, with sums over any finite set, are read by `finite` (axioms B1 to B7) and
ordered by `order` (C1 to C3). Least values need two more:

    D1  min_a f(a) <= f(b)
    D2  c <= f(a) for every a, and c free of a, give c <= min_a f(a)
"""

from __future__ import annotations

from dataclasses import InitVar, dataclass, field
from enum import Enum
from typing import Final

from sympy import Symbol
from sympy.polys.fields import FracElement

from midpo_sym.kernel.derivative import slopes_of
from midpo_sym.kernel.finite_sets import read as read_indexed
from midpo_sym.kernel.forms import Atom, Denominator, NormalForm, Reading, plus, times
from midpo_sym.kernel.hypotheses import Hypothesis, check_form
from midpo_sym.kernel.order import nonnegative, only_zero_at
from midpo_sym.kernel.responses import read
from midpo_sym.kernel.tower.cases import in_every_case
from midpo_sym.kernel.tower.generators import Tower
from midpo_sym.kernel.tower.slopes import is_still
from midpo_sym.language import indexed, tree
from midpo_sym.language.tree import Expression


class Answer(Enum):
    """What the kernel says of an equation."""

    EQUAL = "equal"
    UNEQUAL = "unequal"
    UNKNOWN = "unknown"


class Mode(Enum):
    """What a theorem says of its sides.

    Their values are equal (with sg(a) = a), or their gradients through the policy are; or the
    left is at most the right; or, if those of the premise are equal, so are these, or just then.
    """

    VALUE = "value"
    GRADIENT = "gradient"
    AT_MOST = "at most"
    ONLY_IF = "only if"
    IF_AND_ONLY_IF = "if and only if"


_SEAL: Final = object()


@dataclass(frozen=True, slots=True)
class Theorem:
    """left = right, for every policy, responses and parameters that keep denominators from zero.

    Attributes:
        left: one side.
        right: the other side.
        mode: whether the values are equal, or the gradients; or another relation.
        denominators: what must not be zero.
        seal: the kernel's own; not kept, so that no copy with other sides can be made.
        hypotheses: those that the theorem needs.
        premise: the two sides that are to be equal, for `ONLY_IF` and `IF_AND_ONLY_IF`.
    """

    left: Expression
    right: Expression
    mode: Mode
    denominators: tuple[Denominator, ...]
    seal: InitVar[object]
    hypotheses: frozenset[Hypothesis] = frozenset()
    premise: tuple[Expression, Expression] | None = None

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


def decide(left: Expression, right: Expression, *, work: int = 1) -> Decision:
    """Decide whether two expressions have the same value: ⊢ left = right, by A1 to A9, A11 to A14.

    Raises:
        OutsideClassError: an expression is not well scoped, or too large.
        ZeroDenominatorError: an expression divides by something that is always zero.
    """
    difference, reading = _difference(left, right, detach=False, work=work)
    theorem = None
    if _is_zero(difference) or (
        _hides(difference) and in_every_case(difference, reading.inside, Tower.is_zero, work)
    ):
        theorem = Theorem(left, right, Mode.VALUE, reading.denominators, _SEAL)
    return Decision(_answer(theorem, difference), theorem, difference)


def decide_gradient(left: Expression, right: Expression, *, work: int = 1) -> Decision:
    """Decide whether two expressions have the same gradient in every parameter of the policy.

    ⊢ ∇left = ∇right, by A1 to A14. A maximum's case holds near a point where its sides differ.

    Raises:
        OutsideClassError: an expression is not well scoped, or too large.
        ZeroDenominatorError: an expression divides by something that is always zero.
    """
    sides = (*left.walk(), *right.walk())
    detach = any(isinstance(node, tree.StopGradient) for node in sides)
    difference, reading = _difference(left, right, detach=detach, work=work)
    denominators = reading.denominators
    slopes = slopes_of(difference, reading.inside)
    theorem = None
    if slopes and _hides(difference) and in_every_case(difference, reading.inside, is_still, work):
        slopes = {}
    if not slopes:
        theorem = Theorem(left, right, Mode.GRADIENT, denominators, _SEAL)
    return Decision(_answer(theorem, difference), theorem, difference, slopes)


Given = tuple[Hypothesis, ...]


def decide_indexed(left: Expression, right: Expression, given: Given = ()) -> Decision:
    """Decide whether two expressions of the theory are equal, whatever their free indices are.

    Γ ⊢ left = right, by B1 to B7, where Γ are the hypotheses that were used. The answer is
    `EQUAL` or `UNKNOWN`.

    Raises:
        OutsideClassError: an expression is not well formed, or too large.
        ZeroDenominatorError: an expression divides by something that is always zero.
    """
    reading = read_indexed((left, right), given)
    difference = NormalForm(reading.values[0] - reading.values[1], {}, reading.atoms)
    theorem = None
    if not difference.constant:
        theorem = Theorem(left, right, Mode.VALUE, reading.denominators, _SEAL, reading.used)
    return Decision(Answer.EQUAL if theorem else Answer.UNKNOWN, theorem, difference)


def prove_at_most(
    left: Expression, right: Expression, gap: Expression, given: Given = ()
) -> Theorem | None:
    """Return right − left = gap, gap ≥ 0 by its form ⊢ left ≤ right (C1, C2)."""
    same = decide_indexed(tree.add(right, tree.Neg(left)), gap, given).theorem
    return _theorem(left, right, Mode.AT_MOST, same) if same and nonnegative(gap) else None


def prove_only_if(
    bound: Theorem, gap: Expression, one: Expression, other: Expression, given: Given = ()
) -> Theorem | None:
    """Return left ≤ right, left = right, a gap 0 only at one/other = 1 ⊢ one = other (C3)."""
    again = prove_at_most(bound.left, bound.right, gap, given)
    ratio = only_zero_at(gap)
    if not again or ratio is None or not (one.positive and other.positive):
        return None
    for quotient in (tree.Div(one, other), tree.Div(other, one)):
        same = decide_indexed(ratio, quotient, given).theorem
        if same:
            sides = bound.left, bound.right
            return _theorem(one, other, Mode.ONLY_IF, again, same, premise=sides)
    return None


def prove_if_and_only_if(
    premise: tuple[Expression, Expression],
    factor: Expression,
    sides: tuple[Expression, Expression],
    given: Given = (),
) -> Theorem | None:
    """Return a − b = k (log c − log d), k > 0 ⊢ a = b if and only if c = d."""
    difference = tree.add(premise[0], tree.Neg(premise[1]))
    logs = tree.add(tree.Log(sides[0]), tree.Neg(tree.Log(sides[1])))
    same = decide_indexed(difference, tree.mul(factor, logs), given).theorem
    if same is None or not factor.positive:
        return None
    return _theorem(*sides, Mode.IF_AND_ONLY_IF, same, premise=premise)


def prove_instance(
    least: indexed.Least, value: Expression, at: str, given: Given = ()
) -> Theorem | None:
    """Return ⊢ min_a f(a) ≤ f(b), for an index b of the same set (D1)."""
    formals = sorted(indexed.free_indices(least.body) | {least.index})
    actuals = [at if each == least.index else each for each in formals]
    taken = indexed.Applied("_", tuple(formals), tuple(actuals), least.body)
    same = decide_indexed(taken, value, given).theorem
    return _theorem(least, value, Mode.AT_MOST, same) if same else None


def generalise(bound: Theorem, index: str) -> Theorem | None:
    """Return c ≤ f(a), c free of a ⊢ c ≤ min_a f(a) (D2)."""
    fits = bound.mode is Mode.AT_MOST and index not in indexed.free_indices(bound.left)
    least = indexed.Least(index, bound.right)
    return _theorem(bound.left, least, Mode.AT_MOST, bound) if fits else None


def join(first: Theorem, second: Theorem) -> Theorem | None:
    """Return a ≤ b, b ≤ c ⊢ a ≤ c, with = in the place of ≤ in both, or in either, too."""
    modes = {first.mode, second.mode}
    if first.right != second.left or not modes <= {Mode.VALUE, Mode.AT_MOST}:
        return None
    mode = Mode.AT_MOST if Mode.AT_MOST in modes else Mode.VALUE
    return _theorem(first.left, second.right, mode, first, second)


def _theorem(
    left: Expression,
    right: Expression,
    mode: Mode,
    *known: Theorem,
    premise: tuple[Expression, Expression] | None = None,
) -> Theorem:
    """Return a theorem that needs no more than those it follows from."""
    denominators = tuple(each for theorem in known for each in theorem.denominators)
    hypotheses = frozenset(each for theorem in known for each in theorem.hypotheses)
    check_form((left, right, *(premise or ())), hypotheses)
    return Theorem(left, right, mode, denominators, _SEAL, hypotheses, premise)


def normal_form(node: Expression) -> NormalForm:
    """Return the normal form of the value of an expression.

    Raises:
        OutsideClassError: it is not well scoped, or too large.
        ZeroDenominatorError: it divides by something that is always zero.
    """
    return read((node,)).forms[0]


def _difference(
    left: Expression, right: Expression, *, detach: bool, work: int
) -> tuple[NormalForm, Reading]:
    reading = read((left, right), detach=detach, work=work)
    one, other = reading.forms
    sums = dict(one.sums)
    for response, r in other.sums.items():
        sums[response] = plus(sums.get(response, r.field.zero), -r)
    sums = {response: r for response, r in sums.items() if r}
    return NormalForm(plus(one.constant, -other.constant), sums, one.atoms), reading


def _answer(theorem: Theorem | None, difference: NormalForm) -> Answer:
    if theorem:
        return Answer.EQUAL
    return Answer.UNKNOWN if _hides(difference) else Answer.UNEQUAL


def _hides(form: NormalForm) -> bool:
    """Return whether another form proves nothing: Σ_t t is |y|(|y| + 1)/2, by no law here."""
    return any(atom.opaque or isinstance(atom.leaf, tree.Position) for atom in form.present())


def _is_zero(form: NormalForm) -> bool:
    """Decide c + Σ_s Σ_t r_s(t) = 0, as the top of the module says."""
    total = form.constant
    for response, r in form.sums.items():
        if any(atom.token for atom in form.atoms_of(r)):
            return False
        total = plus(total, times(r, total.field(Symbol(f"|y_{response}|"))))
    return not total
