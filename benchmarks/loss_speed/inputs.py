"""Logits, hidden states and labels of one size, drawn from a seed."""

from dataclasses import dataclass, field

import torch
from torch import Tensor

IGNORED = -100
WEIGHTS = {"tis_dpo": ("weights",), "sparsepo": ("reward_mask", "kl_mask")}


@dataclass(frozen=True)
class Size:
    """The size of a problem: 2·pairs rows of tokens, chosen ones first.

    Attributes:
        pairs: preference pairs.
        tokens: positions of a row, all of them but the first with a label.
        vocabulary: entries of a row of logits.
        hidden: width of the hidden states.
        dtype: `float32` or `bfloat16`, of logits, hidden states and weights.
        prompt: the share of the positions, from the first on, that has no label.
    """

    pairs: int = 2
    tokens: int = 256
    vocabulary: int = 32_768
    hidden: int = 512
    dtype: str = "float32"
    prompt: float = 0.0


@dataclass
class Inputs:
    """What a loss is computed from; `leaves` get gradients, the reference's tensors do not."""

    labels: Tensor  # (N, T)
    weights: dict[str, Tensor]  # of each (N, T)
    logits: Tensor | None = None  # (N, T, V)
    ref_logits: Tensor | None = None  # (N, T, V)
    hidden: Tensor | None = None  # (N, T, H)
    weight: Tensor | None = None  # (V, H)
    ref_hidden: Tensor | None = None  # (N, T, H)
    ref_weight: Tensor | None = None  # (V, H)
    leaves: list[Tensor] = field(default_factory=list)


def draw(path: str, loss: str, size: Size, seed: int = 0) -> Inputs:
    """Return inputs of a path, `logits` or `hidden`.

    Logits have a standard deviation of 3, and the reference's differ from the policy's by a tenth
    of that: about what a model has that is being trained away from its reference. Labels are drawn
    from the reference, as its own responses would be.
    """
    torch.manual_seed(seed)
    dtype = getattr(torch, size.dtype)
    rows, noise = 2 * size.pairs, 0.1
    if path == "logits":
        shape = (rows, size.tokens, size.vocabulary)
        logits = torch.randn(shape).mul_(3)
        reference = torch.randn(shape).mul_(3 * noise).add_(logits)
        labels = sample(reference)
        leaves = [logits.to(dtype).requires_grad_()]
        inputs = Inputs(labels, {}, leaves[0], reference.to(dtype), leaves=leaves)
    else:
        hidden = torch.randn(rows, size.tokens, size.hidden)
        weight = torch.randn(size.vocabulary, size.hidden).mul_(3 / size.hidden**0.5)
        reference = [
            torch.randn_like(each).mul_(noise * each.std()).add_(each).to(dtype)
            for each in (hidden, weight)
        ]
        leaves = [each.to(dtype).requires_grad_() for each in (hidden, weight)]
        labels = torch.randint(size.vocabulary, (rows, size.tokens))
        inputs = Inputs(
            labels,
            {},
            hidden=leaves[0],
            weight=leaves[1],
            ref_hidden=reference[0],
            ref_weight=reference[1],
            leaves=leaves,
        )
    inputs.labels[:, : max(1, int(size.prompt * size.tokens))] = IGNORED
    for name in WEIGHTS.get(loss, ()):
        inputs.weights[name] = torch.rand(rows, size.tokens).add_(0.5)
    return inputs


def sample(logits: Tensor) -> Tensor:
    """Return labels drawn from the logits of the positions before them; position 0 gets any."""
    labels = torch.zeros(logits.shape[:2], dtype=torch.int64)
    for row, scores in zip(labels, logits, strict=True):
        chances = torch.softmax(scores[:-1], -1)
        row[1:] = torch.multinomial(chances, 1).squeeze(-1)
    return labels
