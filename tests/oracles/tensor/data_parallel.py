"""What each of several processes checks of wrapped models, against one process with the batch."""

import copy

import pytest
import torch
from oracles.tensor.literal import DPO, LOSSES, TDPO, Everything, assert_same, batch, literal_loss
from oracles.tensor.processes import shared
from torch import distributed, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, Replicate, Shard, distribute_tensor
from torch.distributed.tensor.parallel import ColwiseParallel, parallelize_module

from midpo_sym.tensor import gather_responses, linear_statistics, response_statistics

VOCABULARY, WIDTH, PAIRS = 23, 6, 4


class Policy(nn.Module):
    """A model of one layer whose logits at a token depend on that token only."""

    def __init__(self, seed):
        super().__init__()
        torch.manual_seed(seed)
        self.embed = nn.Embedding(VOCABULARY, WIDTH, dtype=torch.float64)
        self.body = nn.Linear(WIDTH, WIDTH, dtype=torch.float64)
        self.lm_head = nn.Linear(WIDTH, VOCABULARY, dtype=torch.float64)

    def forward(self, ids, finish=None):
        """Return logits, or what `finish` makes of hidden states and the lm_head."""
        hidden = torch.tanh(self.body(self.embed(ids)))
        return self.lm_head(hidden) if finish is None else finish(hidden, self.lm_head)


class Batch:
    """Token ids and labels of some pairs, and what a loss needs of other models."""

    def __init__(self, pairs=None):
        _, labels, _, weights = batch(pairs=PAIRS, vocabulary=VOCABULARY)
        generator = torch.Generator().manual_seed(1)
        ids = torch.randint(VOCABULARY, labels.shape, generator=generator)
        rows = slice(None) if pairs is None else [*pairs, *(PAIRS + each for each in pairs)]
        self.ids, self.labels = ids[rows], labels[rows]
        self.weights = {name: each[rows] for name, each in weights.items()}
        self.reference = Policy(7)

    def given(self, kind, *, hidden=False):
        loss = kind()
        found = {name: self.weights[name] for name in loss.needs.weights}
        if loss.needs.reference_model == "prev":
            return found | {"prev_logps": -self.weights["omega"]}
        if not loss.needs.reference:
            return found
        with torch.no_grad():
            if not hidden:
                return found | {"ref_logits": self.reference(self.ids)}
            states = self.reference(self.ids, lambda states, _: states)
        return found | {"ref_hidden": states, "ref_head": self.reference.lm_head}


def of_logits(model, kind, data):
    return kind().from_logits(model(data.ids), data.labels, reduction="mean", **data.given(kind))[0]


def of_hidden(model, kind, data):
    given = data.given(kind, hidden=True)
    head = given.pop("ref_head", None)
    if head is not None:
        given |= {"ref_weight": head.weight.detach(), "ref_bias": head.bias.detach()}
    return model(
        data.ids,
        lambda hidden, head: kind().from_hidden(
            hidden, head.weight, data.labels, bias=head.bias, **given
        )[0],
    )


def of_head(model, kind, data):
    given = data.given(kind, hidden=True)
    return model(
        data.ids, lambda hidden, head: kind().from_head(hidden, head, data.labels, **given)[0]
    )


def of_statistics(model, kind, data):
    given = data.given(kind, hidden=True)
    head = given.pop("ref_head", None)
    if head is not None:
        given |= {"ref_weight": head.weight.detach(), "ref_bias": head.bias.detach()}
    states = {name: given.pop(name) for name in tuple(given) if name.startswith(("ref_", "prev_"))}

    def finish(hidden, head):
        found = linear_statistics(
            hidden,
            head.weight,
            data.labels,
            bias=head.bias,
            kl=kind().needs.kl,
            weights=given,
            **states,
        )
        return kind().from_statistics(*found.chunk(), reduction="mean")[0]

    return model(data.ids, finish)


def outside_of_the_forward(model, kind, data):
    """The lm_head is gathered from the parts that FSDP2 has made of it."""
    given = data.given(kind, hidden=True)
    hidden = model(data.ids, lambda hidden, _: hidden)
    return kind().from_head(hidden, model.lm_head, data.labels, **given)[0]


ENTRIES = (of_logits, of_hidden, of_head, of_statistics)
GATHERED = (
    (of_head, True),
    (outside_of_the_forward, True),
)  # where the lm_head is a unit by itself


def expected(kind):
    """Return the gradients of one process with the whole batch."""
    return shared(lambda: literally(kind))


def literally(kind):
    model, data = Policy(0), Batch()
    weights = {name: data.weights[name] for name in kind().needs.weights}
    given = data.given(kind)
    given = {name: each for name, each in given.items() if name not in weights}
    losses, *_ = literal_loss(kind(), model(data.ids), data.labels, weights=weights, **given)
    losses.mean().backward()
    return {name: each.grad for name, each in model.named_parameters()}


def check(gradients, wanted):
    names = [name.removeprefix("module.") for name, _ in gradients]
    got = [each.full_tensor() if hasattr(each, "full_tensor") else each for _, each in gradients]
    assert_same(got, [wanted[name] for name in names], 1e-12)
    assert set(names) == set(wanted)


def gradients_of(model):
    found = [(name, each.grad) for name, each in model.named_parameters()]
    assert all(each is not None for _, each in found)
    return found


def check_wrappers():
    """DDP and FSDP2, every loss from every entry."""
    world, rank = distributed.get_world_size(), distributed.get_rank()
    mesh = init_device_mesh("cpu", (world,))
    data = Batch(range(rank, PAIRS, world))
    for kind in LOSSES:
        wanted = expected(kind)
        for entry in ENTRIES:
            model = nn.parallel.DistributedDataParallel(Policy(0))
            entry(model, kind, data).backward()
            check(gradients_of(model), wanted)
        for entry, apart in (*((each, False) for each in ENTRIES), *GATHERED):
            model = Policy(0)
            if apart:
                fully_shard(model.lm_head, mesh=mesh)
            fully_shard(model, mesh=mesh)
            entry(model, kind, data).backward()
            check(gradients_of(model), wanted)


def check_tensor_parallel():
    """An lm_head in parts, by itself and beside FSDP2: the gradients are those of one process."""
    world, rank = distributed.get_world_size(), distributed.get_rank()
    style = ColwiseParallel(output_layouts=Shard(-1), use_local_output=False)
    for kind in (DPO, Everything):
        wanted = expected(kind)
        for replicas in (1, 2) if world > 2 else (1,):
            mesh = init_device_mesh(
                "cpu", (replicas, world // replicas), mesh_dim_names=("dp", "tp")
            )
            model = parallelize_module(Policy(0), mesh["tp"], {"lm_head": style})
            if replicas > 1:
                model = fully_shard(model, mesh=mesh["dp"])
            data = Batch(range(rank // (world // replicas), PAIRS, replicas))
            given = data.given(kind)
            given["ref_logits"] = distribute_tensor(given["ref_logits"], mesh["tp"], [Shard(-1)])
            logits = model(data.ids)
            kind().from_logits(logits, data.labels, reduction="mean", **given)[0].backward()
            check(gradients_of(model), wanted)


def check_contexts():
    """Each process has some tokens of every response; the gradients add up."""
    world, rank = distributed.get_world_size(), distributed.get_rank()
    data, model = Batch(), Policy(0)
    length = data.ids.shape[1] - 1
    width = -(-length // world)
    for kind in (TDPO, Everything):
        model.zero_grad()
        given = data.given(kind)
        cut = slice(rank * width, min(length, (rank + 1) * width))
        missing = width - len(range(length)[cut])

        def tokens(each, blank=0, cut=cut, missing=missing):
            return nn.functional.pad(each[:, 1:][:, cut], (0, missing), value=blank)

        ids = nn.functional.pad(data.ids[:, cut], (0, missing))
        with torch.no_grad():
            ref_logits = data.reference(ids)
        found = response_statistics(
            model(ids),
            tokens(data.labels, -100),
            ref_logits=ref_logits,
            kl=kind().needs.kl,
            weights={name: tokens(given[name]) for name in kind().needs.weights},
            shifted=True,
            empty="skip",
        )
        kind().from_statistics(*gather_responses(found).chunk(), reduction="mean")[0].backward()
        for each in model.parameters():
            distributed.all_reduce(each.grad)
        check(gradients_of(model), expected(kind))


def check_lost_gradients():
    """A wrapper that has not run is found by its parameters; by logits it is but likely."""
    data = Batch()
    wrapped = nn.parallel.DistributedDataParallel(Policy(0))
    model = wrapped.module
    hidden = model(data.ids, lambda hidden, _: hidden)
    given = data.given(DPO, hidden=True)
    with pytest.raises(ValueError, match=r"weight: belongs to a DistributedDataParallel; .*inside"):
        DPO().from_head(hidden, model.lm_head, data.labels, **given)
    with pytest.warns(UserWarning, match="logits: there is a DistributedDataParallel"):
        DPO().from_logits(model(data.ids), data.labels, **data.given(DPO))
    with pytest.raises(ValueError, match="got its DistributedDataParallel wrapper"):
        DPO().from_head(hidden, wrapped, data.labels, **given)
    mesh = init_device_mesh("cpu", (distributed.get_world_size(),))
    split = fully_shard(copy.deepcopy(model), mesh=mesh)
    with pytest.raises(ValueError, match="from_head with the model that fully_shard"):
        DPO().from_head(hidden.detach(), split.lm_head, data.labels, **given)
    del wrapped
    states = DTensor.from_local(hidden.detach(), mesh, [Replicate()])
    assert DPO().from_head(states, split.lm_head, data.labels, **_same(given, mesh))[0].isfinite()


def _same(given, mesh):
    head = copy.deepcopy(given["ref_head"])
    for name in ("weight", "bias"):
        whole = distribute_tensor(getattr(head, name).detach(), mesh, [Shard(0)])
        setattr(head, name, nn.Parameter(whole))
    states = DTensor.from_local(given["ref_hidden"], mesh, [Replicate()])
    return {"ref_hidden": states, "ref_head": head}
