"""What a statement depends on and needs: read off its normal form, never declared."""

from __future__ import annotations

from dataclasses import dataclass

from midpo_sym.kernel.forms import (
    Atom,
    NormalForm,
    OutsideClassError,
    Reading,
    ZeroDenominatorError,
)
from midpo_sym.kernel.responses import read
from midpo_sym.kernel.theorem import Answer, decide, decide_gradient
from midpo_sym.language import tree
from midpo_sym.language.substitute import at_labels, resolve_labels, unfold
from midpo_sym.language.tree import Expression
from midpo_sym.prover.derivation.rebuild import (
    NotReadableError,
    rebuild,
    with_stop_gradients,
    without_plain_sums,
)
from midpo_sym.prover.framework import implicit_reward, prior, sides
from midpo_sym.session import remembered
from midpo_sym.spec.model import Statement


@dataclass(frozen=True, slots=True)
class Properties:
    """Facts about a statement.

    Attributes:
        prior_depends_on_policy: ζ contains π, so a gradient flows through it.
        prior_depends_on_label: ζ differs for the chosen and the rejected response.
        prior_depends_on_length: ζ contains |y| itself.
        prior_uses_stop_gradient: ζ contains sg.
        closed_form_applies: Eq. 5 of the paper, the closed form of the optimal policy, was
            derived for a ζ like this one: free of the policy and of the label.
        reference_free: the loss needs no model but the policy.
        needs_divergence: the loss needs next-token distributions over the whole vocabulary.
        needs_length: the loss needs the number of tokens.
        needs_weights: the loss needs a number for each token.
        uses_stop_gradient: the loss contains sg.
    """

    prior_depends_on_policy: bool
    prior_depends_on_label: bool
    prior_depends_on_length: bool
    prior_uses_stop_gradient: bool
    closed_form_applies: bool
    reference_free: bool
    needs_divergence: bool
    needs_length: bool
    needs_weights: bool
    uses_stop_gradient: bool


def compute_properties(statement: Statement) -> Properties:
    """Return the properties of a statement.

    Raises:
        OutsideClassError: a part has no normal form.
        ZeroDenominatorError: a part divides by something that is always zero.
    """
    # With stop-gradients kept apart: π/sg(π) is 1, and a gradient flows through it.
    priors = [leaves(tree.Log(prior(statement, s)), detach=True) for s in ("w", "l")]
    in_prior = priors[0] | priors[1]
    if statement.gives == "loss":
        in_loss = _leaves(read(sides(statement), detach=False, work=1), 1)  # as the kernel read it
    else:
        in_loss = leaves(statement.target.loss)
    on_policy = any(map(_of_policy, in_prior))
    on_label = depends_on_label(statement)
    return Properties(
        prior_depends_on_policy=on_policy,
        prior_depends_on_label=on_label,
        prior_depends_on_length=_has(in_prior, tree.Length),
        prior_uses_stop_gradient=_has(set(statement.zeta.walk()), tree.StopGradient),
        closed_form_applies=not on_policy and not on_label,
        reference_free=not any(map(_of_other_model, in_loss)),
        needs_divergence=_has(in_loss, tree.Statistic),
        needs_length=_has(in_loss, tree.Length),
        needs_weights=_has(in_loss, tree.Weight),
        uses_stop_gradient=_has(set(statement.target.loss.walk()), tree.StopGradient),
    )


def depends_on_label(statement: Statement) -> bool:
    """Return whether ζ differs for the chosen and the rejected response.

    Where the kernel cannot decide, it is taken to differ: an assumption too many is no lie.

    Raises:
        ZeroDenominatorError: ζ divides by something that is always zero.
    """
    one, other = (
        tree.at_responses(resolve_labels(tree.Log(prior(statement, response))), {response: "y"})
        for response in ("w", "l")
    )
    if one == other:
        return False
    try:
        answers = (decide(one, other).answer, decide_gradient(one, other).answer)
    except OutsideClassError:
        return True
    return answers != (Answer.EQUAL, Answer.EQUAL)


def leaves(node: Expression, *, detach: bool = False) -> set[Expression]:
    """Return the quantities that the value of an expression depends on.

    Args:
        node: the expression.
        detach: whether what its gradient depends on counts as well.

    Raises:
        OutsideClassError: it has no normal form.
        ZeroDenominatorError: it divides by something that is always zero.
    """
    return _leaves(read((node,), detach=detach), 0)


def _leaves(reading: Reading, place: int) -> set[Expression]:
    """Return the quantities that one of the expressions of a reading depends on."""
    waiting = without_plain_sums(reading.forms[place]).present()  # Σ_t k depends on |y|
    seen: set[Atom] = set()
    while waiting:  # what is inside an opaque atom counts as well
        atom = waiting.pop()
        if atom in seen:
            continue
        seen.add(atom)
        _, arguments = reading.inside.get(atom.name, ("", ()))
        for constant, sums in arguments:
            waiting += NormalForm(constant, sums, reading.forms[place].atoms).present()
    return {inner for atom in seen if atom.leaf for inner in atom.leaf.walk()}


def simplest_reward(statement: Statement, response: str) -> Expression:
    """Return α log π/ζ of a response, as short as it gets, with its stop-gradients.

    What cannot be shortened, or what the kernel does not confirm, stays as it is written.
    """
    return _shortest(unfold(at_labels(implicit_reward(statement, response))))


@remembered(64)  # the claims of a specification often share their prior
def _shortest(plain: Expression) -> Expression:
    try:
        form = with_stop_gradients(read((plain,), detach=True).forms[0])
        short = rebuild(form, by_response=True)
        answers = decide(short, plain).answer, decide_gradient(short, plain).answer
    except (NotReadableError, OutsideClassError, ZeroDenominatorError, ValueError):
        return plain
    return short if answers == (Answer.EQUAL, Answer.EQUAL) else plain


def _has(nodes: set[Expression], kind: type[Expression]) -> bool:
    return any(isinstance(node, kind) for node in nodes)


def _models(node: Expression) -> set[str]:
    match node:
        case tree.Probability(model=model) | tree.TokenProbability(model=model):
            return {model}
        case tree.Statistic(row=row):
            return {*row.models}
    return set()


def _of_policy(node: Expression) -> bool:
    return "pi" in _models(node)


def _of_other_model(node: Expression) -> bool:
    return bool(_models(node) - {"pi"})
