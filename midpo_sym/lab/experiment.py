"""Section 5.2 measured: fixed priors, learned priors, and priors without a constraint.

The paper's inequality min over (π, ζ) ≤ min over π, for ζ̂ fixed, holds for a ζ̂ in the set Ξ that
ζ is learned in. So each row says whether its own prior is in the sets, and by how much its loss is
above that of the learned priors; a loss below one whose set it is in would be an error, and raises.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from midpo_sym.lab.alternation import alternate
from midpo_sym.lab.checks import Array, LabError, NotConvergedError, number, whole
from midpo_sym.lab.loss import (
    Family,
    PriorSet,
    families,
    gap_of_learned,
    with_free_prior,
    with_learned_prior,
    with_prior,
)
from midpo_sym.lab.minimise import Minimum, Objective, minimise
from midpo_sym.lab.optimum import optimum
from midpo_sym.lab.policies import log_policy
from midpo_sym.lab.priors import Algorithm, Prior, expressible, priors, reference_prior
from midpo_sym.lab.problems import LETTERS, Problem, problems

LEARNED = ("learned, shared", "learned, per prompt")
UNTRAINED = ("prior only", "free", "free, by label")
BETAS = (0.5, 1.0, 2.0, 4.0)
TOLERANCE = 1e-7  # differences of losses below this count as none
_STARTS = 3  # of a minimisation that may have several minima
_BOUNDARY = -40.0  # a log-probability below this is on its way to −∞
_SADDLE = -1e-7  # a smallest curvature below this is no minimum's


@dataclass(frozen=True, slots=True)
class Settings:
    """What to run.

    Attributes:
        seed: of all random numbers.
        count: how many random problems, besides the structured ones.
        longest: the most tokens of an answer; 3 makes 15 answers.
        floor: the least probability that a learned prior may give an answer.
    """

    seed: int = 0
    count: int = 6
    longest: int = 3
    floor: float = 1e-3

    def __post_init__(self) -> None:
        whole(self.seed, "seed", least=0)
        whole(self.count, "count", least=0)
        whole(self.longest, "longest", least=1)
        number(self.floor, "floor")
        letters = len(LETTERS)
        size = sum(letters**t for t in range(self.longest)) + letters**self.longest
        if self.longest > 4:  # noqa: PLR2004
            raise LabError(f"longest is {self.longest}; at most 4, which makes 31 answers")
        if self.floor * size >= 1:
            raise LabError(f"floor is {self.floor:g}; below 1/{size}, as there are {size} answers")


@dataclass(frozen=True, slots=True)
class Row:
    """One minimisation.

    Attributes:
        problem: the problem's name.
        labels: how its pairs are labelled.
        policies: `log-linear` or `tabular`.
        prior: the id of an algorithm; a learned prior, shared by all prompts or one per prompt;
            `prior only`, one per prompt beside the untrained reference; `free`, any positive
            function, beside the reference; `free, by label`, two of these.
        loss: the loss at the end.
        outcome: `minimum`; `local minimum` where no proof says that it is the least; `at the
            boundary` where a probability runs to 0 and the loss only comes near the value;
            `infimum 0` if the loss runs to 0, which no policy or prior attains.
        gradient: largest entry of the gradient at the end.
        gap: proven bound of the loss minus the least one, for learned priors.
        steps: Newton steps.
        starts: how many of the starts ended at this loss, such as `3/3`; "" if the loss is convex.
        reward: expected reward of the policy.
        divergence: KL(π‖π_ref) in nats, mean over the prompts.
        undetermined: directions of the policy's parameters that a change of the learned prior
            makes up for, as long as it does not reach the floor: the loss says nothing about them.
        in_shared: whether the prior is in the set of shared priors; None for learned and free.
        in_per_prompt: the same for one prior per prompt.
        above_shared: loss minus that of `learned, shared`.
        above_per_prompt: loss minus that of `learned, per prompt`.
    """

    problem: str
    labels: str
    policies: str
    prior: str
    loss: float
    outcome: str
    gradient: float
    gap: float | None
    steps: int
    starts: str
    reward: float
    divergence: float
    undetermined: int | None
    in_shared: bool | None
    in_per_prompt: bool | None
    above_shared: float
    above_per_prompt: float

    @property
    def is_fixed(self) -> bool:
        """Return whether the prior is an algorithm's."""
        return self.prior not in (*LEARNED, *UNTRAINED)


@dataclass(frozen=True, slots=True)
class Worth:
    """What section 3.1's objective is worth with a prior that all prompts share.

    Attributes:
        problem: the problem's name.
        beta: β.
        prior: `uniform`, `mean reference`, or `learned`.
        value: max over policies of E[r] − KL(π‖ζ)/β.
        gap: proven bound of the maximum over priors minus the value; None for fixed priors.
        reward: expected reward.
        information: mean KL(π‖ζ) in nats.
    """

    problem: str
    beta: float
    prior: str
    value: float
    gap: float | None
    reward: float
    information: float


def benches(settings: Settings, algorithms: Sequence[Algorithm] | None = None) -> list[Bench]:
    """Return what is to be measured: each problem with each class of policies.

    Args:
        settings: what to run.
        algorithms: those whose priors are measured; if left out, all that are shipped and that
            the laboratory has numbers for.
    """
    measured = expressible() if algorithms is None else tuple(algorithms)
    return [
        Bench(problem, family, settings, measured)
        for problem in problems(settings.seed, settings.count, settings.longest)
        for family in families(problem)
    ]


def worths(settings: Settings) -> list[Worth]:
    """Return what the objective of section 3.1 is worth with fixed and with learned priors.

    Raises:
        NotConvergedError: the alternation did not converge.
    """
    found = []
    for problem in problems(settings.seed, settings.count, settings.longest):
        prompts, count = problem.reward.shape
        for beta in BETAS:
            fixed = {
                "uniform": np.full(count, 1 / count),
                "mean reference": np.exp(problem.reference).mean(axis=0),
            }
            for name, prior in fixed.items():
                best = optimum(problem.reward, prior, beta)
                value = float(best.value.mean())
                reward = float((best.policy * problem.reward).sum(axis=1).mean())
                information = beta * (reward - value)
                found.append(Worth(problem.name, beta, name, value, None, reward, information))
            both = alternate(problem.reward, np.full(prompts, 1 / prompts), beta)
            found.append(
                Worth(
                    *(problem.name, beta, "learned", both.value),
                    *(both.gap, both.reward, both.information),
                )
            )
    return found


@dataclass
class Bench:
    """A problem and a class of policies, and what was found so far."""

    problem: Problem
    family: Family
    settings: Settings
    algorithms: tuple[Algorithm, ...]
    losses: dict[str, float] = field(default_factory=dict)

    def rows(self) -> list[Row]:
        """Minimise with every prior.

        Raises:
            NotConvergedError: a minimisation ended early, or the inequality of section 5.2 fails
                where it is a theorem.
        """
        bound = self._free(by_label=False)
        best = self.learned_rows()
        self.losses = {row.prior: row.loss for row in best}
        first = self._run(with_prior(self.problem, self.family, reference_prior(self.problem)))
        known = priors(self.problem, self.family.logits(first.point), self.algorithms)
        fixed = [
            self.fixed_row(name, prior, bound.value, place)
            for place, (name, prior) in enumerate(known.items())
        ]
        both = self._free(by_label=True)
        free = [self._row("free", bound), self._row("free, by label", both)]
        rows = [self._compared(each) for each in [*fixed, *best, *free]]
        for row in rows:
            self._check(row, best)
        return rows

    def fixed_row(self, name: str, prior: Prior, bound: float, place: int) -> Row:
        """Minimise with a fixed prior; what a policy-dependent one does is not convex.

        Args:
            name: the id of the algorithm.
            prior: its prior.
            bound: the least loss of any prior that is free of labels.
            place: of the algorithm among those measured; seeds the starts.
        """
        objective = with_prior(self.problem, self.family, prior)
        starts = [np.zeros(self.family.size)]
        if not prior.linear:
            generator = np.random.default_rng([self.settings.seed, place])
            starts += list(generator.standard_normal((_STARTS - 1, self.family.size)))
        ends = [self._run(objective, start) for start in starts]
        best = min(ends, key=lambda end: end.value)
        agreeing = sum(end.value <= best.value + TOLERANCE for end in ends)
        proven = prior.linear or (not prior.by_label and best.value <= bound + TOLERANCE)
        logits = self.family.logits(best.point)
        shared, per_prompt = self._membership(prior, logits)
        return self._row(
            name,
            best,
            proven=proven,
            starts="" if prior.linear else f"{agreeing}/{len(ends)}",
            logits=logits,
            in_shared=shared,
            in_per_prompt=per_prompt,
        )

    def learned_rows(self) -> list[Row]:
        """Minimise over priors with a floor: together with the policy, and alone."""
        shared, per_prompt = (PriorSet(each, self.settings.floor) for each in (True, False))
        nobody = Family("", self.problem.reference, np.zeros((*self.problem.reference.shape, 1)))
        tasks = [
            ("learned, shared", self.family, shared),
            ("learned, per prompt", self.family, per_prompt),
            ("prior only", nobody, per_prompt),
        ]
        rows = []
        for name, family, among in tasks:
            size = family.size + int(np.prod(among.shape(self.problem)))
            end = self._run(with_learned_prior(self.problem, family, among), np.zeros(size))
            rows.append(
                self._row(
                    name,
                    end,
                    logits=family.logits(end.point[: family.size]),
                    gap=gap_of_learned(self.problem, family, among, end.point),
                    undetermined=_undetermined(family, among),
                )
            )
        return rows

    def _free(self, *, by_label: bool) -> Minimum:
        size = self.problem.reference.size * (2 if by_label else 1)
        return self._run(with_free_prior(self.problem, by_label=by_label), np.zeros(size))

    def _run(self, objective: Objective, start: Array | None = None) -> Minimum:
        end = minimise(objective, np.zeros(self.family.size) if start is None else start)
        if not end.converged or (not end.ran_to_zero and end.curvature < _SADDLE):
            raise NotConvergedError(
                f"{self.problem.name}, {self.family.name}: after {end.steps} steps the gradient "
                f"is {end.gradient:.3g}, the least curvature {end.curvature:.3g}"
            )
        return end

    def _row(  # noqa: PLR0913 - columns, by keyword
        self,
        name: str,
        end: Minimum,
        *,
        proven: bool = True,
        starts: str = "",
        logits: Array | None = None,
        gap: float | None = None,
        undetermined: int | None = None,
        in_shared: bool | None = None,
        in_per_prompt: bool | None = None,
    ) -> Row:
        log_probabilities = log_policy(self.problem.reference if logits is None else logits)
        policy = np.exp(log_probabilities)
        outcome = "minimum" if proven else "local minimum"
        if log_probabilities.min() < _BOUNDARY:
            outcome = "at the boundary"
        return Row(
            problem=self.problem.name,
            labels=self.problem.labels,
            policies=self.family.name,
            prior=name,
            loss=end.value,
            outcome="infimum 0" if end.ran_to_zero else outcome,
            gradient=end.gradient,
            gap=gap,
            steps=end.steps,
            starts=starts,
            reward=float((policy * self.problem.reward).sum(axis=1).mean()),
            divergence=float(
                (policy * (log_probabilities - self.problem.reference)).sum(axis=1).mean()
            ),
            undetermined=undetermined,
            in_shared=in_shared,
            in_per_prompt=in_per_prompt,
            above_shared=0.0,
            above_per_prompt=0.0,
        )

    def _membership(self, prior: Prior, logits: Array) -> tuple[bool, bool]:
        """Return whether a prior, at the policy found, is in the two sets of learned ones."""
        if prior.by_label:
            return False, False
        scores, _ = prior.scores(logits, self.problem.answers)
        log_prior = log_policy(log_policy(logits) - scores[0])  # normalised for each prompt
        inside = bool(log_prior.min() >= np.log(self.settings.floor))
        alike = bool(np.ptp(log_prior, axis=0).max() <= TOLERANCE)
        return inside and alike, inside

    def _compared(self, row: Row) -> Row:
        return replace(
            row,
            above_shared=row.loss - self.losses["learned, shared"],
            above_per_prompt=row.loss - self.losses["learned, per prompt"],
        )

    def _check(self, row: Row, best: list[Row]) -> None:
        """Raise if the inequality fails where it is a theorem."""
        inside = {"learned, shared": row.in_shared, "learned, per prompt": row.in_per_prompt}
        for learned in best:
            reach = TOLERANCE + (learned.gap or 0)
            if inside.get(learned.prior) and row.loss < learned.loss - reach:
                raise NotConvergedError(
                    f"{row.problem}, {row.policies}: the loss of {row.prior}, {row.loss:.9g}, is "
                    f"below that of '{learned.prior}', {learned.loss:.9g}, whose set it is in; "
                    f"this is a bug in midpo_sym: please report it"
                )


def _undetermined(family: Family, among: PriorSet) -> int:
    """Return how many directions of scores both the policy and the prior can make.

    Scores matter up to a constant of each prompt, so these are taken out.
    """
    prompts, count, size = family.basis.shape
    policy = (family.basis - family.basis.mean(axis=1, keepdims=True)).reshape(-1, size)
    each = np.eye(count) - 1 / count
    prior = np.tile(each, (prompts, 1)) if among.shared else np.kron(np.eye(prompts), each)
    ranks = [np.linalg.matrix_rank(m) for m in (policy, prior, np.hstack([policy, prior]))]
    return int(ranks[0] + ranks[1] - ranks[2])
