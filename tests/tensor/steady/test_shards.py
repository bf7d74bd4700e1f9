"""A vocabulary in parts is as good as a whole one, in threads like processes and in processes."""

import threading
from dataclasses import dataclass

import pytest
import torch
from oracles.tensor import data_parallel, sharded
from oracles.tensor.literal import Everything, assert_same, batch, expect, needed
from oracles.tensor.processes import NothingWhole, run

from midpo_sym.tensor import VocabularyShard, response_statistics

PARTS = ((0, 6), (6, 7), (13, 0), (13, 4))  # of 17 columns; one has nothing

CHECKS = {
    "others": (
        data_parallel.check_lost_gradients,
        data_parallel.check_tensor_parallel,
        data_parallel.check_contexts,
    ),
    "vocabulary": (sharded.check_all,),
    "wrappers": (data_parallel.check_wrappers,),
}


@dataclass(frozen=True)
class InThread(VocabularyShard):
    """A shard whose processes are threads: they lay down what they have, and wait."""

    table: list = None
    meet: threading.Barrier = None

    def exchanged(self, values):
        self.table[self.group] = values
        self.meet.wait()
        found = [each.clone() for each in self.table]
        self.meet.wait()
        return torch.stack(found)

    def maximum(self, values):
        return self.exchanged(values).amax(0)

    def sums(self, *values):
        return tuple(self.exchanged(torch.stack(values)).sum(0))


def test_parts_of_a_vocabulary_are_a_whole_one():
    """Value and gradient of a loss of every statistic, by hand of their sums over four parts."""
    logits, labels, reference, weights = batch()
    given = needed(Everything(), reference, weights, None)
    wanted = expect(Everything(), logits, labels, **given)
    table, meet = [None] * len(PARTS), threading.Barrier(len(PARTS), timeout=30)
    found = [None] * len(PARTS)

    def work(rank):
        start, size = PARTS[rank]
        part = logits.narrow(-1, start, size).clone().requires_grad_()
        statistics = response_statistics(
            part,
            labels,
            ref_logits=reference.narrow(-1, start, size),
            kl=("ref_pi", "pi_ref"),
            weights=given["weights"],
            shard=InThread(start, size, 17, rank, table, meet),
        )
        losses, *rewards = Everything().from_statistics(*statistics.chunk())
        losses.mean().backward()
        found[rank] = (losses.detach().mean(), *rewards, part.grad)

    threads = [threading.Thread(target=work, args=(rank,)) for rank in range(len(PARTS))]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    gradient = torch.cat([each[3] for each in found], -1)
    for each in found:
        assert_same((*each[:3], gradient), wanted, 1e-12)


def test_the_spy_sees_a_whole_vocabulary():
    with pytest.raises(AssertionError, match="makes a tensor of shape"), NothingWhole(17):
        torch.zeros(2, 17)


@pytest.mark.slow
@pytest.mark.parametrize("count", [2, 4])
@pytest.mark.parametrize("check", CHECKS)
def test_processes_agree_with_one(check, count, tmp_path):
    """Every loss, from logits, hidden states, a head and statistics, in one set of processes each.

    With a vocabulary that they share, of which no tensor is whole; under DDP and FSDP2; with tensor
    parallelism by itself and beside FSDP2, and with responses in parts.
    """
    run(count, tmp_path, *CHECKS[check])
