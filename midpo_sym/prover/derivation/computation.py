"""What a program has to compute: argument and rewards of a loss, in their simplest form.

Not trusted: whatever is simplified here is compared with the statement by the kernel, in value and
in gradient, before anyone computes it.
"""

from __future__ import annotations

from dataclasses import dataclass

from midpo_sym.kernel.forms import Atom, NormalForm, OutsideClassError, ZeroDenominatorError
from midpo_sym.kernel.responses import read
from midpo_sym.kernel.theorem import decide, decide_gradient
from midpo_sym.language import tree
from midpo_sym.language.substitute import at_labels, unfold
from midpo_sym.language.tree import Expression
from midpo_sym.prover.derivation.rebuild import NotReadableError, rebuild, with_stop_gradients
from midpo_sym.prover.framework import implicit_reward
from midpo_sym.prover.verdict import DisagreementError
from midpo_sym.spec.model import Statement

MAX_TERMS = 200  # of a form that is simplified
MAX_DEGREE = 32
MAX_BITS = 256  # of its numbers


@dataclass(frozen=True, slots=True)
class Computation:
    """Trees to compute, free of definitions and of `by_label`.

    Attributes:
        argument: what goes into the link, with its stop-gradients.
        chosen: α log π/ζ of y_w, in value.
        rejected: α log π/ζ of y_l, in value.
        linear: whether the argument's derivatives in the log-probabilities and divergences of the
            single tokens do not depend on these.
    """

    argument: Expression
    chosen: Expression
    rejected: Expression
    linear: bool


def computation(statement: Statement, argument: Expression) -> Computation:
    """Return what a program computes for a statement.

    Args:
        statement: whose rewards are computed.
        argument: what goes into the link.

    Raises:
        DisagreementError: a simplified tree is not what it was simplified from.
    """
    shortest = simplest(at_labels(argument), gradient=True)
    chosen, rejected = (
        simplest(at_labels(implicit_reward(statement, response)), gradient=False)
        for response in ("w", "l")
    )
    return Computation(shortest, chosen, rejected, is_linear(argument))


def simplest(node: Expression, *, gradient: bool) -> Expression:
    """Return the shortest tree with the value of a node, and its gradient if that is wanted.

    Where the normal form is not expressible, divides by what varies from token to token, or is too
    large to be factored, it is the node itself, with its definitions unfolded; and so it is where
    it calls functions, such as a sigmoid, which targets compute better than by their definitions.

    Raises:
        DisagreementError: the kernel says that the tree is another expression.
    """
    plain = unfold(node, keep_functions=True)
    if any(isinstance(each, tree.Call) for each in plain.walk()):
        return plain
    try:
        form = read((plain,), detach=gradient).forms[0]
        if _divides_by_tokens(form) or _is_large(form):
            return plain
        short = rebuild(with_stop_gradients(form), by_response=True)
        theorems = [decide(short, plain).theorem]
        theorems += [decide_gradient(short, plain).theorem] if gradient else []
    except (NotReadableError, OutsideClassError, ZeroDenominatorError):
        return plain
    if None in theorems:
        message = "the simplified form is another expression"
        raise DisagreementError(message)
    return short


def is_linear(node: Expression) -> bool:
    """Return whether a node is linear in the quantities of single tokens, other than weights."""
    try:
        form = read((node,), detach=True).forms[0]
    except (OutsideClassError, ZeroDenominatorError):
        return False
    if any(atom.opaque for atom in form.present()):
        return False
    if any(_varies(atom) for atom in form.atoms_of(form.constant)):
        return False
    for r in form.sums.values():
        if any(_varies(atom) for atom in form.atoms_of(r.field(r.denom))):
            return False
        names = [str(symbol) for symbol in r.field.symbols]
        varying = [name in form.atoms and _varies(form.atoms[name]) for name in names]
        for monomial, _ in r.numer.terms():
            if sum(e for e, counts in zip(monomial, varying, strict=True) if counts) > 1:
                return False
    return True


def _varies(atom: Atom) -> bool:
    """Return whether an atom is a log-probability or a divergence of one token."""
    return atom.token and not isinstance(atom.leaf, (tree.Weight, tree.Position))


def _is_large(form: NormalForm) -> bool:
    """Return whether factoring a form may be too much work: by its terms, degrees and digits."""
    fractions = (form.constant, *form.sums.values())
    terms = degree = bits = 0
    for polynomial in (part for each in fractions for part in (each.numer, each.denom)):
        for monomial, number in polynomial.terms():
            terms += 1
            degree = max(degree, sum(monomial))
            parts = (int(number.numerator), int(number.denominator))
            bits = max(bits, *(part.bit_length() for part in parts))
    return terms > MAX_TERMS or degree > MAX_DEGREE or bits > MAX_BITS


def _divides_by_tokens(form: NormalForm) -> bool:
    return any(atom.token for r in form.sums.values() for atom in form.atoms_of(r.field(r.denom)))
