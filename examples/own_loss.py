"""From a loss of one's own to a training step: specify, prove, generate, train.

Run it with `python examples/own_loss.py`. The loss is TDPO with divergences averaged over the
tokens, which no library has.
"""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from pathlib import Path
from types import ModuleType

import torch
from torch import nn

import midpo_sym

SPECIFICATION = """
title   = "Mean-KL TDPO"
summary = "TDPO with the mean of the divergences instead of their sum."

[parameters]
alpha = { domain = "positive", default = "1/2", torch = "beta", meaning = "scale of the reward" }

[definitions]
K = { of = "y", is = "sum_t(kl_ref_pi(y, t))/length(y)", meaning = "mean divergence" }

[prior]
zeta = "ref(y)*exp(-K(y))"

[loss]
argument = "alpha*(log(pi(w)/ref(w)) + K(w)) - alpha*(log(pi(l)/ref(l)) + K(l))"
"""

VOCABULARY, WIDTH, TOKENS, PAIRS, STEPS = 50, 32, 12, 8, 30


def generated(folder: Path) -> ModuleType:
    """Prove the specification and return its loss as a module."""
    specification = folder / "mean_kl_tdpo.toml"
    specification.write_text(SPECIFICATION, encoding="utf-8")
    result = midpo_sym.prove(specification)
    print(f"{result.id}: {result.verdict.status.value}, gradient {result.gradient.status.value}")
    file = folder / "mean_kl_tdpo.py"
    file.write_text(midpo_sym.generate(specification), encoding="utf-8")
    found = importlib.util.spec_from_file_location(file.stem, file)
    if found is None or found.loader is None:
        message = f"{file} cannot be imported"
        raise ImportError(message)
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def model() -> nn.Module:
    """Return a tiny model: next-token logits from the token before."""
    return nn.Sequential(nn.Embedding(VOCABULARY, WIDTH), nn.Tanh(), nn.Linear(WIDTH, VOCABULARY))


def main() -> int:
    """Train for a few steps; fail unless the loss falls."""
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        loss = generated(Path(folder)).MeanKLTDPOLoss()
    print(loss)
    policy, reference = model(), model()
    policy.load_state_dict(reference.state_dict())
    # The first half of the rows are chosen responses, the second half the rejected ones.
    tokens = torch.randint(VOCABULARY, (2 * PAIRS, TOKENS))
    labels = tokens.clone()
    labels[:, :4] = -100  # the prompt
    optimiser = torch.optim.AdamW(policy.parameters(), lr=1e-2)
    values = []
    for step in range(STEPS):
        with torch.no_grad():
            ref_logits = reference(tokens)
        losses, chosen, rejected = loss.from_logits(policy(tokens), labels, ref_logits=ref_logits)
        optimiser.zero_grad()
        losses.mean().backward()
        optimiser.step()
        values.append(losses.mean().item())
        if step % 10 == 0 or step == STEPS - 1:
            accuracy = (chosen > rejected).float().mean()
            print(f"step {step:2}: loss {values[-1]:.4f}, accuracy {accuracy:.2f}")
    return 0 if values[-1] < values[0] / 2 else 1


if __name__ == "__main__":
    sys.exit(main())
