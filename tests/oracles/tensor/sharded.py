"""What each of several processes checks of a vocabulary that they share, against one process."""

import pytest
import torch
from oracles.tensor.literal import (
    DPO,
    LOSSES,
    TDPO,
    Everything,
    assert_same,
    batch,
    expect,
    literal_loss,
    needed,
)
from oracles.tensor.processes import NothingWhole, shared
from torch import distributed, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import DTensor, Replicate, Shard, distribute_tensor
from torch.distributed.tensor.parallel import ColwiseParallel, parallelize_module

from midpo_sym.tensor import linear_statistics, read_head, response_statistics

VOCABULARY = 50  # no other dimension has 50, and 4 processes hold 13, 13, 13 and 11
WIDTH = 6


def given_for(kind, reference, weights):
    return needed(kind(), reference, weights, -weights["omega"])


def columns(tensor, mesh):
    return distribute_tensor(tensor, mesh, [Shard(tensor.ndim - 1)])


def rows(tensor, mesh):
    return distribute_tensor(tensor, mesh, [Shard(0)])


def same(tensor, mesh):
    return DTensor.from_local(tensor, mesh, [Replicate()])


def models(seed=0, dtype=torch.float64):
    """Return hidden states, weight and bias of two models, and the rest of a batch."""
    _, labels, _, weights = batch(vocabulary=VOCABULARY)
    generator = torch.Generator().manual_seed(seed)

    def random(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64).to(dtype)

    two = [(random(4, 9, WIDTH), random(VOCABULARY, WIDTH), random(VOCABULARY)) for _ in range(2)]
    return *two, labels, weights


def check_logits(mesh, kind, dtype=torch.float64, tolerance=1e-12, **how):
    """From logits: value, rewards and every process's part of the gradient."""
    logits, labels, reference, weights = batch(vocabulary=VOCABULARY, dtype=dtype)
    given = given_for(kind, reference, weights)
    wanted = shared(lambda: expect(kind(), logits, labels, **given))
    split = columns(logits.clone(), mesh).requires_grad_()
    given = {**given, **given["weights"]}
    del given["weights"]
    if "ref_logits" in given:
        given["ref_logits"] = columns(reference, mesh)
    with NothingWhole(VOCABULARY):
        losses, *rewards = kind().from_logits(split * 1, labels, **given, **how)
        losses.mean().backward()
    got = (losses.detach().mean(), *rewards, split.grad.full_tensor())
    assert_same(got, wanted, tolerance)


def check_hidden(mesh, kind, *, as_head=False, cap=None, tolerance=1e-12, dtype=torch.float64):
    """From hidden states: value, rewards, and the gradients by these, by weight and by bias."""
    first, second, labels, weights = models(dtype=dtype)

    def logits(hidden, weight, bias):
        z = hidden.double() @ weight.double().t() + bias.double()
        return z if cap is None else cap * torch.tanh(z / cap)

    given = given_for(kind, logits(*second), weights)

    def literally():
        leaves = [each.double().clone().requires_grad_() for each in first]
        losses, *rewards = literal_loss(kind(), logits(*leaves), labels, **given)
        losses.mean().backward()
        found = (losses.mean().detach(), *(each.detach() for each in rewards))
        return found + tuple(each.grad for each in leaves)

    wanted = shared(literally)
    hidden = first[0].clone().requires_grad_()
    weight, bias = (rows(each.clone(), mesh).requires_grad_() for each in first[1:])
    has_ref = "ref_logits" in given
    given = {name: each for name, each in given.items() if name == "prev_logps"}
    given |= {name: weights[name] for name in kind().needs.weights}
    if as_head:
        heads = [linear(*each[1:], mesh) for each in (first, second)]
        weight, bias = heads[0].weight, heads[0].bias
        if has_ref:
            given |= {"ref_hidden": same(second[0], mesh)}
            given |= {"ref_head": read_head(heads[1], softcap=cap)}
        given |= {} if cap is None else {"softcap": cap}
    else:
        given |= {"bias": bias, "softcap": cap}
        if has_ref:
            given |= {"ref_hidden": same(second[0], mesh), "ref_weight": rows(second[1], mesh)}
            given |= {"ref_bias": rows(second[2], mesh), "ref_softcap": cap}
    with NothingWhole(VOCABULARY):
        if as_head:
            loss, *got = kind().from_head(same(hidden, mesh), heads[0], labels, **given)
        else:
            loss, *got = kind().from_hidden(same(hidden, mesh), weight, labels, **given)
        loss.backward()
    found = (loss.detach(), *got, hidden.grad, weight.grad.full_tensor(), bias.grad.full_tensor())
    assert_same(found, wanted, tolerance)


def linear(weight, bias, mesh):
    """Return an lm_head as tensor parallelism makes it of a whole one."""
    head = nn.Linear(WIDTH, VOCABULARY, dtype=weight.dtype)
    head.weight.data.copy_(weight)
    head.bias.data.copy_(bias)
    style = ColwiseParallel(output_layouts=Shard(-1), use_local_output=False)
    return parallelize_module(head, mesh, style)


def check_statistics(mesh):
    """The functions that return statistics, and a DTensor on a mesh of one dimension of several."""
    logits, labels, reference, _ = batch(vocabulary=VOCABULARY)
    names = ("logps", "logratios", "kl_ref_pi", "kl_pi_ref")
    kl = ("ref_pi", "pi_ref")
    whole = response_statistics(logits, labels, ref_logits=reference, kl=kl)
    both = (columns(each, mesh) for each in (logits, reference))
    part = response_statistics(next(both), labels, ref_logits=next(both), kl=kl)
    for name in names:
        torch.testing.assert_close(part.of(name), whole.of(name), rtol=1e-12, atol=1e-12)
    first, second, labels, _ = models()
    given = {"labels": labels, "kl": kl}
    whole = linear_statistics(*first[:2], **given, ref_hidden=second[0], ref_weight=second[1])
    part = linear_statistics(
        same(first[0], mesh),
        rows(first[1], mesh),
        **given,
        ref_hidden=same(second[0], mesh),
        ref_weight=rows(second[1], mesh),
    )
    for name in names:
        torch.testing.assert_close(part.of(name), whole.of(name), rtol=1e-12, atol=1e-12)


def check_forms(mesh):
    """Padded vocabularies, a process without a column, shifted labels, another order of pairs."""
    logits, labels, reference, _ = batch(vocabulary=VOCABULARY)
    labels = labels.clamp_max(29)
    whole, split = (
        TDPO().from_logits(one, labels, ref_logits=other, vocabulary=30, pairs="interleaved")
        for one, other in (
            (logits, reference),
            (columns(logits, mesh), columns(reference, mesh)),
        )
    )
    assert_same(split, whole, 1e-12)
    logits, labels, reference, _ = batch(vocabulary=5)  # of 4 processes, the last has nothing
    whole, split = (
        TDPO().from_logits(
            one[:, :-1], labels[:, 1:].clone(), ref_logits=other[:, :-1], shifted=True
        )
        for one, other in ((logits, reference), (columns(logits, mesh), columns(reference, mesh)))
    )
    assert_same(split, whole, 1e-12)


def check_refusals(mesh):
    """What does not say what each process holds."""
    first, second, labels, _ = models()
    logits, labels, reference, _ = batch(vocabulary=VOCABULARY)
    split = columns(logits, mesh)
    with pytest.raises(ValueError, match="ref_logits: expected a DTensor split as logits is"):
        DPO().from_logits(split, labels, ref_logits=reference)
    with pytest.raises(ValueError, match=r"logits: expected a DTensor with .* Shard\(2\)"):
        DPO().from_logits(distribute_tensor(logits, mesh, [Shard(1)]), labels, ref_logits=split)
    with pytest.raises(ValueError, match=r"hidden: expected a DTensor, since weight is one"):
        TDPO().from_hidden(first[0], rows(first[1], mesh), labels, ref_logps=second[0][..., 0])


def check_all():
    """Every loss from each entry, in one set of processes."""
    mesh = init_device_mesh("cpu", (distributed.get_world_size(),), mesh_dim_names=("tp",))
    for kind in LOSSES:
        check_logits(mesh, kind)
        check_hidden(mesh, kind)
        check_hidden(mesh, kind, as_head=True)
    check_logits(mesh, Everything, overwrite_logits=True)
    check_logits(mesh, Everything, dtype=torch.float32, tolerance=1e-6)
    check_hidden(mesh, Everything, cap=3.0)
    check_hidden(mesh, DPO, cap=3.0, as_head=True)
    check_hidden(mesh, TDPO, dtype=torch.float32, tolerance=1e-6)
    check_statistics(mesh)
    check_forms(mesh)
    check_refusals(mesh)
