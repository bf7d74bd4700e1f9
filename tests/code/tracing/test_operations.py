"""Every row of the table of operations against torch, on random numbers."""

# ruff: noqa: ARG005 - every sample takes the same three tensors

import math

import pytest
import torch
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode

from midpo_sym.code.tracing import operations
from midpo_sym.code.tracing.algebra import INFINITY
from midpo_sym.code.tracing.evaluate import value_at
from midpo_sym.code.tracing.signs import Signs
from midpo_sym.code.tracing.tracer import Doors, Tracer, UnreadableError
from midpo_sym.language import tree

SHAPE = 2, 3
TARGET = torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]], dtype=torch.float64)
INDEX = torch.tensor([[2, 0], [1, 1]])
MASK = torch.tensor([[True, False, True], [False, True, True]])


def gradient(function):
    """Return a function whose value is the derivative of another's sum of squares."""

    def differentiated(p, x, y):
        return torch.autograd.grad((function(p, x, y) ** 2).sum(), [p, x, y], allow_unused=True)

    return differentiated


def in_place(function):
    """Return a function that changes a copy of x."""

    def changed(_, x, y):
        copy = x.detach().clone()
        function(copy, y)
        return copy

    return changed


# p lies between zero and one, x is any number and y above zero; each of shape (2, 3).
SAMPLES = {
    "clone": lambda _, x, y: x.clone() * y,
    "_to_copy": lambda _, x, y: x.to(torch.float64, copy=True),
    "copy": in_place(lambda x, y: x[0].copy_(y[1])),
    "fill": in_place(lambda x, y: x[1].fill_(3.0)),
    "zero": in_place(lambda x, y: x[1].zero_()),
    "nan_to_num": lambda _, x, y: torch.nan_to_num(x),
    "add": lambda _, x, y: torch.add(x, y, alpha=3) + 0.25,
    "sub": lambda _, x, y: torch.sub(x, y, alpha=3) - 0.25,
    "rsub": lambda _, x, y: torch.rsub(x, y, alpha=3),
    "mul": lambda _, x, y: x * y * 1.5,
    "div": lambda _, x, y: x / y / 3,
    "neg": lambda _, x, y: -x,
    "reciprocal": lambda _, x, y: torch.reciprocal(y),
    "pow": lambda _, x, y: x**3 + y**0.3 + y**-2 + 2.0**x,
    "sqrt": lambda _, x, y: y.sqrt(),
    "rsqrt": lambda _, x, y: y.rsqrt(),
    "lerp": lambda _, x, y: torch.lerp(x, y, 0.3) + torch.lerp(x, y, y),
    "addcmul": lambda _, x, y: torch.addcmul(x, x, y, value=0.5),
    "addcdiv": lambda _, x, y: torch.addcdiv(x, x, y, value=0.5),
    "exp": lambda _, x, y: x.exp(),
    "exp2": lambda _, x, y: torch.exp2(x),
    "expm1": lambda _, x, y: x.expm1(),
    "log": lambda _, x, y: y.log(),
    "log2": lambda _, x, y: y.log2(),
    "log10": lambda _, x, y: y.log10(),
    "log1p": lambda p, x, y: y.log1p() + (-p).log1p(),
    "xlogy": lambda _, x, y: torch.xlogy(x, y),
    "logaddexp": lambda _, x, y: torch.logaddexp(x, y),
    "sigmoid": lambda _, x, y: x.sigmoid(),
    "tanh": lambda _, x, y: x.tanh(),
    "log_sigmoid_forward": lambda _, x, y: functional.logsigmoid(x),
    "softplus": lambda _, x, y: functional.softplus(x, beta=0.5),
    "atan": lambda _, x, y: torch.atan(x),
    "atan2": lambda _, x, y: torch.atan2(y, x) + torch.atan2(y, -x),
    "silu": lambda _, x, y: functional.silu(x),
    "logit": lambda p, x, y: torch.logit(p),
    "relu": lambda _, x, y: x.relu(),
    "abs": lambda _, x, y: x.abs(),
    "sgn": lambda _, x, y: torch.sgn(x) * y,
    "sign": lambda _, x, y: torch.sign(x) * y,
    "maximum": lambda _, x, y: torch.maximum(x, y),
    "minimum": lambda _, x, y: torch.minimum(x, y),
    "fmax": lambda _, x, y: torch.fmax(x, y),
    "fmin": lambda _, x, y: torch.fmin(x, y),
    "clamp": lambda _, x, y: x.clamp(-0.5, 0.5) + torch.clamp(x, y - 1, y),
    "clamp_min": lambda _, x, y: torch.clamp_min(x, 0.25),
    "clamp_max": lambda _, x, y: torch.clamp_max(x, 0.25),
    "hardtanh": lambda _, x, y: functional.hardtanh(x, -0.5, 0.5),
    "threshold": lambda _, x, y: functional.threshold(x, 0.1, 20.0),
    "where": lambda _, x, y: torch.where(MASK, x, y) + torch.where(x > y, x, 2.0),
    "masked_fill": lambda _, x, y: x.masked_fill(MASK, 7.0),
    "mse_loss": lambda _, x, y: functional.mse_loss(x, y),
    "huber_loss": lambda _, x, y: functional.huber_loss(x, y, delta=0.7, reduction="none"),
    "smooth_l1_loss": lambda _, x, y: functional.smooth_l1_loss(x, y, beta=0.7, reduction="sum"),
    "binary_cross_entropy_with_logits": lambda _, x, y: functional.binary_cross_entropy_with_logits(
        x, TARGET, pos_weight=y[0].detach()
    ),
    "binary_cross_entropy": lambda p, x, y: functional.binary_cross_entropy(p, TARGET),
    "log_sigmoid_backward": gradient(lambda _, x, y: functional.logsigmoid(x)),
    "sigmoid_backward": gradient(lambda _, x, y: x.sigmoid()),
    "tanh_backward": gradient(lambda _, x, y: x.tanh()),
    "softplus_backward": gradient(lambda _, x, y: functional.softplus(x, beta=0.5)),
    "silu_backward": gradient(lambda _, x, y: functional.silu(x)),
    "logit_backward": gradient(lambda p, x, y: torch.logit(p)),
    "threshold_backward": gradient(lambda _, x, y: x.relu() * y),
    "hardtanh_backward": gradient(lambda _, x, y: functional.hardtanh(x, -0.5, 0.5) * y),
    "mse_loss_backward": gradient(lambda _, x, y: functional.mse_loss(x, y)),
    "huber_loss_backward": gradient(lambda _, x, y: functional.huber_loss(x, y, delta=0.7)),
    "smooth_l1_loss_backward": gradient(lambda _, x, y: functional.smooth_l1_loss(x, y, beta=0.7)),
    "binary_cross_entropy_backward": gradient(
        lambda p, x, y: functional.binary_cross_entropy(p, TARGET)
    ),
    **{
        name: lambda _, x, y, name=name: torch.where(getattr(torch, name)(x, y), x, y)
        for name in ("eq", "ne", "lt", "le", "gt", "ge")
    },
    "isnan": lambda _, x, y: torch.where(torch.isnan(x), y, x),
    "isinf": lambda _, x, y: torch.where(torch.isinf(x), y, x),
    "_unsafe_view": lambda _, x, y: x[None] @ y.T,
    "cat": lambda _, x, y: torch.cat([x, y], 1),
    "constant_pad_nd": lambda _, x, y: functional.pad(x, (1, 2), value=0.5),
    "cumsum": lambda _, x, y: x.cumsum(1),
    "diag_embed": lambda _, x, y: torch.diag_embed(x),
    "flip": lambda _, x, y: x.flip(1),
    "gather": lambda _, x, y: x.gather(1, INDEX),
    "index": lambda _, x, y: x[:, [2, 0]] + x[MASK].sum(),
    "index_add": lambda _, x, y: x.index_add(1, torch.tensor([0, 2, 0]), y),
    "index_put": lambda _, x, y: x.index_put((torch.tensor([0, 1]),), y[:, :1], accumulate=True),
    "index_select": lambda _, x, y: x.index_select(1, torch.tensor([2, 0])),
    "masked_scatter": lambda _, x, y: x.masked_scatter(MASK, y),
    "masked_select": lambda _, x, y: x.masked_select(MASK),
    "nll_loss_backward": gradient(lambda _, x, y: functional.nll_loss(x * y, torch.tensor([2, 0]))),
    "nll_loss_forward": lambda _, x, y: functional.nll_loss(x, torch.tensor([2, 0])),
    "repeat": lambda _, x, y: x.repeat(2, 1),
    "roll": lambda _, x, y: x.roll(1, 1),
    "scatter": lambda _, x, y: x.scatter(1, INDEX[:, :1], y),
    "scatter_add": lambda _, x, y: x.scatter_add(1, INDEX, y),
    "diagonal_backward": gradient(lambda _, x, y: x.diagonal() * y[:, 0]),
    "diagonal_scatter": lambda _, x, y: x.diagonal_scatter(y[:, 0]),
    "select_backward": gradient(lambda _, x, y: x.select(1, 1) * y[:, 0]),
    "select_scatter": lambda _, x, y: x.select_scatter(y[:, 0], 1, 1),
    "slice_backward": gradient(lambda _, x, y: x[:, 1:] * y[:, :2]),
    "slice_scatter": lambda _, x, y: x.slice_scatter(y[:, :1], 1, 1, 2),
    "stack": lambda _, x, y: torch.stack([x, y]),
    "take": lambda _, x, y: x.take(torch.tensor([5, 0, 5])),
    "tril": lambda _, x, y: x.tril(),
    "triu": lambda _, x, y: x.triu(),
    "sum": lambda _, x, y: x.sum(0) * y.sum(1, keepdim=True) + x.sum(),
    "mean": lambda _, x, y: x.mean(0) * y.mean(1, keepdim=True) + x.mean(),
    "prod": lambda _, x, y: x.prod(0) + y.prod(),
    "max": lambda _, x, y: x.max(),
    "min": lambda _, x, y: x.min(),
    "amax": lambda _, x, y: x.amax(1),
    "amin": lambda _, x, y: x.amin(1, keepdim=True),
    "logsumexp": lambda _, x, y: x.logsumexp(1),
    "_log_softmax": lambda _, x, y: x.log_softmax(1),
    "_softmax": lambda _, x, y: x.softmax(0),
    "_log_softmax_backward_data": gradient(lambda _, x, y: x.log_softmax(1) * y),
    "_softmax_backward_data": gradient(lambda _, x, y: x.softmax(0) * y),
    "mm": lambda _, x, y: x @ y.T,
    "bmm": lambda _, x, y: torch.bmm(x[None], y.T[None]),
    "mv": lambda _, x, y: x @ y[0],
    "dot": lambda _, x, y: torch.dot(x[0], y[1]),
}


class Recorder(TorchDispatchMode):
    """Notes the names of the operations that run."""

    def __init__(self):
        super().__init__()
        self.names = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func._schema.name.split("::")[-1]
        self.names |= {name, name.removesuffix("_")}
        return func(*args, **(kwargs or {}))


def drawn(seed):
    """Return three variables of six elements each, by name, with their values."""
    chance = torch.Generator().manual_seed(seed)
    found = {}
    for name, domain, low, high in (
        ("p", "open unit", 0.1, 0.9),
        ("x", "real", -1.5, 1.5),
        ("y", "positive", 0.2, 1.2),
    ):
        numbers = torch.rand(SHAPE, generator=chance, dtype=torch.float64) * (high - low) + low
        elements = [tree.Parameter(f"{name}{k}", domain) for k in range(6)]
        found[name] = numbers, elements
    return found


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_row_is_what_torch_computes(name, seed):
    given = drawn(seed)
    point = {
        each.name: value
        for numbers, elements in given.values()
        for each, value in zip(elements, numbers.flatten().tolist(), strict=True)
    }
    leaves = [numbers.clone().requires_grad_() for numbers, _ in given.values()]
    with Recorder() as seen:
        wanted = SAMPLES[name](*leaves)
    assert name in seen.names
    tracer = Tracer(Signs((point, point)))
    tensors = [numbers.clone() for numbers, _ in given.values()]
    for tensor, (_, elements) in zip(tensors, given.values(), strict=True):
        tracer.memory.write(tensor, elements)
        tensor.requires_grad_()
    with tracer:
        found = SAMPLES[name](*tensors)
    for one, other in zip(as_list(found), as_list(wanted), strict=True):
        assert tracer.memory.knows(one)
        read = [value_at(each, point) for each in tracer.memory.read(one)]
        assert read == pytest.approx(other.detach().flatten().tolist(), rel=1e-9, abs=1e-9)


def test_to_ask_whether_numbers_are_finite_is_no_branch():
    """Torch compares sizes with infinity; what depends on the inputs is a number."""
    point = {"x0": 1.0, "x1": -2.0}
    elements = [tree.Parameter("x0"), tree.Parameter("x1"), INFINITY]
    tracer = Tracer(Signs((point, point)))
    tensor = torch.tensor([*point.values(), math.inf], dtype=torch.float64)
    tracer.memory.write(tensor, elements)
    with tracer, Doors(tracer):
        found = [torch.isfinite(tensor), tensor.isfinite(), torch.isfinite(input=tensor)]
        constant = torch.isfinite(torch.tensor([1.0, math.nan]))
    assert [each.tolist() for each in found] == [[True, True, False]] * 3
    assert constant.tolist() == [True, False]
    assert tracer.signs.branches == []


def as_list(value):
    found = value if isinstance(value, tuple) else (value,)
    return [each for each in found if each is not None]


def test_every_row_has_a_sample():
    rarely = {"expand_copy", "view_copy", "value_selecting_reduction_backward"}
    assert set(operations.names()) - set(SAMPLES) == rarely


@pytest.mark.parametrize(
    ("function", "operation", "why"),
    [
        (lambda x: torch.sort(x).values, "torch's sort", "no row"),
        (lambda x: x.sum().item(), ".item()", "leaves torch"),
        (lambda x: x * torch.rand_like(x), "torch's rand_like", "random"),
        (lambda x: x.log(), "torch's log", "not positive"),
        (lambda x: x.round().long(), "torch's round", "no row"),
        (lambda x: x.long(), "torch's to_copy", "int64"),
        (lambda x: torch.div(x, 2, rounding_mode="floor"), "torch's div", "rounds"),
        (lambda x: x.max(0).values, "torch's max", "where it is"),
        (lambda x: x.sqrt(), "torch's sqrt", "not positive"),
    ],
)
def test_what_has_no_row_says_which_operation_and_where(function, operation, why):
    elements = [tree.Parameter(f"x{k}") for k in range(3)]
    point = {each.name: math.pi + k for k, each in enumerate(elements)}
    tracer = Tracer(Signs((point, point)))
    tensor = torch.tensor([*point.values()], dtype=torch.float64)
    tracer.memory.write(tensor, elements)
    with tracer, pytest.raises(UnreadableError, match=why) as caught:
        function(tensor)
    assert caught.value.operation == operation
    assert caught.value.where.startswith("test_operations.py:")
