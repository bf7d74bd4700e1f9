"""Train a tiny transformer on synthetic preferences with every loss, on a processor.

    python examples/train_tiny.py --out /tmp/tiny

The task: a prompt of four tokens is to be continued upwards (5 6 7 …), with the chosen response;
the rejected one counts downwards. Responses differ in length, and some tokens are noise. Every loss
trains the same randomly initialised model on the same pairs. Accuracy, the share of held-out pairs
whose chosen response has the larger implicit reward, and margin, the mean difference of the two
rewards, have to rise: the script ends with status 1 otherwise. It writes train_tiny.svg.
"""

from __future__ import annotations

import argparse
import copy
import sys
from dataclasses import dataclass, field
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from torch import Tensor, nn

from midpo_sym import losses
from midpo_sym.tensor import PreferenceLoss, response_statistics

VOCABULARY, TOKENS, PROMPT, WIDTH = 32, 16, 4, 32
PAIRS, HELD_OUT = 16, 256
NOISE = 0.1
RATE = 3e-3
LOOKS = 20  # points of a curve
SETTINGS = {"centropy": {"eta": 0.9}}  # the default, 1, is DPO; everything else at its default
IGNORED = -100


class Tiny(nn.Module):
    """A transformer of one layer: token ids (N, T) to hidden states (N, T, WIDTH)."""

    def __init__(self) -> None:
        super().__init__()
        self.token = nn.Embedding(VOCABULARY, WIDTH)
        self.place = nn.Embedding(TOKENS, WIDTH)
        self.layer = nn.TransformerEncoderLayer(
            WIDTH, nhead=4, dim_feedforward=2 * WIDTH, dropout=0.0, batch_first=True
        )
        self.lm_head = nn.Linear(WIDTH, VOCABULARY, bias=False)

    def forward(self, ids: Tensor) -> Tensor:
        """Return the last hidden states."""
        later = torch.ones(TOKENS, TOKENS, dtype=torch.bool).triu(1)
        states = self.token(ids) + self.place(torch.arange(TOKENS))
        return self.layer(states, src_mask=later)


class Masks(nn.Module):
    """Two masks for each token, learned with the policy: SparsePO's, here from the token alone."""

    def __init__(self) -> None:
        super().__init__()
        self.scores = nn.Embedding(VOCABULARY, 2)

    def forward(self, ids: Tensor) -> dict[str, Tensor]:
        """Return masks in (0, 1), by the name the loss knows them under."""
        rewards, divergences = self.scores(ids).sigmoid().unbind(-1)
        return {"reward_mask": rewards, "kl_mask": divergences}


@dataclass(frozen=True)
class Batch:
    """Pairs, chosen responses in the first half: ids and labels (2B, T), labels -100 at prompts."""

    ids: Tensor
    labels: Tensor


def draw(pairs: int, generator: torch.Generator) -> Batch:
    """Return pairs that follow the rule."""
    start = torch.randint(VOCABULARY, (pairs, 1), generator=generator)
    steps = torch.arange(TOKENS)
    upwards = start + steps
    turned = start + 2 * (PROMPT - 1) - steps
    downwards = torch.where(steps < PROMPT, upwards, turned)
    ids = torch.cat([upwards, downwards]) % VOCABULARY
    noise = torch.randint(VOCABULARY, ids.shape, generator=generator)
    noisy = torch.rand(ids.shape, generator=generator) < NOISE
    ids = torch.where(noisy & (steps >= PROMPT), noise, ids)
    lengths = torch.randint(PROMPT + 4, TOKENS + 1, (2 * pairs, 1), generator=generator)
    live = (steps >= PROMPT) & (steps < lengths)
    return Batch(ids, torch.where(live, ids, IGNORED))


@dataclass
class Run:
    """A policy in training under one loss.

    Attributes:
        loss: the module.
        policy: what is trained.
        reference: what it started from, frozen; for DICE the policy of the round before.
        masks: learned as well, where the loss takes them.
    """

    loss: PreferenceLoss
    policy: Tiny
    reference: Tiny
    masks: Masks = field(default_factory=Masks)

    def parameters(self) -> list[nn.Parameter]:
        return [*self.policy.parameters(), *self.masks.parameters()]

    def weights(self, batch: Batch) -> dict[str, Tensor]:
        """Return the token weights that the loss takes, by name.

        TIS-DPO's are estimated beforehand in earnest; here early tokens weigh a little more.
        """
        found = {"weights": 1.2 - 0.4 * torch.arange(TOKENS).expand_as(batch.ids) / TOKENS}
        found |= self.masks(batch.ids)
        return {name: found[name] for name in self.loss.needs.weights}

    def cached(self, batch: Batch) -> dict[str, Tensor]:
        """Return the previous policy's log-probabilities, if the loss takes them."""
        if self.loss.needs.reference_model != "prev":
            return {}
        logits = self.reference.lm_head(self.reference(batch.ids))
        return {"prev_logps": response_statistics(logits, batch.labels).logps}

    @property
    def compares(self) -> bool:
        return self.loss.needs.reference_model == "ref"

    def step(self, batch: Batch) -> Tensor:
        """Return the mean loss, straight from hidden states: the logits are never all there."""
        options: dict[str, Tensor] = self.weights(batch)
        with torch.no_grad():
            options |= self.cached(batch)
            if self.compares:
                options["ref_hidden"] = self.reference(batch.ids)
                options["ref_weight"] = self.reference.lm_head.weight
        hidden, weight = self.policy(batch.ids), self.policy.lm_head.weight
        return self.loss.from_hidden(hidden, weight, batch.labels, **options)[0]

    @torch.no_grad()
    def look(self, batch: Batch) -> tuple[float, float]:
        """Return accuracy and margin, from logits this time; a tie counts one half."""
        options = self.weights(batch) | self.cached(batch)
        if self.compares:
            options["ref_logits"] = self.reference.lm_head(self.reference(batch.ids))
        logits = self.policy.lm_head(self.policy(batch.ids))
        _, chosen, rejected = self.loss.from_logits(logits, batch.labels, **options)
        margins = chosen - rejected
        right = (margins > 0).float() + (margins == 0).float() / 2
        return float(right.mean()), float(margins.mean())


@dataclass(frozen=True)
class Curve:
    """What a run showed: at which steps, accuracies, margins."""

    name: str
    steps: list[int]
    accuracies: list[float]
    margins: list[float]

    def rose(self, least: float) -> bool:
        """Tell whether margin and accuracy rose, the latter to what is asked for."""
        risen = self.margins[-1] > self.margins[0] and self.accuracies[-1] > self.accuracies[0]
        return risen and self.accuracies[-1] >= least


def train(name: str, steps: int, seed: int, progress: Progress) -> Curve:
    """Return the curve of one loss."""
    torch.manual_seed(seed)
    policy = Tiny()
    run = Run(
        losses.get(name)(**SETTINGS.get(name, {})),
        policy,
        copy.deepcopy(policy).requires_grad_(requires_grad=False),
    )
    optimiser = torch.optim.Adam(run.parameters(), lr=RATE)
    pairs = torch.Generator().manual_seed(seed)
    held_out = draw(HELD_OUT, torch.Generator().manual_seed(seed + 1))
    curve = Curve(name, [], [], [])
    bar = progress.add_task(name, total=steps)
    for step in range(steps + 1):
        if step % max(1, steps // LOOKS) == 0 or step == steps:
            accuracy, margin = run.look(held_out)
            curve.steps.append(step)
            curve.accuracies.append(accuracy)
            curve.margins.append(margin)
        if step < steps:
            optimiser.zero_grad()
            run.step(draw(PAIRS, pairs)).backward()
            optimiser.step()
            progress.advance(bar)
    return curve


def table_of(curves: list[Curve], least: float) -> Table:
    table = Table(title="Held-out pairs, before and after")
    for head in ("loss", "accuracy", "", "margin", "", "rose"):
        table.add_column(head, justify="left" if head == "loss" else "right")
    for each in curves:
        accuracies = [f"{value:.1%}" for value in (each.accuracies[0], each.accuracies[-1])]
        margins = [f"{value:.2f}" for value in (each.margins[0], each.margins[-1])]
        table.add_row(each.name, *accuracies, *margins, "yes" if each.rose(least) else "no")
    return table


def plot(curves: list[Curve], path: Path) -> None:
    """Write accuracy and margin over the steps as SVG, the same bytes for the same curves."""
    import matplotlib as mpl  # noqa: PLC0415 - training needs none
    from matplotlib.figure import Figure  # noqa: PLC0415 - likewise

    with mpl.rc_context({"svg.hashsalt": "train_tiny", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=(9, 3.5), layout="constrained")
        accuracy, margin = figure.subplots(1, 2)
        for each in curves:
            accuracy.plot(each.steps, each.accuracies, label=each.name)
            margin.plot(each.steps, each.margins, label=each.name)
        for axis, name in ((accuracy, "accuracy"), (margin, "margin of the implicit rewards")):
            axis.set(xlabel="step", ylabel=name)
            axis.spines[["top", "right"]].set_visible(False)
        margin.legend(fontsize=7)
        figure.savefig(path, format="svg", metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        epilog="example:\n  python examples/train_tiny.py --out /tmp/tiny --losses dpo tdpo",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of train_tiny.svg")
    parser.add_argument(
        "--losses", nargs="+", choices=losses.names(), default=losses.names(), metavar="LOSS",
        help=f"of {', '.join(losses.names())}; all if not given",
    )  # fmt: skip
    parser.add_argument("--steps", type=int, default=200, help="of training; default 200")
    parser.add_argument("--least", type=float, default=0.9, help="accuracy to reach; default 0.9")
    parser.add_argument("--seed", type=int, default=1, help="of weights and pairs; default 1")
    options = parser.parse_args()
    if options.steps < 1:
        parser.error(f"argument --steps: expected 1 or more, got {options.steps}")
    torch.set_num_threads(1)
    with Progress(console=Console(stderr=True)) as progress:
        curves = [train(name, options.steps, options.seed, progress) for name in options.losses]
    Console().print(table_of(curves, options.least))
    options.out.mkdir(parents=True, exist_ok=True)
    plot(curves, options.out / "train_tiny.svg")
    failed = [each.name for each in curves if not each.rose(options.least)]
    if failed:
        sys.exit(
            f"accuracy and margin did not rise, or not to {options.least:.0%}, with "
            f"{', '.join(failed)}"
        )


if __name__ == "__main__":
    main()
