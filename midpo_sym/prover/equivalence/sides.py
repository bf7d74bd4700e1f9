"""The two losses of a comparison, with the names of one told apart from those of the other.

Parameters, weights and data that have the same name in two files are different variables: `alpha`
becomes `A_alpha` on the left and `B_alpha` on the right. Models, responses and the number of tokens
are the same for both.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from midpo_sym.language import tree
from midpo_sym.language.links import VARIABLE, Link, typed
from midpo_sym.language.objective import Objective, Term
from midpo_sym.language.printing.printer import Symbol
from midpo_sym.language.substitute import at_labels, unfold
from midpo_sym.language.tree import Expression
from midpo_sym.prover.framework import implicit_reward
from midpo_sym.session import remembered
from midpo_sym.spec.model import Claim, DatumSpec, Derivation, ParameterSpec, WeightSpec

LEFT, RIGHT = "A", "B"
_NAMED = (tree.Parameter, tree.Weight, tree.Datum)

Declared = ParameterSpec | WeightSpec | DatumSpec


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two losses.

    Attributes:
        label: `A` or `B`.
        derivation: the specification.
        claim: the claim whose loss it is; None for that of the specification itself.
        objective: the loss, with its names told apart and nothing abbreviated.
        rewards: the implicit rewards of y_w and y_l, likewise.
        scale: α of the framework, likewise.
        declared: what each name stands for, by the name that it has here.
    """

    label: str
    derivation: Derivation
    claim: Claim | None
    objective: Objective
    rewards: tuple[Expression, Expression]
    scale: Expression
    declared: dict[str, Declared]

    @property
    def id(self) -> str:
        """Return the id of the specification, and of the claim if there is one."""
        return f"{self.derivation.id}/{self.claim.id}" if self.claim else self.derivation.id

    @property
    def has_loss(self) -> bool:
        """Return whether the loss is one, and not a statement about every link."""
        return not any(term.link.is_any for term in self.objective.terms)

    @property
    def loss(self) -> Expression:
        """Return the loss as one expression."""
        return self.objective.loss

    @property
    def parameters(self) -> dict[str, ParameterSpec]:
        """Return its parameters, by the names that they have here."""
        return {n: each for n, each in self.declared.items() if isinstance(each, ParameterSpec)}

    @property
    def quantities(self) -> dict[str, WeightSpec | DatumSpec]:
        """Return its weights and data, by the names that they have here."""
        return {n: each for n, each in self.declared.items() if not isinstance(each, ParameterSpec)}

    @property
    def models(self) -> set[str]:
        """Return the models that the loss speaks of, but for the policy."""
        found: set[str] = set()
        for node in self.loss.walk():
            if isinstance(node, (tree.Probability, tree.TokenProbability)):
                found.add(node.model)
            elif isinstance(node, tree.Statistic):
                found.update(node.row.models)
        return found - {"pi"}

    @property
    def symbols(self) -> dict[str, Symbol]:
        """Return how its names are printed: `A.α`, and α with the letter below it in LaTeX."""
        return {
            name: Symbol(
                rf"{{{each.symbol.latex}}}_{{\mathrm{{{self.label}}}}}",
                f"{self.label}.{each.symbol.unicode}",
            )
            for name, each in self.declared.items()
        }

    def shown(self, name: str) -> str:
        """Return a name as people write it: `A.alpha`."""
        return f"{self.label}.{self.declared[name].name}"


@remembered(512)
def side(label: str, derivation: Derivation, claim: Claim | None = None) -> Side:
    """Return the loss of a specification, or of a claim, as one side of a comparison."""
    statement = claim.statement if claim else derivation.statement
    chosen, rejected = (_apart(implicit_reward(statement, each), label) for each in ("w", "l"))
    declared: list[Declared] = [*derivation.parameters, *derivation.weights, *derivation.data]
    declared += claim.parameters if claim else ()
    terms = tuple(
        Term(_link(term.link, label), _apart(term.argument, label), _apart(term.weight, label))
        for term in statement.target.terms
    )
    additive = tuple(_apart(each, label) for each in statement.target.additive)
    objective = Objective(terms, additive)
    used = {node.name for node in _all(objective, chosen, rejected) if isinstance(node, _NAMED)}
    named = {f"{label}_{each.name}": each for each in declared}
    return Side(
        label,
        derivation,
        claim,
        objective,
        (chosen, rejected),
        _apart(statement.scale, label),
        {name: each for name, each in named.items() if name in used},
    )


def _all(objective: Objective, *rewards: Expression) -> list[Expression]:
    parts = [*rewards, *objective.additive]
    for term in objective.terms:
        parts += [term.argument, term.weight, term.link.body]
    return [node for part in parts for node in part.walk()]


def _apart(node: Expression, label: str) -> Expression:
    return _prefixed(at_labels(unfold(node)), label)


def _prefixed(node: Expression, label: str) -> Expression:
    if isinstance(node, _NAMED) and node != VARIABLE:
        return replace(node, name=f"{label}_{node.name}")
    return tree.over(node, [_prefixed(child, label) for child in node.children()])


def _link(link: Link, label: str) -> Link:
    return link if link.is_named else typed(_apart(link.body, label))
