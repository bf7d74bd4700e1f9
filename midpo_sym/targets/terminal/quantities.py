"""The numbers that one needs to check a counterexample by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from midpo_sym.judges.exact import InexactError, Polynomial
from midpo_sym.judges.witness import Witness, evaluate
from midpo_sym.language import tree
from midpo_sym.language.tree import Expression
from midpo_sym.prover.framework import FRAMEWORK_LINK, sides
from midpo_sym.spec.model import Statement


def quantities(
    statement: Statement, witness: Witness
) -> Iterator[tuple[Expression, int, Polynomial]]:
    """Yield the logarithms and statistics that occur in a statement, as `quantities_of` does."""
    yield from quantities_of(sides(statement), witness)


def quantities_of(
    nodes: Iterable[Expression], witness: Witness
) -> Iterator[tuple[Expression, int, Polynomial]]:
    """Yield the logarithms and statistics that occur in expressions, each once.

    With each comes the token it is taken at, from 0, or −1 for a whole response; and its value
    at the witness, or its derivative where the witness is one of gradients.
    """
    seen: set[tuple[Expression, int]] = set()
    for side in nodes:
        for node in side.walk():
            leaf = _readable(node)
            if leaf is None:
                continue
            token = bool(tree.token_responses(leaf))
            (response,) = tree.responses(leaf)
            places = range(len(witness.models.responses[response])) if token else (-1,)
            for t in places:
                if (leaf, t) in seen:
                    continue
                seen.add((leaf, t))
                try:
                    value = evaluate(leaf, witness.models, t)
                except (InexactError, ZeroDivisionError):
                    continue
                yield leaf, t, value.slope if witness.of_gradient else value.value


def compared(statement: Statement, witness: Witness) -> tuple[str, str]:
    """Return what the two sides of a witness are: the arguments of the links, or the losses."""
    one = statement.target.is_one_term and statement.link == FRAMEWORK_LINK
    if one and not witness.of_losses:
        if statement.score_of:
            return f"the score of y_{statement.score_of}", "the argument, up to sign and anchor"
        return "the argument of MI-DPO", "the argument of the loss"
    return "MI-DPO's loss", "the loss"


def _readable(node: Expression) -> Expression | None:
    match node:
        case tree.Probability() | tree.TokenProbability():
            return tree.Log(node)
        case tree.Statistic():
            return node
    return None
