"""Priors of algorithms, on answers that are sequences of tokens.

What `reading` takes from a specification becomes arrays: log π/ζ of an answer is, up to a constant
of the prompt,

    Σ_t [ m log π_t + k log π_ref,t + p log π_prev,t + Σ_s f_s s_t ] + b

with factors that may depend on answer, token and label, and s the statistics of next-token
distributions. Nothing is approximated: on a tree of tokens each is a finite sum over the next
tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from midpo_sym.lab.answers import Answers
from midpo_sym.lab.checks import Array, LabError
from midpo_sym.lab.policies import Logits, tokens
from midpo_sym.lab.priors.numbers import Numbers
from midpo_sym.lab.priors.reading import QUANTITIES, Algorithm, Terms
from midpo_sym.lab.priors.statistics import on_edges
from midpo_sym.lab.problems import Problem
from midpo_sym.language.quantities.statistics import STATISTICS


@dataclass(frozen=True, slots=True)
class Prior:
    """What log π/ζ is made of; the first axis is the label, chosen and rejected.

    Attributes:
        policy: m; shape (2, answers, edges).
        reference: k; same shape.
        previous: p; same shape.
        statistics: f of each statistic that has a factor, by its name, at the node where the token
            is drawn; shape (2, answers, nodes).
        offset: b; shape (2, answers).
        reference_tokens: log π_ref of each edge; shape (prompts, edges).
        previous_tokens: log π_prev of each edge; same shape.
        linear: whether log π/ζ is linear in the logits up to a constant, and the loss convex.
    """

    policy: Array
    reference: Array
    previous: Array
    statistics: Mapping[str, Array]
    offset: Array
    reference_tokens: Array
    previous_tokens: Array
    linear: bool

    @property
    def by_label(self) -> bool:
        """Whether the prior of an answer depends on its label."""
        parts = (self.policy, self.reference, self.previous, *self.statistics.values())
        return any(
            not np.array_equal(chosen, rejected) for chosen, rejected in (*parts, self.offset)
        )

    def scores(self, logits: Logits, tree: Answers) -> tuple[Logits, Callable[[Logits], Logits]]:
        """Return log π/ζ by label, and how a derivative by it becomes one by the logits.

        Args:
            logits: of the policy; shape (…, prompts, answers).
            tree: the answers.

        Returns:
            The scores, shape (2, …, prompts, answers), and a function from that shape to the
            shape of the logits.
        """
        here = tokens(logits, tree)
        logs = {"pi": here.log, "ref": self.reference_tokens, "prev": self.previous_tokens}
        of_edges = {name: on_edges(name, logs) for name in self.statistics}
        of_nodes = {name: each.value @ tree.edges_of.T for name, each in of_edges.items()}

        def statistics(label: int) -> Logits:
            total = np.zeros(())
            for name, each in self.statistics.items():
                total = total + of_nodes[name] @ each[label].T
            return total

        found = [
            here.log @ self.policy[label].T
            + self.reference_tokens @ self.reference[label].T
            + self.previous_tokens @ self.previous[label].T
            + statistics(label)
            + self.offset[label]
            for label in (0, 1)
        ]

        def pulled_back(slopes: Logits) -> Logits:
            def by(parts: Array) -> Logits:
                chosen, rejected = slopes[0] @ parts[0], slopes[1] @ parts[1]
                return np.asarray(chosen + rejected)

            by_edge = by(self.policy)
            for name, each in self.statistics.items():
                by_edge = by_edge + of_edges[name].pulled_back(by(each) @ tree.edges_of)
            return here.pulled_back(by_edge, tree)

        return np.stack(found), pulled_back


def priors(problem: Problem, previous: Array, algorithms: Iterable[Algorithm]) -> dict[str, Prior]:
    """Return the priors of algorithms, by the id of their specification.

    Args:
        problem: the problem.
        previous: logits of the policy of the round before; (prompts, answers).
        algorithms: as they were read.

    Raises:
        LabError: a factor divides by zero on an answer of the problem.
    """
    return {each.id: prior_of(each, problem, previous) for each in algorithms}


def prior_of(algorithm: Algorithm, problem: Problem, previous: Array) -> Prior:
    """Return the prior of an algorithm on a problem.

    Raises:
        LabError: a factor divides by zero on an answer of the problem.
    """
    answers = problem.answers
    values: dict[str, Any] = {**algorithm.parameters, "|y_y|": answers.lengths[:, None]}
    for name, (kind, row) in algorithm.weights.items():
        values[name] = {"weights": problem.weights, "masks": problem.masks}[kind][row]
    numbers = Numbers(values, algorithm.inside, answers.on_path)
    used = {*algorithm.chosen.factors, *algorithm.rejected.factors}
    by_label = [
        _arrays(terms, used, numbers, algorithm.id)
        for terms in (algorithm.chosen, algorithm.rejected)
    ]
    factors = {name: np.stack([part[name] for part in by_label]) for name in by_label[0]}
    statistics = {
        name: factors.pop(name) @ answers.edges_of.T for name in STATISTICS if name in factors
    }
    return Prior(
        **factors,
        statistics=statistics,
        reference_tokens=tokens(problem.reference, answers).log,
        previous_tokens=tokens(previous, answers).log,
        linear=algorithm.linear,
    )


def _arrays(terms: Terms, used: Collection[str], numbers: Numbers, id_: str) -> dict[str, Array]:
    """Return the factor of each quantity at each edge, and the offset of each answer.

    Args:
        terms: of the answers of one label.
        used: the quantities that have a factor for either label.
        numbers: what the factors are made of.
        id_: of the specification.
    """
    zero = np.zeros_like(numbers.path)
    found = {
        name: numbers.on_path(terms.factors[name]) if name in terms.factors else zero
        for name in QUANTITIES.values()
        if name not in STATISTICS or name in used
    }
    offset = numbers.of(terms.of_answer) + numbers.over_tokens(terms.of_token)
    found["offset"] = offset[:, 0]
    for name, array in found.items():
        if not np.isfinite(array).all():
            raise LabError(
                f"{id_}: the {name} has a factor that is not finite on an answer of the problem; "
                f"masks may be 0, so divide by a weight of the domain positive only"
            )
    return found


def reference_prior(problem: Problem) -> Prior:
    """Return the prior that is the reference itself."""
    answers = problem.answers
    path = np.broadcast_to(answers.on_path, (2, *answers.on_path.shape))
    nothing = np.zeros_like(path)
    here = tokens(problem.reference, answers).log
    return Prior(
        policy=path,
        reference=-path,
        previous=nothing,
        statistics={},
        offset=np.zeros((2, len(answers.names))),
        reference_tokens=here,
        previous_tokens=here,
        linear=True,
    )
