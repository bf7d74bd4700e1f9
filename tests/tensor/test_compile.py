"""The operators as torch.library and torch.compile see them: no graph break, no difference."""

import pytest
import torch
from oracles.tensor.literal import DPO, SINGLE_PASS, TDPO, batch, needed
from torch.library import opcheck

from midpo_sym.tensor import response_statistics

# torch's own compiler uses what it has deprecated itself.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:torch"),
]


@pytest.fixture(autouse=True)
def fresh():
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


def gradient_of(function, *leaves):
    leaves = [each.clone().requires_grad_() for each in leaves]
    value = function(*leaves)
    value.backward()
    return value.detach(), *(each.grad for each in leaves)


@pytest.mark.parametrize("kind", SINGLE_PASS)
def test_from_logits_compiles_into_one_graph(kind):
    logits, labels, reference, weights = batch(dtype=torch.float32)
    loss = kind()
    given = needed(loss, reference, weights, -weights["omega"])
    given |= given.pop("weights")

    def value(logits):
        return loss.from_logits(logits, labels, **given)[0].mean()

    compiled = torch.compile(value, fullgraph=True, backend="aot_eager")
    for one, other in zip(gradient_of(value, logits), gradient_of(compiled, logits), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("kind", SINGLE_PASS)
def test_from_statistics_compiles_into_one_graph(kind):
    logits, labels, reference, weights = batch(dtype=torch.float32)
    loss = kind()
    given = needed(loss, reference, weights, -weights["omega"])
    chosen, rejected = response_statistics(logits, labels, kl=loss.needs.kl, **given).chunk()
    compiled = torch.compile(loss.from_statistics, fullgraph=True, backend="aot_eager")
    for one, other in zip(
        loss.from_statistics(chosen, rejected), compiled(chosen, rejected), strict=True
    ):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_from_hidden_compiles_into_one_graph(reduction):
    """Compiled, every reduction projects twice; values and gradients are the same."""
    _, labels, _, _ = batch()
    hidden, weight = torch.randn(4, 9, 6), torch.randn(17, 6)

    def value(hidden, weight):
        return (
            TDPO()
            .from_hidden(
                hidden,
                weight,
                labels,
                ref_hidden=hidden.detach() + 1,
                ref_weight=weight.detach(),
                reduction=reduction,
            )[0]
            .sum()
        )

    compiled = torch.compile(value, fullgraph=True, backend="aot_eager")
    pairs = zip(
        gradient_of(value, hidden, weight), gradient_of(compiled, hidden, weight), strict=True
    )
    for one, other in pairs:
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


def test_bad_labels_are_noticed_in_compiled_code():
    """The values of labels are checked inside the operator, which is never compiled."""
    logits, labels, reference, _ = batch(dtype=torch.float32)
    labels[1] = -100

    def value(logits):
        return DPO().from_logits(logits, labels, ref_logits=reference)[0].mean()

    compiled = torch.compile(value, fullgraph=True, backend="aot_eager")
    with pytest.raises(ValueError, match=r"response 1 .* has no token"):
        compiled(logits)


@pytest.mark.parametrize("kl", [(), ("kl_ref_pi",), ("kl_pi_ref",), ("kl_ref_pi", "kl_pi_ref")])
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_operators_pass_opcheck(kl, dtype):
    logits, labels, reference, _ = batch(dtype=dtype)
    live = labels != -100
    live[:, 0] = False
    flags = {name: name in kl for name in ("kl_ref_pi", "kl_pi_ref")}
    leaf = logits.requires_grad_()
    op = torch.ops.midpo_sym.response_statistics
    opcheck(op, (leaf, labels, live, reference), flags)
    hidden = torch.randn(4, 9, 6, dtype=dtype).requires_grad_()
    weight, bias = torch.randn(17, 6, dtype=dtype).requires_grad_(), torch.zeros(17, dtype=dtype)
    states = (reference[..., :6].contiguous(), torch.randn(17, 6, dtype=dtype), None)
    op = torch.ops.midpo_sym.linear_statistics
    opcheck(op, (hidden, weight, bias.requires_grad_(), labels, live, *states), flags)
    if not kl:
        opcheck(torch.ops.midpo_sym.response_statistics, (leaf, labels, live, None), flags)
        opcheck(op, (hidden, weight, None, labels, live, None, None, None), flags)
