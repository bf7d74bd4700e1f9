"""MI-DPO itself: the argument of its log-sigmoid for a given prior, and losses from links.

Source: Tutunov et al. 2025 (arXiv 2501.01544), section 3.2, J_MI-DPO.
"""

from __future__ import annotations

from midpo_sym.language import tree
from midpo_sym.language.objective import Objective
from midpo_sym.language.tree import Expression
from midpo_sym.spec.model import Statement

FRAMEWORK_LINK = "logsigmoid"


def prior(statement: Statement, response: str) -> Expression:
    """Return ζ at a response, as the name ζ that stands for what the statement says."""
    body = tree.at_responses(statement.zeta, {"y": response})
    return tree.Defined("zeta", response, token=False, body=body)


def log_ratio(statement: Statement, response: str) -> Expression:
    """Return log π(y) Z(x)/ζ(y): the prior is ζ(y)/Z(x), with Z(x) unknown."""
    policy = tree.mul(tree.Probability("pi", response), tree.Normaliser())
    return tree.Log(tree.Div(policy, prior(statement, response)))


def framework_argument(statement: Statement) -> Expression:
    """Return α log π(y_w)/ζ(y_w) − α log π(y_l)/ζ(y_l), or one score if that is compared."""
    if statement.score_of:
        return implicit_reward(statement, statement.score_of)
    chosen, rejected = (tree.mul(statement.scale, log_ratio(statement, s)) for s in ("w", "l"))
    return tree.add(chosen, tree.Neg(rejected))


def implicit_reward(statement: Statement, response: str) -> Expression:
    """Return the score α log π(y)/ζ(y): the reward of the policy, up to a term in x only."""
    ratio = tree.Div(tree.Probability("pi", response), prior(statement, response))
    return tree.mul(statement.scale, tree.Log(ratio))


def abbreviations(statement: Statement) -> list[tree.Defined]:
    """Return the names that a statement uses, each once, as it first uses it."""
    found: dict[str, tree.Defined] = {}
    for side in (statement.zeta, statement.target.loss):
        for node in side.walk():
            if isinstance(node, tree.Defined):
                found.setdefault(node.name, node)
    return list(found.values())


def framework(statement: Statement) -> Objective:
    """Return MI-DPO's loss with the prior and the scale of a statement."""
    return Objective.of(FRAMEWORK_LINK, framework_argument(statement))


def sides(statement: Statement) -> tuple[Expression, Expression]:
    """Return the two expressions that are compared.

    The log-sigmoid is one to one, so under it the arguments are compared; under any other link,
    the losses.
    """
    ours, theirs = framework(statement).only_term(), statement.target.as_term()
    if theirs.link == ours.link:
        return ours.argument, theirs.argument
    return ours.loss, statement.target.loss
