"""Every wrong argument gets an error that names it, says what it is and what was expected."""

import re

import pytest
import torch
from oracles.tensor.literal import DPO, PATHS, TDPO, Previous, SparsePO, batch, evaluate

from midpo_sym.tensor import linear_statistics, response_statistics

LOGITS = torch.zeros(4, 9, 17)
LABELS = torch.ones(4, 9, dtype=torch.int64)
HIDDEN = torch.zeros(4, 9, 5)
WEIGHT = torch.zeros(17, 5)


def from_logits(**changes):
    return response_statistics(**({"logits": LOGITS, "labels": LABELS} | changes))


def from_hidden(**changes):
    given = {"hidden": HIDDEN, "weight": WEIGHT, "labels": LABELS} | changes
    return linear_statistics(**given)


@pytest.mark.parametrize(
    ("call", "changes", "error", "message"),
    [
        (
            from_logits,
            {"logits": LOGITS[0]},
            ValueError,
            (
                "logits: expected shape (responses, tokens, vocabulary), none of it 0, got a "
                "float32 tensor of shape (9, 17) on cpu"
            ),
        ),
        (
            from_logits,
            {"logits": LOGITS.long()},
            TypeError,
            (
                "logits: expected a floating-point tensor (responses, tokens, vocabulary), got a "
                "int64 tensor of shape (4, 9, 17) on cpu"
            ),
        ),
        (from_logits, {"logits": [1.0]}, TypeError, "logits: expected a floating-point tensor"),
        (from_logits, {"logits": LOGITS[:, :0]}, ValueError, "got a float32 tensor of shape (4, 0"),
        (
            from_logits,
            {"labels": LABELS[:, 1:]},
            ValueError,
            "labels: expected shape (4, 9), as logits has it, got a int64 tensor of shape (4, 8)",
        ),
        (
            from_logits,
            {"labels": LABELS.float()},
            TypeError,
            "labels: expected int64 token ids (responses, tokens), got a float32 tensor",
        ),
        (from_logits, {"labels": None}, TypeError, "labels: expected int64 token ids"),
        (
            from_logits,
            {"labels": LABELS.to("meta")},
            ValueError,
            (
                "labels: expected a tensor on cpu, where logits is, got a int64 tensor of shape "
                "(4, 9) on meta"
            ),
        ),
        (
            from_logits,
            {"labels": LABELS * 17},
            ValueError,
            "labels: expected token ids 0 to 16, or -100 for tokens to ignore, got 17, 17",
        ),
        (
            from_logits,
            {"labels": LABELS.index_put((torch.tensor(2), torch.tensor(3)), torch.tensor(-1))},
            ValueError,
            "got -1 at [response, position] [2, 3] of a int64 tensor",
        ),
        (
            from_logits,
            {"mask": torch.ones(4, 9)},
            TypeError,
            "mask: expected a bool or integer completion mask (responses, tokens), got a float32",
        ),
        (
            from_logits,
            {"mask": torch.ones(4, 8, dtype=torch.bool)},
            ValueError,
            "mask: expected shape (4, 9)",
        ),
        (
            from_logits,
            {"ref_logits": torch.zeros(4, 9, 16)},
            ValueError,
            (
                "ref_logits: expected shape (4, 9, 17), as logits has it, got a float32 tensor of "
                "shape (4, 9, 16) on cpu"
            ),
        ),
        (
            from_logits,
            {"ref_logits": LOGITS.to("meta")},
            ValueError,
            "ref_logits: expected a tensor on cpu",
        ),
        (from_logits, {"ref_logits": LOGITS.int()}, TypeError, "ref_logits: expected a floating"),
        (
            from_logits,
            {"ref_logits": LOGITS, "ref_logps": LOGITS[..., 0]},
            ValueError,
            "ref_logps: ref_logits gives them already; pass one of the two",
        ),
        (
            from_logits,
            {"ref_logps": LOGITS},
            ValueError,
            "ref_logps: expected shape (responses, tokens)",
        ),
        (
            from_logits,
            {"prev_logps": LOGITS[:, 1:, 0]},
            ValueError,
            (
                "prev_logps: expected shape (4, 9), as labels has it, got a float32 tensor of "
                "shape (4, 8)"
            ),
        ),
        (
            from_logits,
            {"kl": ("ref_pi",), "ref_logps": LOGITS[..., 0]},
            ValueError,
            (
                "kl: ['ref_pi'] sums over the whole vocabulary of the reference: pass ref_logits; "
                "log-probabilities of the labels are not enough"
            ),
        ),
        (
            from_logits,
            {"kl": ("forward",), "ref_logits": LOGITS},
            ValueError,
            "kl: expected a collection of 'ref_pi' and 'pi_ref', got ['forward']",
        ),
        (from_logits, {"kl": "ref_pi", "ref_logits": LOGITS}, ValueError, "kl: expected a coll"),
        (
            from_logits,
            {"weights": {"omega": torch.ones(4, 8)}},
            ValueError,
            "omega: expected shape (4, 9)",
        ),
        (
            from_logits,
            {"weights": {"omega": LABELS}},
            TypeError,
            "omega: expected a floating-point tensor (responses, tokens), got a int64 tensor",
        ),
        (
            from_logits,
            {"logits": LOGITS[:1].expand(4, -1, -1), "overwrite_logits": True},
            ValueError,
            (
                "logits: overwrite_logits needs a place in memory for every logit, got a float32 "
                "tensor of shape (4, 9, 17) on cpu with strides (0, 17, 1)"
            ),
        ),
        (
            from_hidden,
            {"hidden": HIDDEN[0]},
            ValueError,
            "hidden: expected shape (responses, tokens, width), none of it 0",
        ),
        (
            from_hidden,
            {"weight": WEIGHT.t()},
            ValueError,
            "weight: expected shape (5, 5), as hidden has it, got a float32 tensor of shape (5, 17",
        ),
        (
            from_hidden,
            {"weight": WEIGHT.double()},
            ValueError,
            (
                "weight: expected the dtype of hidden, which is a float32 tensor of shape "
                "(4, 9, 5) on cpu, got a float64 tensor"
            ),
        ),
        (from_hidden, {"bias": torch.zeros(5)}, ValueError, "bias: expected shape (17,)"),
        (from_hidden, {"labels": LABELS[:2]}, ValueError, "labels: expected shape (4, 9)"),
        (from_hidden, {"labels": LABELS * 17}, ValueError, "labels: expected token ids 0 to 16"),
        (
            from_hidden,
            {"ref_hidden": HIDDEN},
            ValueError,
            "ref_weight: is None, expected a tensor, as half a reference is given",
        ),
        (
            from_hidden,
            {"ref_weight": WEIGHT},
            ValueError,
            "ref_hidden: is None, expected a tensor, as half a reference is given",
        ),
        (
            from_hidden,
            {"ref_hidden": HIDDEN[:, :8], "ref_weight": WEIGHT},
            ValueError,
            "ref_hidden: expected shape (4, 9, 5)",
        ),
        (
            from_hidden,
            {"ref_hidden": HIDDEN, "ref_weight": WEIGHT[:16]},
            ValueError,
            "ref_weight: expected shape (17, 5)",
        ),
        (
            from_hidden,
            {"kl": ("pi_ref",), "ref_logps": LOGITS[..., 0]},
            ValueError,
            "pass ref_hidden and ref_weight",
        ),
    ],
)
def test_wrong_arguments(call, changes, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call(**changes)


def test_the_right_arguments_pass():
    """The same calls, unchanged, are no errors: int32 labels, integer masks, every option."""
    mask = torch.ones(4, 9, dtype=torch.int32)
    from_logits(labels=LABELS.int(), mask=mask, ref_logits=LOGITS, kl={"ref_pi", "pi_ref"})
    from_hidden(mask=mask, ref_hidden=HIDDEN, ref_weight=WEIGHT, kl=["pi_ref"])


@pytest.mark.parametrize("path", PATHS)
def test_what_a_loss_needs_and_did_not_get(path):
    logits, labels, reference, weights = batch()
    with pytest.raises(ValueError, match=r"ref_.*missing, DPO needs the reference"):
        evaluate(path, DPO(), logits, labels)
    with pytest.raises(ValueError, match="prev_logps: missing, Previous needs the previous"):
        evaluate(path, Previous(), logits, labels)
    with pytest.raises(TypeError, match="SparsePO: expected the token weights mu1, mu2, got mu1"):
        evaluate(
            path, SparsePO(), logits, labels, ref_logits=reference, weights={"mu1": weights["mu1"]}
        )
    with pytest.raises(TypeError, match="DPO: expected the token weights none, got omega"):
        evaluate(path, DPO(), logits, labels, ref_logits=reference, weights={"omega": labels})
    with pytest.raises(ValueError, match=r"kl: \['ref_pi'\] sums over the whole vocabulary"):
        evaluate(path, TDPO(), logits, labels, ref_logps=weights["mu1"])


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS)
def test_an_odd_number_of_responses_makes_no_pairs(path):
    logits, labels, reference, _ = batch()
    with pytest.raises(ValueError, match="3 responses make no pairs"):
        evaluate(path, DPO(), logits[:3], labels[:3], ref_logits=reference[:3])


def test_an_unknown_reduction():
    with pytest.raises(ValueError, match="reduction: expected 'mean', 'sum' or 'none', got 'max'"):
        DPO().from_hidden(HIDDEN, WEIGHT, LABELS, reduction="max")


def test_statistics_that_lack_what_the_loss_needs():
    chosen, rejected = from_logits(ref_logits=LOGITS).chunk()
    with pytest.raises(ValueError, match=r"chosen: TDPO needs kl_ref_pi of the statistics"):
        TDPO().from_statistics(chosen, rejected)
    with pytest.raises(ValueError, match=r"chosen: SparsePO needs kl_ref_pi, weights\['mu1'\]"):
        SparsePO().from_statistics(chosen, rejected)
    one, _ = from_logits(logits=LOGITS[:2], labels=LABELS[:2], ref_logits=LOGITS[:2]).chunk()
    with pytest.raises(
        ValueError, match="rejected: expected as many responses as chosen, 2, got 1"
    ):
        DPO().from_statistics(chosen, one)
