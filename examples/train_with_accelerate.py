"""Train on pairs in a loop of one's own, on one process or many: seconds, from nothing.

pip install '.[train]' && python examples/train_with_accelerate.py
accelerate launch --cpu --num_processes 2 examples/train_with_accelerate.py

Losses, gradients and the model are the same either way: the mean is over the pairs of a step,
whatever process they are on.
"""

from __future__ import annotations

import copy
from itertools import islice

import torch
from accelerate import Accelerator
from torch import Tensor
from torch.utils.data import DataLoader
from transformers import LlamaConfig, LlamaForCausalLM

from midpo_sym.losses import TDPOLoss
from midpo_sym.training.step import pair_loss

PAIRS, PROMPT, TOKENS, VOCABULARY = 8, 3, 8, 20


def make_pairs() -> list[dict[str, Tensor]]:
    """Return pairs whose chosen responses count upwards, and whose rejected ones count down."""
    found = []
    for start in range(PAIRS):
        prompt = torch.full((PROMPT,), start + 1)
        steps = torch.arange(TOKENS - PROMPT)
        sides = [torch.cat([prompt, (start + way * steps) % VOCABULARY]) for way in (1, -1)]
        ids = torch.stack(sides)
        labels = ids.clone()
        labels[:, :PROMPT] = -100
        found.append({"input_ids": ids, "labels": labels})
    return found


def join(pairs: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Return a batch of pairs: the chosen responses first."""
    sides = {name: torch.stack([pair[name] for pair in pairs], 1) for name in pairs[0]}
    return {name: each.flatten(0, 1) for name, each in sides.items()}


def main(steps: int = 6) -> list[float]:
    """Train, print the losses, and return them."""
    accelerator = Accelerator(cpu=True)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=VOCABULARY, hidden_size=16, intermediate_size=24, num_hidden_layers=1,
        num_attention_heads=2, num_key_value_heads=2,
    )  # fmt: skip
    model = LlamaForCausalLM(config)
    reference = copy.deepcopy(model).requires_grad_(requires_grad=False)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    share = PAIRS // accelerator.num_processes
    batches = DataLoader(make_pairs(), batch_size=share, collate_fn=join)
    model, optimizer, batches = accelerator.prepare(model, optimizer, batches)
    loss, found = TDPOLoss(beta=0.5), []
    for batch in islice(iter(lambda: next(iter(batches)), None), steps):
        total, chosen, rejected = pair_loss(
            loss, model, batch, reference=reference, empty="skip", reduction="sum"
        )
        pairs = accelerator.reduce(torch.tensor(float(len(chosen))))  # in the whole step
        # Processes average their gradients, so that each one's sum counts that much more.
        mean = total * accelerator.num_processes / pairs
        accelerator.backward(mean)
        optimizer.step()
        optimizer.zero_grad()
        found.append(float(accelerator.reduce(mean.detach(), reduction="mean")))
        margin = accelerator.gather(chosen - rejected).mean()
        accelerator.print(f"loss {found[-1]:.6f}  margin {float(margin):+.4f}")
    return found


if __name__ == "__main__":
    main()
