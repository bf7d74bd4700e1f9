"""Train a tiny model with FSDP2 and a vocabulary in parts, in plain torch: in seconds.

pip install '.[torch]' && python examples/train_sharded.py

Half of the processes hold other pairs than the other half, and FSDP2 averages their gradients. The
processes of a half hold parts of one vocabulary: no one ever makes the logits of all of it. On real
machines: torchrun --nproc-per-node 8 examples/train_sharded.py
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import torch
from torch import Tensor, distributed, multiprocessing, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import Shard
from torch.distributed.tensor.parallel import ColwiseParallel, parallelize_module

from midpo_sym.losses import TDPOLoss

VOCABULARY, WIDTH, PAIRS, TOKENS, STEPS = 101, 16, 4, 8, 6


class Model(nn.Module):
    """The least that can be trained: it predicts the next token from this one."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(VOCABULARY, WIDTH)
        self.body = nn.Linear(WIDTH, WIDTH)
        self.lm_head = nn.Linear(WIDTH, VOCABULARY, bias=False)

    def forward(self, ids: Tensor) -> Tensor:
        """Return the logits; a DTensor once the lm_head is in parts."""
        logits: Tensor = self.lm_head(torch.tanh(self.body(self.embed(ids))))
        return logits


def train() -> None:
    """Train; every process runs this."""
    world, rank = distributed.get_world_size(), distributed.get_rank()
    parts = max(2, world // 2)
    mesh = init_device_mesh("cpu", (world // parts, parts), mesh_dim_names=("data", "vocabulary"))
    columns = ColwiseParallel(output_layouts=Shard(-1), use_local_output=False)

    def made() -> nn.Module:
        torch.manual_seed(0)
        return parallelize_module(Model(), mesh["vocabulary"], {"lm_head": columns})

    model = fully_shard(made(), mesh=mesh["data"])
    reference = made().requires_grad_(requires_grad=False)
    torch.manual_seed(1 + rank // parts)  # the same pairs where a vocabulary is shared
    ids = torch.randint(VOCABULARY, (2 * PAIRS, TOKENS))
    loss, optimiser = TDPOLoss(beta=0.1), torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(STEPS):
        value, chosen, rejected = loss.from_logits(
            model(ids), ids, ref_logits=reference(ids), reduction="mean"
        )
        optimiser.zero_grad()
        value.backward()
        optimiser.step()
        if rank == 0:
            print(f"loss {value.item():.4f}  margin {(chosen - rejected).mean().item():+.4f}")


def work(rank: int, world: int, meeting: str) -> None:
    """Meet the other processes, and train."""
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=world)
    train()
    distributed.destroy_process_group()


def main(processes: int = 4) -> None:
    """Train with the processes of torchrun, or with some of our own."""
    if "RANK" in os.environ:
        work(int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"]), "env://")
        return
    with tempfile.TemporaryDirectory() as folder:
        meeting = (Path(folder) / "meeting").as_uri()
        multiprocessing.spawn(work, (processes, meeting), nprocs=processes)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
