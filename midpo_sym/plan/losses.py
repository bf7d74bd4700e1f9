"""The plan of a loss: what a program computes for it, as operations, and what it needs for that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from midpo_sym.language import tree
from midpo_sym.language.functions.table import call
from midpo_sym.language.links import LINKS
from midpo_sym.language.objective import Objective, Term
from midpo_sym.language.substitute import at_labels, unfold
from midpo_sym.language.vocabulary import MODELS
from midpo_sym.plan.lower import Lowering, lower_link
from midpo_sym.plan.operations import Operation, Sum
from midpo_sym.plan.shared import Uses, shared_sums, uses
from midpo_sym.plan.sums import weighs_tokens
from midpo_sym.prover.derivation.computation import Computation, computation
from midpo_sym.prover.prove import Result
from midpo_sym.prover.special_cases import Specialisation
from midpo_sym.prover.verdict import Proved

_FROZEN = tuple(name for name, model in MODELS.items() if not model.trained)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a target prints.

    Attributes:
        result: of the statement of [prior] and [loss].
        term: the loss as one term: itself, or minus the sum of its terms under the identity.
        specialises: what the algorithm becomes at special values.
        computed: the same as trees, for formulas that people read.
        argument: what goes into the link.
        link: the losses as operations on the argument.
        chosen: the reward of y_w, to be detached.
        rejected: the reward of y_l, to be detached.
        nonzero: what has to differ from zero.
        by_token: whether statistics are of each token, or summed over the tokens.
        frozen: the frozen models whose log-probabilities are in the formulas.
        vocabulary: the statistics of next-token distributions that are, by name.
    """

    result: Result
    term: Term
    specialises: tuple[Specialisation, ...]
    computed: Computation
    argument: Operation
    link: Operation
    chosen: Operation
    rejected: Operation
    nonzero: tuple[Operation, ...]
    by_token: bool
    frozen: tuple[str, ...]
    vocabulary: tuple[str, ...]

    @property
    def formulas(self) -> tuple[Operation, Operation, Operation]:
        """What is computed, in order: argument and both rewards."""
        return self.argument, self.chosen, self.rejected

    @property
    def shared(self) -> tuple[Sum, ...]:
        """The sums over tokens that are worth a name, in the order they are needed."""
        return shared_sums(self.formulas)

    @property
    def uses(self) -> Uses:
        """What has to be given: hyper-parameters, statistics, masks."""
        return uses((*self.formulas, self.link, *self.nonzero))


def plan_loss(result: Result, specialises: Iterable[Specialisation] = ()) -> Plan:
    """Return the plan of a proved statement.

    Args:
        result: of the statement of [prior] and [loss].
        specialises: what the algorithm becomes at special values.
    """
    term = as_one_term(result.statement.target)
    computed = computation(result.statement, term.argument)
    trees = (computed.argument, computed.chosen, computed.rejected)
    nodes = [node for each in trees for node in each.walk()]
    likely = (tree.Probability, tree.TokenProbability)
    models = {node.model for node in nodes if isinstance(node, likely)}
    frozen = tuple(model for model in _FROZEN if model in models)
    by_token = any(map(weighs_tokens, nodes))
    lowering = Lowering(by_token, frozen[0] if len(frozen) == 1 else "")
    argument, chosen, rejected = map(lowering.value, trees)
    return Plan(
        result=result,
        term=term,
        specialises=tuple(specialises),
        computed=computed,
        argument=argument,
        link=lower_link(term.link),
        chosen=chosen,
        rejected=rejected,
        nonzero=tuple(dict.fromkeys(map(lowering.value, _nonzero(result)))),
        by_token=by_token,
        frozen=frozen,
        vocabulary=tuple(sorted({n.name for n in nodes if isinstance(n, tree.Statistic)})),
    )


def as_one_term(target: Objective) -> Term:
    """Return a loss as one term: itself, or minus the whole of it under the identity.

    The common links are then calls of functions, which targets compute without overflow.
    """
    if target.is_one_term:
        return target.only_term()
    losses = [tree.mul(each.weight, _loss(each)) for each in target.terms]
    return Term(LINKS["identity"], tree.Neg(tree.total([*losses, *target.additive])))


def _loss(term: Term) -> tree.Expression:
    match term.link.name:
        case "logsigmoid":
            return tree.Neg(call("logsigmoid", term.argument))
        case "sigmoid":
            return call("sigmoid", tree.Neg(term.argument))
    return term.link.of(term.argument)


def _nonzero(result: Result) -> Iterator[tree.Expression]:
    """Yield what the proof had to assume of hyper-parameters."""
    verdict = result.verdict
    for each in verdict.conditions if isinstance(verdict, Proved) else ():
        expression = unfold(at_labels(each.expression))
        leaves = [node for node in expression.walk() if not node.parts]
        plain = all(isinstance(node, (tree.Number, tree.Parameter)) for node in leaves)
        if plain and not each.given_by:
            yield expression
