"""What is kept and what is made: nothing of the size of the logits beyond the gradient itself."""

from collections import Counter

import pytest
import torch
from oracles.tensor.literal import (
    SINGLE_PASS,
    TDPO,
    TISDPO,
    Everything,
    batch,
    needed,
    small_pieces,
)
from torch.autograd.graph import saved_tensors_hooks
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from midpo_sym.tensor import linear
from midpo_sym.tensor import logits as kernels
from midpo_sym.tensor.kernels.measured import Measured
from midpo_sym.tensor.kernels.projection import Head
from midpo_sym.tensor.kernels.rows import Coefficients

pytestmark = pytest.mark.slow


def storages(tree):
    return {
        each.untyped_storage().data_ptr(): each.untyped_storage().nbytes()
        for each in tree_leaves(tree)
        if isinstance(each, torch.Tensor) and each.numel()
    }


class NewMemory(TorchDispatchMode):
    """Record the size in bytes of every tensor made that is no view and no `out=`."""

    def __init__(self):
        super().__init__()
        self.sizes = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        before = storages((args, kwargs))
        found = function(*args, **(kwargs or {}))
        self.sizes += [size for where, size in storages(found).items() if where not in before]
        return found


def saved_by(forward):
    """Return the storages that autograd keeps of a forward pass."""
    kept = []

    def keep(tensor):
        kept.append(tensor)
        return tensor

    with saved_tensors_hooks(keep, lambda tensor: tensor):
        value = forward()
    value.backward()
    return storages(kept)


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("kind", SINGLE_PASS)
def test_of_the_size_of_logits_only_the_logits_are_kept(kind, overwrite):
    logits, labels, reference, weights = batch(tokens=12, vocabulary=500)
    loss = kind()
    given = needed(loss, reference, weights, -weights["omega"])
    given |= given.pop("weights")
    made = logits.requires_grad_() * 1

    def forward():
        losses, *_ = loss.from_logits(made, labels, overwrite_logits=overwrite, **given)
        return losses.mean()

    inputs = storages([made, reference])
    for where, size in saved_by(forward).items():
        assert where in inputs or size < 500 * 8


@pytest.mark.parametrize("reduction", ["mean", "none"])
@pytest.mark.parametrize("kind", SINGLE_PASS)
def test_of_hidden_states_only_inputs_and_gradients_are_kept(kind, reduction):
    """No logits, not even of a tile."""
    _, labels, _, weights = batch(tokens=12, vocabulary=500)
    loss = kind()
    hidden = torch.randn(4, 12, 8, dtype=torch.float64).requires_grad_()
    weight = torch.randn(500, 8, dtype=torch.float64).requires_grad_()
    given = needed(loss, None, weights, -weights["omega"])
    given |= given.pop("weights")
    if "ref_logits" in given:
        del given["ref_logits"]
        given |= {"ref_hidden": hidden.detach(), "ref_weight": weight.detach()}

    def forward():
        return loss.from_hidden(hidden, weight, labels, reduction=reduction, **given)[0].mean()

    inputs = storages([hidden, weight])
    for where, size in saved_by(forward).items():
        assert where in inputs or size < 500 * 8


def test_the_logits_path_makes_one_tensor_of_their_size():
    """And that is the gradient; everything else is a block. In place there is none."""
    logits, labels, reference, _ = batch(tokens=40, vocabulary=500)
    live = labels != -100
    live[:, 0] = False
    whole = logits.numel() * 8
    with small_pieces(3):
        with NewMemory() as forward:
            measured = kernels._measure(
                logits, labels, live, reference, kl_ref_pi=True, kl_pi_ref=True, empty=False
            )
        one = torch.ones_like(measured.logps)
        arguments = (labels, live, reference, measured, Coefficients(one, one, one))
        with NewMemory() as backward:
            kernels._gradient._init_fn(
                logits,
                labels,
                live,
                reference,
                measured.logratios,
                measured.kl_pi_ref,
                measured.redone,
                one,
                one,
                one,
            )
        with NewMemory() as in_place:
            kernels._write_gradient(logits, logits, *arguments)
    assert max(forward.sizes) <= 3 * 500 * 8
    assert max(backward.sizes) == whole
    assert sorted(backward.sizes)[-2] <= 3 * 500 * 8
    assert max(in_place.sizes) <= 3 * 500 * 8


@pytest.mark.parametrize("kind", [TDPO, TISDPO, Everything])
def test_the_single_pass_makes_tiles_and_sums_of_the_weight(kind):
    """T = 60 and tiles of 6 tokens: all logits would be 20 times that and more.

    Two sums have the weight's size, of the whole batch and of a pair in parts; the policy's tile
    has 6 rows, the reference's part of it 3, and each of four buffers of a block 2.
    """
    _, labels, _, weights = batch(tokens=60, vocabulary=500)
    hidden = torch.randn(4, 60, 8, dtype=torch.float64).requires_grad_()
    weight = torch.randn(500, 8, dtype=torch.float64).requires_grad_()
    states = {"ref_hidden": hidden.detach() + 1, "ref_weight": weight.detach()}
    own = {name: weights[name] for name in kind.needs.weights}
    with small_pieces(6), NewMemory() as memory:
        loss = kind().from_hidden(hidden, weight, labels, **states, **own)[0]
        loss.backward()
    row = 500 * 8
    assert max(memory.sizes) == weight.numel() * 8
    counts = Counter(memory.sizes)
    wanted = {weight.numel() * 8: 2, 6 * row: 1, 3 * row: 1, 2 * row: 4}
    assert {size: counts[size] for size in wanted} == wanted


def test_projecting_twice_makes_no_more_than_a_tile():
    _, labels, _, _ = batch(tokens=60, vocabulary=500)
    live = labels != -100
    live[:, 0] = False
    hidden = torch.randn(4, 60, 8, dtype=torch.float64)
    weight = torch.randn(500, 8, dtype=torch.float64)
    policy, reference = Head(hidden, weight, None), Head(hidden + 1, weight, None)
    with small_pieces(5):
        with NewMemory() as forward:
            measured = linear._measure(
                policy, labels, live, reference, kl_ref_pi=True, kl_pi_ref=True, empty=False
            )
        one = torch.ones_like(measured.logps)
        with NewMemory() as backward:
            linear.head_gradients(
                policy,
                labels,
                live,
                reference,
                Measured(*measured),
                Coefficients(one, one, one),
                (True, True, False),
            )
    assert max(forward.sizes) <= 5 * 500 * 8
    assert max(backward.sizes) == weight.numel() * 8
    assert sorted(backward.sizes)[-2] <= 5 * 500 * 8
