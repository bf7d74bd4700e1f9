"""Training: one loop for every objective, with the same budget."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from midpo_sym.lab.training.encoding import Encoding
from midpo_sym.lab.training.inputs import Batch
from midpo_sym.lab.training.model import Transformer
from midpo_sym.lab.training.objectives import Objective, token_logps
from midpo_sym.lab.training.settings import TrainingSettings
from midpo_sym.lab.worlds.pairs import Pairs

_PRIOR_FASTER = 100.0  # offsets of single pairs are seen once in an epoch, and need larger steps


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A policy during training.

    Attributes:
        step: after how many.
        loss: of the training pairs, mean by their weights.
        chosen_displacement: mean of log π/π_ref of the chosen responses of the training pairs.
        rejected_displacement: the same of the rejected ones.
    """

    step: int
    loss: float
    chosen_displacement: float
    rejected_displacement: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came out of a run.

    Attributes:
        policy: at the end.
        diverged: whether a loss or gradient was not finite; training ended there.
        seconds: of training, measurements left out.
    """

    policy: Transformer
    diverged: bool
    seconds: float


def fit(
    reference: Transformer,
    encoding: Encoding,
    pairs: Pairs,
    objective: Objective,
    settings: TrainingSettings,
    *,
    learning_rate: float,
    seed: int,
    watch: Callable[[Transformer, Snapshot], None],
) -> Outcome:
    """Train a policy, from the reference on.

    Args:
        reference: where the policy starts.
        encoding: of the world.
        pairs: that it learns from.
        objective: what is minimised.
        settings: steps, batch, snapshots.
        learning_rate: of Adam; it falls to a tenth linearly.
        seed: of the order of pairs.
        watch: called with the policy at each snapshot.
    """
    policy = copy.deepcopy(reference).requires_grad_()
    everything = PairTable(pairs, encoding, reference)
    generator = torch.Generator().manual_seed(seed)
    groups = [{"params": list(policy.parameters()), "lr": learning_rate}]
    rest = list(objective.learned())
    if rest:
        faster = _PRIOR_FASTER if rest[0].ndim == 1 and len(rest) == 1 else 1.0
        groups.append({"params": rest, "lr": faster * learning_rate})
    optimiser = torch.optim.Adam(groups)
    rates = [float(each["lr"]) for each in optimiser.param_groups]
    trained = [each for group in optimiser.param_groups for each in group["params"]]
    places = {
        round(settings.steps * (k + 1) / settings.snapshots) for k in range(settings.snapshots)
    }
    order, spent, diverged = torch.empty(0, dtype=torch.int64), 0.0, False
    for step in range(settings.steps):
        start = time.perf_counter()
        share = 1 - 0.9 * step / settings.steps
        for group, rate in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = rate * share
        while len(order) < settings.batch:
            order = torch.cat([order, torch.randperm(len(pairs), generator=generator)])
        rows, order = order[: settings.batch], order[settings.batch :]
        batch = everything.batch(rows)
        losses = objective.losses(policy, batch, step)
        loss = (losses * batch.weight).sum() / batch.weight.sum()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        _freeze(policy, rest, objective, step)
        norm = nn.utils.clip_grad_norm_(trained, settings.clip)
        diverged = not (math.isfinite(float(loss.detach())) and math.isfinite(float(norm)))
        if diverged:
            break
        optimiser.step()
        spent += time.perf_counter() - start
        if step + 1 in places:
            watch(policy, everything.snapshot(policy, objective, step + 1))
    return Outcome(policy, diverged, spent)


def _freeze(policy: nn.Module, rest: list[nn.Parameter], objective: Objective, step: int) -> None:
    """Drop the gradients of what does not move in a step."""
    if not objective.trains_policy(step):
        policy.zero_grad(set_to_none=True)
    if not objective.trains_rest(step):
        for each in rest:
            each.grad = None


class PairTable:
    """All pairs as tensors, with what the reference says of them."""

    def __init__(self, pairs: Pairs, encoding: Encoding, reference: Transformer) -> None:
        self.encoding = encoding
        prompt = torch.from_numpy(pairs.prompt)
        self.prompt = prompt
        self.answers = torch.stack(
            [torch.from_numpy(pairs.chosen), torch.from_numpy(pairs.rejected)]
        )
        both = torch.tensor([*pairs.chosen_score, *pairs.rejected_score], dtype=torch.float32)
        self.scores = both.view(2, -1)
        self.weight = torch.from_numpy(pairs.weight).float()
        self.probability = torch.from_numpy(pairs.probability).float()
        with torch.no_grad():
            parts = [reference(encoding.ids(prompt, each)) for each in self.answers]
        self.ref_logits = torch.stack(parts)

    def batch(self, rows: Tensor) -> Batch:
        """Return some pairs."""
        prompt = self.prompt[rows].repeat(2)
        answer = self.answers[:, rows].flatten()
        labels = self.encoding.labels(answer)
        ref_logits = self.ref_logits[:, rows].flatten(0, 1)
        return Batch(
            rows=rows,
            ids=self.encoding.ids(prompt, answer),
            blind=self.encoding.ids(prompt, answer, with_prompt=False),
            labels=labels,
            weight=self.weight[rows],
            credit=self.encoding.credit(prompt, answer),
            scores=self.scores[:, rows].flatten(),
            probability=self.probability[rows],
            ref_logits=ref_logits,
            ref_logps=token_logps(ref_logits, labels),
        )

    @torch.no_grad()
    def snapshot(self, policy: Transformer, objective: Objective, step: int) -> Snapshot:
        """Return what the training pairs say of a policy."""
        batch = self.batch(torch.arange(len(self.prompt)))
        losses = objective.losses(policy, batch, step)
        logps = token_logps(policy(batch.ids), batch.labels)
        chosen, rejected = (logps - batch.ref_logps).sum(-1).chunk(2)
        return Snapshot(
            step=step,
            loss=float((losses * batch.weight).sum() / batch.weight.sum()),
            chosen_displacement=float(chosen.mean()),
            rejected_displacement=float(rejected.mean()),
        )
