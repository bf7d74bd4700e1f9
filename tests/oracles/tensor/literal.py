"""Losses written for the tests, and the same losses evaluated literally in float64.

The literal form is plain log_softmax and autograd over whole logits; nothing of `midpo_sym.tensor`
is in it.
"""

from contextlib import ExitStack
from unittest import mock

import torch
from torch.nn import functional

from midpo_sym.tensor import Needs, PreferenceLoss

BETA = 0.3
ALPHA2 = 0.7
GAMMA = 0.4


class DPO(PreferenceLoss):
    needs = Needs(reference=True, linear=True, reference_model="ref")

    def argument(self, chosen, rejected):
        return self.triple(BETA * chosen.logratios.sum(-1), BETA * rejected.logratios.sum(-1))

    @staticmethod
    def triple(chosen, rejected):
        return chosen - rejected, chosen, rejected


class SimPO(PreferenceLoss):
    needs = Needs(lengths=True, linear=True)

    def argument(self, chosen, rejected):
        one = BETA * chosen.logps.sum(-1) / chosen.lengths
        two = BETA * rejected.logps.sum(-1) / rejected.lengths
        return one - two - GAMMA, one, two


class Previous(PreferenceLoss):
    """DPO against the previous policy."""

    needs = Needs(reference=True, linear=True, reference_model="prev")

    def argument(self, chosen, rejected):
        return DPO.triple(
            *(BETA * (each.logps - each.prev_logps).sum(-1) for each in (chosen, rejected))
        )


class TDPO(PreferenceLoss):
    needs = Needs(reference=True, kl=("ref_pi",), linear=True, reference_model="ref")

    def argument(self, chosen, rejected):
        return DPO.triple(
            *(BETA * (each.logratios + each.kl_ref_pi).sum(-1) for each in (chosen, rejected))
        )


class TDPO2(PreferenceLoss):
    """The chosen response's divergence has a value and no gradient."""

    needs = Needs(reference=True, kl=("ref_pi",), linear=True, reference_model="ref")

    def argument(self, chosen, rejected):
        stopped = ALPHA2 * chosen.kl_ref_pi.detach()
        return DPO.triple(
            BETA * (chosen.logratios + stopped).sum(-1),
            BETA * (rejected.logratios + ALPHA2 * rejected.kl_ref_pi).sum(-1),
        )


class TISDPO(PreferenceLoss):
    needs = Needs(
        reference=True,
        kl=("pi_ref",),
        weights={"omega": "real"},
        linear=True,
        reference_model="ref",
    )

    def argument(self, chosen, rejected):
        return DPO.triple(
            *(
                BETA * (each.weights["omega"] * (each.logratios - each.kl_pi_ref)).sum(-1)
                for each in (chosen, rejected)
            )
        )


class SparsePO(PreferenceLoss):
    needs = Needs(
        reference=True,
        kl=("ref_pi",),
        weights={"mu1": "real", "mu2": "real"},
        linear=True,
        reference_model="ref",
    )

    def argument(self, chosen, rejected):
        return DPO.triple(
            *(
                BETA
                * (each.weights["mu1"] * each.logratios + each.weights["mu2"] * each.kl_ref_pi).sum(
                    -1
                )
                for each in (chosen, rejected)
            )
        )


class Everything(PreferenceLoss):
    """Log-probabilities, log-ratios and both divergences at once, and a trained scale."""

    needs = Needs(
        reference=True,
        kl=("ref_pi", "pi_ref"),
        lengths=True,
        weights={"mu1": "real"},
        linear=True,
        reference_model="ref",
    )

    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.tensor(0.8, dtype=torch.float64))

    def argument(self, chosen, rejected):
        return DPO.triple(
            *(
                self.scale.to(each.logps.dtype)
                * (
                    0.2 * each.logps / each.lengths.unsqueeze(-1)
                    + each.weights["mu1"] * each.logratios
                    + 0.5 * each.kl_ref_pi
                    - 0.25 * each.kl_pi_ref
                ).sum(-1)
                for each in (chosen, rejected)
            )
        )


class Curved(PreferenceLoss):
    """No linear loss: the square of a response's log-ratio, and a hinge."""

    needs = Needs(reference=True, kl=("ref_pi",), reference_model="ref")

    def argument(self, chosen, rejected):
        return DPO.triple(
            *(
                BETA * each.logratios.sum(-1).square() + each.kl_ref_pi.square().sum(-1)
                for each in (chosen, rejected)
            )
        )

    def link(self, argument):
        return functional.relu(5 - argument)


class Anchored(PreferenceLoss):
    """Squares of log-ratios to anchors, log(1 + π(y_w)), and the mean log-probability of y_w.

    Nothing of it is linear, and the responses of a pair have slopes of their own.
    """

    needs = Needs(reference=True, lengths=True, by_sums=True, reference_model="ref")

    def argument(self, chosen, rejected):
        one, two = (BETA * each.logratios.sum(-1) for each in (chosen, rejected))
        likely = chosen.logps.sum(-1)
        losses = (one - 1).square() + (two + GAMMA).square() - likely / chosen.lengths
        return torch.log1p(likely.exp()) - losses, one, two

    def link(self, argument):
        return -argument


LOSSES = (DPO, SimPO, Previous, TDPO, TDPO2, TISDPO, SparsePO, Everything, Curved, Anchored)


SINGLE_PASS = tuple(each for each in LOSSES if each.needs.linear or each.needs.by_sums)
PATHS = ("logits", "overwritten", "single pass", "single pass in parts", "projected twice")


class _Literal:
    """Statistics with the names of ResponseStatistics, in float64."""


def _kl(log_p, log_q):
    """KL with 0·log 0 = 0, and no NaN in the gradient of the terms left out."""
    inside = log_p.exp() > 0
    safe_p, safe_q = (torch.where(inside, each, 0.0) for each in (log_p, log_q))
    return torch.where(inside, safe_p.exp() * (safe_p - safe_q), 0.0).sum(-1)


def literal_statistics(
    logits, labels, *, ref_logits=None, prev_logps=None, mask=None, weights=None
):
    """Return the statistics row by row, position by position, as the paper's sums are written."""
    rows, tokens, _ = logits.shape
    live = labels != -100
    if mask is not None:
        live &= mask.bool()
    live[:, 0] = False
    found = _Literal()
    names = ["logps", "logratios", "ref_logps", "kl_ref_pi", "kl_pi_ref"]
    columns = {name: [] for name in names}
    zero = torch.zeros((), dtype=torch.float64)
    for n in range(rows):
        for t in range(tokens):
            values = dict.fromkeys(names, zero)
            if live[n, t]:
                log_p = torch.log_softmax(logits[n, t - 1].double(), -1)
                values["logps"] = log_p[labels[n, t]]
                if ref_logits is not None:
                    log_q = torch.log_softmax(ref_logits[n, t - 1].double(), -1)
                    values["ref_logps"] = log_q[labels[n, t]]
                    values["logratios"] = values["logps"] - values["ref_logps"]
                    values["kl_ref_pi"] = _kl(log_q, log_p)
                    values["kl_pi_ref"] = _kl(log_p, log_q)
            for name, value in values.items():
                columns[name].append(value)
    for name, column in columns.items():
        setattr(found, name, torch.stack(column).view(rows, tokens))
    found.mask = live
    found.lengths = live.sum(-1).double()
    found.prev_logps = None if prev_logps is None else torch.where(live, prev_logps.double(), 0.0)
    found.weights = {
        name: torch.where(live, each.double(), 0.0) for name, each in (weights or {}).items()
    }
    return found


def literal_loss(loss, logits, labels, **given):
    """Return (losses, chosen_rewards, rejected_rewards) of a loss over literal statistics."""
    whole = literal_statistics(logits, labels, **given)
    half = len(labels) // 2
    parts = []
    for rows in (slice(None, half), slice(half, None)):
        part = _Literal()
        for name, each in vars(whole).items():
            if name == "weights":
                part.weights = {key: value[rows] for key, value in each.items()}
            else:
                setattr(part, name, None if each is None else each[rows])
        parts.append(part)
    argument, chosen, rejected = loss.argument(*parts)
    return loss.link(argument), chosen, rejected


def small_pieces(rows):
    """Make tiles, their parts and row blocks of so few rows that every loop runs more than once."""
    stack = ExitStack()
    for module, name, size in (
        ("kernels.fused", "tile_rows", rows),
        ("kernels.tiles", "tile_rows", rows),
        ("kernels.tiles", "part_rows", max(1, rows // 2)),
        ("kernels.tiles", "block_rows", max(1, rows // 3)),
        ("logits", "block_rows", rows),
    ):
        patch = mock.patch(f"midpo_sym.tensor.{module}.{name}", return_value=size)
        stack.enter_context(patch)
    return stack


def evaluate(path, loss, logits, labels, *, weights=None, ref_logits=None, **given):
    """Return mean loss, both rewards, and the gradient by the logits, along a path.

    From hidden states, the lm_head is the identity, so that the hidden states are the logits.
    """
    leaf = logits.clone().requires_grad_()
    weights = weights or {}
    if path in {"logits", "overwritten"}:
        # What may be overwritten is never a leaf: a model has computed it.
        losses, *rewards = loss.from_logits(
            leaf * 1 if path == "overwritten" else leaf,
            labels,
            ref_logits=ref_logits,
            overwrite_logits=path == "overwritten",
            **weights,
            **given,
        )
        value = losses.mean()
    else:
        eye = torch.eye(logits.shape[-1], dtype=logits.dtype)
        if ref_logits is not None:
            given |= {"ref_hidden": ref_logits, "ref_weight": eye.to(ref_logits.dtype)}
        with small_pieces(2) if path == "single pass in parts" else ExitStack():
            value, *rewards = loss.from_hidden(
                leaf,
                eye.requires_grad_(),
                labels,
                reduction="none" if path == "projected twice" else "mean",
                **weights,
                **given,
            )
        value = value.mean()
    value.backward()
    return value.detach(), *rewards, leaf.grad


def expect(loss, logits, labels, **given):
    """Return what `evaluate` should, literally."""
    leaf = logits.to(torch.float64, copy=True).requires_grad_()
    losses, *rewards = literal_loss(loss, leaf, labels, **given)
    losses.mean().backward()
    return losses.mean().detach(), *(each.detach() for each in rewards), leaf.grad


def batch(seed=0, *, pairs=2, tokens=9, vocabulary=17, scale=2.0, dtype=torch.float64):
    """Return logits, labels, reference logits and all token weights of a random batch.

    Prompts differ in length, one token in the middle of a response is ignored, and a response is
    padded at its end.
    """
    generator = torch.Generator().manual_seed(seed)

    def random(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    rows = 2 * pairs
    logits = (scale * random(rows, tokens, vocabulary)).to(dtype)
    reference = (scale * random(rows, tokens, vocabulary)).to(dtype)
    labels = torch.randint(0, vocabulary, (rows, tokens), generator=generator)
    for row in range(rows):
        labels[row, : 1 + row % 3] = -100
    labels[0, tokens // 2] = -100
    labels[1, tokens - tokens // 4 :] = -100
    weights = {name: random(rows, tokens).abs() for name in ("omega", "mu1", "mu2")}
    return logits, labels, reference, weights


def needed(loss, reference, weights, prev_logps):
    """Return the arguments that a loss needs, of those that a batch has."""
    given = {"weights": {name: weights[name] for name in loss.needs.weights}}
    if loss.needs.reference_model == "prev":
        given["prev_logps"] = prev_logps
    elif loss.needs.reference:
        given["ref_logits"] = reference
    return given


def given_for(kind, reference, weights):
    return needed(kind(), reference, weights, -weights["omega"])


def assert_same(got, wanted, tolerance, noise=0.0):
    """Value, rewards and gradient agree, infinities included, and none of them is NaN."""
    for one, other in zip(got, wanted, strict=True):
        assert not one.isnan().any()
        assert torch.equal(one.isinf(), other.isinf())
        finite = other.isfinite()
        scale = other[finite].abs().max() if finite.any() else 1.0
        torch.testing.assert_close(
            one.double(), other.double(), rtol=tolerance, atol=noise + tolerance * float(scale)
        )
