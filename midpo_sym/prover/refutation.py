"""What a refuted statement is shown with: residual, what is wrong, and where it would hold."""

from __future__ import annotations

from dataclasses import replace

from sympy.polys.rings import PolyElement

from midpo_sym.judges import random_models
from midpo_sym.judges.witness import Witness
from midpo_sym.kernel.forms import Atom, NormalForm, OutsideClassError, ZeroDenominatorError
from midpo_sym.kernel.theorem import Answer, Decision, decide, decide_gradient
from midpo_sym.language import tree
from midpo_sym.language.constants import constant
from midpo_sym.language.links import LINKS
from midpo_sym.language.sign import can_be_positive
from midpo_sym.language.substitute import substitute
from midpo_sym.language.tree import Expression
from midpo_sym.prover.conditions import conditions
from midpo_sym.prover.derivation.rebuild import NotReadableError, factor_list, rational, rebuild
from midpo_sym.prover.framework import FRAMEWORK_LINK, framework_argument, sides
from midpo_sym.prover.verdict import Cure, Refuted
from midpo_sym.spec.model import Statement


def refutation(decision: Decision | None, found: Witness, statement: Statement) -> Refuted:
    """Return the verdict on a statement whose sides differ at a witness.

    Args:
        decision: the kernel's, if the statement is in its class.
        found: the witness.
        statement: what is refuted.
    """
    if statement.target.is_one_term and statement.link != FRAMEWORK_LINK:
        return _of_link(found, statement)
    part = "argument" if statement.target.is_one_term else "loss"
    if decision is None:
        return Refuted(part, None, found)
    try:
        residual = rebuild(decision.difference, by_response=False)
    except NotReadableError:
        return Refuted(part, None, found)
    return Refuted(part, residual, found, _cures(decision.difference, statement))


def _of_link(found: Witness, statement: Statement) -> Refuted:
    """Tell what is wrong with a loss of another link: the link alone, or its argument too."""
    if not _same_argument(statement):
        return Refuted("link and argument", None, found)
    ours = LINKS[FRAMEWORK_LINK].of(statement.argument)
    return Refuted("link", tree.add(ours, tree.Neg(statement.target.loss)), found)


def _same_argument(statement: Statement) -> bool:
    try:
        answer = decide(framework_argument(statement), statement.argument).answer
    except OutsideClassError:
        return False
    return answer is Answer.EQUAL


def _cures(difference: NormalForm, statement: Statement) -> tuple[Cure, ...]:
    """Return the values of single parameters for which a statement holds.

    They come from factors of the whole difference that are linear in a parameter. Each is put into
    the statement, which the kernel then has to prove, and random models to confirm.
    """
    shared = None
    for part in (difference.constant, *difference.sums.values()):
        if part:
            shared = part.numer if shared is None else shared.gcd(part.numer)
    found: list[Cure] = []
    if shared is None:
        return ()
    for factor, _ in factor_list(shared)[1]:
        atoms = difference.atoms_of(difference.constant.field(factor))
        for atom in atoms:
            cure = _cure(factor, atom, difference)
            if cure:
                found += _checked(cure, statement)
    return tuple(found)


def _cure(factor: PolyElement, atom: Atom, difference: NormalForm) -> Cure | None:
    """Solve factor = 0 for a parameter, where it is linear in it: a p + b = 0."""
    if not isinstance(atom.leaf, tree.Parameter):
        return None
    field = difference.constant.field
    variable = field(field.symbols[list(difference.atoms).index(atom.name)])
    polynomial = field(factor)
    slope = polynomial.diff(variable)
    if not slope or slope.diff(variable):
        return None
    rest = polynomial - slope * variable
    given = difference.atoms_of(rest / slope)
    if any(other.token or isinstance(other.leaf, tree.Datum) for other in given):
        return None  # a number of its own for each token, response, pair or batch is no value
    value = rational(-rest / slope, difference.atoms)
    return Cure(atom.leaf.name, value) if _allowed(value, atom.leaf.domain) else None


def _allowed(value: Expression, domain: str) -> bool:
    """Return whether a parameter of a domain may have a value; of a doubtful one, no."""
    if domain == "real":
        return True
    number = constant(value)
    if domain == "open unit":
        return value.positive and value.below_one if number is None else 0 < number < 1
    if number is None:
        return domain != "unit" and value.positive
    return (number > 0 or (number == 0 and domain != "positive")) and (
        number <= 1 or domain != "unit"
    )


def _checked(cure: Cure, statement: Statement) -> list[Cure]:
    """Return a cure with the conditions of the statement that it cures; nothing if it does not.

    It has to keep the scale from being zero, and to cure the gradient as well.
    """
    try:
        left, right = (substitute(side, {cure.parameter: cure.value}) for side in sides(statement))
        decision = decide(left, right)
        numbers = random_models.compare(left, right)
        confirmed = (
            decide_gradient(left, right).theorem is not None
            and numbers.values_agree
            and numbers.slopes_agree
            and can_be_positive(substitute(statement.scale, {cure.parameter: cure.value}))
        )
    except (ValueError, OutsideClassError, ZeroDenominatorError, ZeroDivisionError, OverflowError):
        return []
    if not confirmed or decision.theorem is None:
        return []
    needs = conditions(decision.theorem.denominators, decision.difference.atoms)
    return [replace(cure, conditions=needs)]


def residual_of_gradient(decision: Decision) -> Expression | None:
    """Return an expression whose gradient is the difference of the gradients.

    It is Σ_a sg(∂r/∂a) a over the policy's atoms a, under the sum over the tokens they are of.
    """
    atoms = decision.difference.atoms
    try:
        terms: list[Expression] = []
        for atom, slope in decision.slopes.items():
            if atom.leaf is None:
                return None
            coefficient = rational(slope, atoms)
            if any(each.policy for each in decision.difference.atoms_of(slope)):
                coefficient = tree.StopGradient(coefficient)
            response = min(tree.responses(atom.leaf))
            if tree.token_responses(coefficient):
                terms.append(tree.TokenSum(response, tree.product([coefficient, atom.leaf])))
            else:
                terms.append(tree.mul(coefficient, tree.TokenSum(response, atom.leaf)))
    except NotReadableError:
        return None
    return tree.total(terms)
