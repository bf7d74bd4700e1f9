"""How large models are, and how long they are trained."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from midpo_sym.lab.checks import LabError
from midpo_sym.lab.worlds.settings import between


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """A transformer.

    Attributes:
        width: of its residual stream.
        layers: how many.
        heads: of each layer; they share the width.
    """

    width: int = 32
    layers: int = 2
    heads: int = 2

    def __post_init__(self) -> None:
        """Check the sizes.

        Raises:
            LabError: one is out of range, or heads do not share the width evenly.
        """
        between(self.width, "width", 2, 1024, whole=True)
        between(self.layers, "layers", 1, 32, whole=True)
        between(self.heads, "heads", 1, 64, whole=True)
        if self.width % self.heads:
            raise LabError(f"heads is {self.heads}; it has to divide width, {self.width}")


@dataclass(frozen=True, slots=True)
class ReferenceSettings:
    """Maximum likelihood on answers of the language.

    Attributes:
        samples: answers it is trained on.
        steps: of Adam.
        batch: answers of a step.
        learning_rate: at the start; it falls to 0 linearly.
    """

    samples: int = 4000
    steps: int = 300
    batch: int = 128
    learning_rate: float = 3e-3

    def __post_init__(self) -> None:
        """Check the sizes.

        Raises:
            LabError: one is out of range.
        """
        between(self.samples, "samples", 1, 10_000_000, whole=True)
        between(self.steps, "steps", 0, 1_000_000, whole=True)
        between(self.batch, "batch", 1, 100_000, whole=True)
        between(self.learning_rate, "learning_rate", 1e-7, 1.0)


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """The budget that each loss has.

    Attributes:
        steps: of Adam.
        batch: pairs of a step.
        snapshots: how often the policy is measured, evenly, the last time at the end.
        clip: largest norm of a gradient.
    """

    steps: int = 200
    batch: int = 64
    snapshots: int = 4
    clip: float = 1.0

    def __post_init__(self) -> None:
        """Check the sizes.

        Raises:
            LabError: one is out of range.
        """
        between(self.steps, "steps", 1, 1_000_000, whole=True)
        between(self.batch, "batch", 1, 100_000, whole=True)
        between(self.snapshots, "snapshots", 1, 1000, whole=True)
        between(self.clip, "clip", 1e-6, inf)
        if self.snapshots > self.steps:
            raise LabError(f"snapshots is {self.snapshots}; at most steps, {self.steps}")
