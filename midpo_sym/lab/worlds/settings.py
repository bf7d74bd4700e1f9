"""What a world is made of, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any

from midpo_sym.lab.checks import LabError

MOST_ANSWERS = 20_000  # all of them are listed, for each prompt


def between(value: Any, name: str, least: float, most: float, *, whole: bool = False) -> None:
    """Raise unless a number is in a closed interval.

    Raises:
        LabError: it is no number, not whole where it has to be, or outside.
    """
    kinds = (int,) if whole else (int, float)
    what = "a whole number" if whole else "a number"
    bounds = f"of at least {least:g}" if most == inf else f"from {least:g} to {most:g}"
    is_number = isinstance(value, kinds) and not isinstance(value, bool) and isfinite(value)
    if not is_number or not least <= value <= most:
        raise LabError(f"{name} is {value!r}; it has to be {what} {bounds}")


def one_of(value: Any, name: str, allowed: Sequence[str]) -> None:
    """Raise unless a text is one of a few.

    Raises:
        LabError: it is not.
    """
    if value not in allowed:
        raise LabError(f"{name} is {value!r}; it has to be one of {', '.join(allowed)}")


@dataclass(frozen=True, slots=True)
class WorldSettings:
    """A kind of world; with a seed it is one.

    Attributes:
        letters: tokens of answers, ∎ not counted.
        longest: the most tokens of an answer, ∎ counted.
        states: of the automaton that writes and rewards.
        prompts: how many; each is one to three letters.
        unseen: how many of them have no preferences.
        variety: concentration of the next-letter probabilities; the smaller, the less even.
        ending: mean probability that an answer ends, at each token.
        reward_scale: standard deviation of the true reward of a prompt's answers.
        length_correlation: of the true reward with the length, in the language itself.
        annotators: how many; each pair is labelled by one of them.
        disagreement: standard deviation of what an annotator adds to the reward, over
            `reward_scale`.
        length_bias: what annotators add for a standard deviation of length, over `reward_scale`;
            below 0 they like short answers.
        choice: how an annotator chooses, of `choice.CHOICES`.
        ties: how common they are: Davidson's ν, or Rao and Kupper's θ − 1.
        tie_rule: `coin` labels a tie at random, `drop` leaves it out.
        noise: share of labels that are exchanged.
        pairs: how many are asked for; with `drop`, ties are among them.
        off_policy: share of answers that another language wrote, and not the reference.
    """

    letters: int = 4
    longest: int = 6
    states: int = 6
    prompts: int = 8
    unseen: int = 2
    variety: float = 0.8
    ending: float = 0.2
    reward_scale: float = 1.0
    length_correlation: float = 0.0
    annotators: int = 1
    disagreement: float = 0.0
    length_bias: float = 0.0
    choice: str = "bradley_terry"
    ties: float = 0.0
    tie_rule: str = "coin"
    noise: float = 0.0
    pairs: int = 1000
    off_policy: float = 0.0

    def __post_init__(self) -> None:
        """Check each setting, and those that have to do with each other.

        Raises:
            LabError: one is not allowed.
        """
        for name, least, most in (
            ("letters", 1, 8),
            ("longest", 2, 12),
            ("states", 1, 64),
            ("prompts", 1, 64),
            ("unseen", 0, 63),
            ("annotators", 1, 64),
            ("pairs", 1, 1_000_000),
        ):
            between(getattr(self, name), name, least, most, whole=True)
        for name, low, high in (
            ("variety", 0.05, 100.0),
            ("ending", 0.01, 0.9),
            ("reward_scale", 0.01, 100.0),
            ("length_correlation", -0.99, 0.99),
            ("disagreement", 0.0, 100.0),
            ("length_bias", -100.0, 100.0),
            ("ties", 0.0, 100.0),
            ("noise", 0.0, 0.49),
            ("off_policy", 0.0, 1.0),
        ):
            between(getattr(self, name), name, low, high)
        one_of(self.tie_rule, "tie_rule", ("coin", "drop"))
        one_of(self.choice, "choice", ("bradley_terry", "thurstone", "by_reward", *WITH_TIES))
        self._check_together()

    def _check_together(self) -> None:
        if self.answers > MOST_ANSWERS:
            raise LabError(
                f"letters = {self.letters} and longest = {self.longest} make {self.answers} "
                f"answers; at most {MOST_ANSWERS}, as all are listed: take one of them smaller"
            )
        if self.unseen >= self.prompts:
            raise LabError(
                f"unseen is {self.unseen}; it has to be below prompts, {self.prompts}, as some "
                "prompt needs preferences"
            )
        if self.prompts > self.letters + self.letters**2 + self.letters**3:
            raise LabError(
                f"prompts is {self.prompts}; {self.letters} letters make "
                f"{self.letters + self.letters**2 + self.letters**3} of up to three"
            )
        if self.ties and self.choice not in WITH_TIES:
            raise LabError(
                f"ties is {self.ties:g}, and choice {self.choice!r} has none; take 0, or one of "
                f"{', '.join(WITH_TIES)}"
            )

    @property
    def answers(self) -> int:
        """How many answers a prompt has."""
        return sum(self.letters**size for size in range(self.longest + 1))


WITH_TIES = ("davidson", "rao_kupper")
