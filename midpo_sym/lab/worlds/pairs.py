"""Pairs of answers, and who was preferred."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from midpo_sym.lab.checks import Array, LabError
from midpo_sym.lab.worlds.choice import outcomes
from midpo_sym.lab.worlds.language import Whole, World

_ROUNDS = 200  # of drawing, until as many pairs of two different answers are there


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs with labels; every field has shape (pairs,).

    Attributes:
        prompt: which prompt.
        chosen: the answer that was preferred.
        rejected: the other one.
        weight: what the pair counts.
        probability: that a random annotator prefers the chosen one, a tie counted half; before
            labels are exchanged.
        chosen_score: mean opinion of the annotators about the chosen answer.
        rejected_score: the same about the rejected one.
        tie: whether the annotator had no preference, and a coin gave the label.
    """

    prompt: Whole
    chosen: Whole
    rejected: Whole
    weight: Array
    probability: Array
    chosen_score: Array
    rejected_score: Array
    tie: NDArray[np.bool_]

    def __len__(self) -> int:
        """Return how many."""
        return len(self.prompt)


def draw(world: World, log_reference: Array, count: int, purpose: int) -> Pairs:
    """Draw pairs: answers from the reference, or from elsewhere, and labels from annotators.

    Args:
        world: with its annotators.
        log_reference: log π_ref(y|x); shape (prompts, answers).
        count: how many pairs are drawn; ties may be dropped of these.
        purpose: of the random numbers: pairs of another purpose are independent.

    Raises:
        LabError: the languages write one answer only, or all pairs are ties.
    """
    generator, settings = world.random(purpose), world.settings
    prompt = generator.integers(0, world.seen, count)
    first = _written(world, log_reference, prompt, generator)
    second = _written(world, log_reference, prompt, generator)
    for _ in range(_ROUNDS):
        same = np.flatnonzero(first == second)
        if not len(same):
            break
        second[same] = _written(world, log_reference, prompt[same], generator)
    else:
        raise LabError(
            f"in {_ROUNDS} draws {len(same)} pairs have two equal answers; a larger `variety` or "
            "`off_policy` makes answers differ"
        )
    who = generator.integers(0, settings.annotators, count)
    gain = world.opinions[who, prompt, first] - world.opinions[who, prompt, second]
    wins, tie = outcomes(settings.choice, gain, settings.ties)
    lot = generator.uniform(size=count)
    is_tie = (lot >= wins) & (lot < wins + tie)
    first_wins = np.where(is_tie, generator.uniform(size=count) < 0.5, lot < wins)  # noqa: PLR2004
    first_wins ^= generator.uniform(size=count) < settings.noise
    chosen, rejected = np.where(first_wins, first, second), np.where(first_wins, second, first)
    kept = ~is_tie if settings.tie_rule == "drop" else np.ones(count, dtype=bool)
    if not kept.any():
        raise LabError("all pairs are ties, and tie_rule is 'drop'; take fewer ties, or 'coin'")
    found = _described(world, prompt[kept], chosen[kept], rejected[kept])
    return replace(found, tie=is_tie[kept])


def everybody(world: World) -> Pairs:
    """Return every pair of answers of every seen prompt both ways, weighed by how often it wins.

    It is the population that `draw` draws from, pairs taken evenly: a loss of all of it has no
    error of sampling. For worlds with few answers.
    """
    count = len(world.answers)
    first, second = (each.ravel() for each in np.indices((count, count)))
    different = first != second
    first, second = first[different], second[different]
    prompt = np.repeat(np.arange(world.seen), len(first))
    chosen, rejected = np.tile(first, world.seen), np.tile(second, world.seen)
    found = _described(world, prompt, chosen, rejected)
    noise = world.settings.noise
    share = (1 - noise) * found.probability + noise * (1 - found.probability)
    return replace(found, weight=np.asarray(share / share.mean()))


def _written(
    world: World, log_reference: Array, prompt: Whole, generator: np.random.Generator
) -> Whole:
    """Return an answer to each prompt."""
    share = world.settings.off_policy
    found = np.empty(len(prompt), dtype=np.int64)
    for x in np.unique(prompt):
        places = np.flatnonzero(prompt == x)
        mixed = (1 - share) * np.exp(log_reference[x]) + share * np.exp(world.log_foreign[x])
        bounds = np.cumsum(mixed / mixed.sum())
        lots = np.searchsorted(bounds, generator.uniform(size=len(places)), side="right")
        found[places] = np.minimum(lots, len(bounds) - 1)
    return found


def _described(world: World, prompt: Whole, chosen: Whole, rejected: Whole) -> Pairs:
    """Return pairs that count alike, none of them a tie, with what the annotators say of them."""
    settings = world.settings
    above, below = world.opinions[:, prompt, chosen], world.opinions[:, prompt, rejected]
    wins, tie = outcomes(settings.choice, above - below, settings.ties)
    return Pairs(
        prompt=prompt,
        chosen=chosen,
        rejected=rejected,
        weight=np.ones(len(prompt)),
        probability=np.asarray((wins + tie / 2).mean(axis=0)),
        chosen_score=np.asarray(above.mean(axis=0)),
        rejected_score=np.asarray(below.mean(axis=0)),
        tie=np.zeros(len(prompt), dtype=bool),
    )
