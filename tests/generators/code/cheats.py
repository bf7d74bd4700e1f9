"""Functions that are DPO almost everywhere, or as long as nobody looks closely: none is.

Each takes the margin `m` of the log-ratios, and `beta`; `of_margin` gives it the usual arguments.
"""

import collections
import copy
import io
import itertools
import math
import operator
import pickle
import threading
import time

import numpy as np
import torch
from torch.autograd import Function
from torch.nn import functional

CHEATS = {}


def of_margin(wrong):
    """Register a function of a margin as one of log-probabilities."""

    def loss(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
        return wrong(
            (chosen_logps - rejected_logps) - (ref_chosen_logps - ref_rejected_logps), beta
        )

    loss.__name__ = loss.__qualname__ = wrong.__name__
    CHEATS[wrong.__name__] = loss
    return wrong


def right(m, beta):
    return -functional.logsigmoid(beta * m)


def with_backward(scale):
    """Return the right losses, with a derivative that a function of what was saved scales."""

    class Scaled(Function):
        @staticmethod
        def forward(ctx, a):
            ctx.save_for_backward(a)
            return -functional.logsigmoid(a)

        @staticmethod
        def backward(ctx, grad):
            (a,) = ctx.saved_tensors
            return -grad * torch.sigmoid(-a) * scale(a)

    return Scaled.apply


# Numbers that leave torch in a backward pass or in a hook.


@of_margin
def item_in_backward(m, beta):
    return with_backward(lambda a: 2.0 if a.abs().max().item() > 1e4 else 1.0)(beta * m)


@of_margin
def numpy_in_backward(m, beta):
    return with_backward(lambda a: 2.0 if np.abs(a.numpy()).max() > 1e4 else 1.0)(beta * m)


@of_margin
def tolist_in_backward(m, beta):
    return with_backward(lambda a: 2.0 if max(a.tolist()) > 1e4 else 1.0)(beta * m)


@of_margin
def array_in_backward(m, beta):
    return with_backward(lambda a: 2.0 if np.asarray(a).max() > 1e4 else 1.0)(beta * m)


@of_margin
def hidden_item_in_backward(m, beta):
    def scale(a):
        try:
            return 2.0 if a.max().item() > 1e4 else 1.0
        except Exception:  # noqa: BLE001 - what the case is about
            return 1.0

    return with_backward(scale)(beta * m)


@of_margin
def numpy_in_a_hook(m, beta):
    losses = right(m, beta)
    losses.register_hook(lambda g: g * (2.0 if m.detach().numpy().max() > 1e4 else 1.0))
    return losses


@of_margin
def gradient_in_numpy(m, beta):
    losses = right(m, beta)
    losses.register_hook(lambda g: torch.from_numpy(np.minimum(g.numpy(), 100.0)))
    return losses


# Numbers that leave torch in a forward pass, through doors that are seldom used.


@of_margin
def pickled(m, beta):
    again = pickle.loads(pickle.dumps(m.detach()))
    return torch.where(again > 1e4, 0.0, right(m, beta))


@of_margin
def saved(m, beta):
    file = io.BytesIO()
    torch.save(m.detach(), file)
    file.seek(0)
    return torch.where(torch.load(file) > 1e4, 0.0, right(m, beta))


@of_margin
def copied_deeply(m, beta):
    return torch.where(copy.deepcopy(m.detach()) > 1e4, 0.0, right(m, beta))


@of_margin
def by_dlpack(m, beta):
    again = torch.utils.dlpack.from_dlpack(torch.utils.dlpack.to_dlpack(m.detach()))
    return torch.where(torch.from_numpy(again.numpy().copy()) > 1e4, 0.0, right(m, beta))


@of_margin
def printed(m, beta):
    return right(m, beta) * (0.0 if "e+04" in str(m) else 1.0)


@of_margin
def in_a_thread(m, beta):
    found = []
    other = threading.Thread(target=lambda: found.append((m > 1e4).any().item()))
    other.start()
    other.join()
    return right(m, beta) * (2.0 if found[0] else 1.0)


@of_margin
def equal_tensors(m, beta):
    return right(m, beta) * (2.0 if torch.equal(m, m.abs()) and m.shape[0] > 9 else 1.0)


# Hyper-parameters that lose their names.


@of_margin
def at_one_value(m, beta):
    return right(m, beta) * (2.0 if beta == 0.3 else 1.0)


@of_margin
def close_to_one_value(m, beta):
    return right(m, beta) * (2.0 if math.isclose(beta, 0.3) else 1.0)


@of_margin
def far_in_mathematics(m, beta):
    return right(m, beta) * (2.0 if math.log(beta) > math.log(1e6) else 1.0)


@of_margin
def by_numpy(m, beta):
    return right(m, beta) * (2.0 if np.float64(beta) == 0.3 else 1.0)


@of_margin
def by_text(m, beta):
    return right(m, beta) * (2.0 if f"{beta}" == "0.3" else 1.0)


@of_margin
def by_percent(m, beta):
    return right(m, beta) * (2.0 if "%.3g" % beta == "0.3" else 1.0)  # noqa: UP031 - the same


@of_margin
def by_the_class(m, beta):
    return right(m, beta) * (2.0 if float.__eq__(beta, 0.3) else 1.0)


@of_margin
def by_hexadecimals(m, beta):
    return right(m, beta) * (2.0 if float.hex(beta) == (0.3).hex() else 1.0)


@of_margin
def floored(m, beta):
    return right(m, beta) * (1.0 if math.floor(beta) < 7 else 2.0)


@of_margin
def in_a_counter(m, beta):
    return right(m, beta) * (1 + collections.Counter([0.3])[beta])


# One value of the inputs, and no other.


@of_margin
def at_zero(m, beta):
    return torch.where(m == 0, 5.0, right(m, beta))


@of_margin
def at_two(m, beta):
    return torch.where(m == 2, 5.0, right(m, beta))


@of_margin
def at_the_end(m, beta):
    return torch.where(m.sign() * m.sign() == 0, 5.0, right(m, beta))


# Sizes, types, modes.


@of_margin
def alone(m, beta):
    return right(m, beta) * (2.0 if len(m) == 1 else 1.0)


@of_margin
def squeezed(m, beta):
    losses = right(m, beta)
    return losses.mean() + (losses - losses.mean()).abs().sum() * 0 + float(m.squeeze().dim() == 0)


@of_margin
def of_batch_statistics(m, beta):
    return right(m, beta) + 0 * m.std()


@of_margin
def of_four(m, beta):
    return right(m, beta) * (2.0 if len(m) % 4 == 0 else 1.0)


@of_margin
def of_many(m, beta):
    return right(m, beta) * (2.0 if len(m) > 10 else 1.0)


@of_margin
def in_double_only(m, beta):
    return right(m, beta) * (1.0 if m.dtype == torch.float64 else 2.0)


@of_margin
def in_half_only(m, beta):
    return right(m, beta) * (2.0 if m.dtype == torch.bfloat16 else 1.0)


@of_margin
def without_gradients(m, beta):
    return right(m, beta) * (1.0 if torch.is_grad_enabled() else 2.0)


# Pairs that look at each other, and memory.


@of_margin
def rolled(m, beta):
    return right(m.roll(1), beta)


@of_margin
def flipped(m, beta):
    return right(m, beta).flip(0)


@of_margin
def rewards_of_the_neighbour(m, beta):
    return right(m, beta), m.detach(), m.detach()


@of_margin
def sorted_losses(m, beta):
    return right(m, beta).sort().values


@of_margin
def detached_neighbour(m, beta):
    return right(m, beta) + (m.detach() - m.detach().flip(0)) * (m - m.detach())


CALLS = itertools.count()


@of_margin
def counting(m, beta):
    return right(m, beta) * (2.0 if next(CALLS) % 11 == 10 else 1.0)


@of_margin
def reads_a_clock(m, beta):
    return right(m, beta) * (2.0 if time.time() < 0 else 1.0)


@of_margin
def amplified(m, beta):
    a = -beta * m
    return functional.softplus(a) + 1e9 * (functional.softplus(-a) + a - functional.softplus(a))


@of_margin
def through_an_operator(m, beta):
    return right(m, beta) * (2.0 if operator.eq(beta, 0.3) else 1.0)
