"""Functions that are not the loss, and that were once called proved, are not any more."""

import pytest
import torch
from torch import nn
from torch.nn import functional

import midpo_sym
from midpo_sym.code.verify import NotVerifiableError


def argument(chosen, rejected, ref_chosen, ref_rejected, beta):
    return beta * (chosen - rejected - ref_chosen + ref_rejected)


def swallows(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    """Take another path where a number is large, and hide that it was looked at."""
    m = argument(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta)
    loss = -functional.logsigmoid(m).mean()
    try:
        if loss.item() > 1e3:
            loss = loss * 0
    except Exception:  # noqa: BLE001 - what the test is about
        pass
    return loss


def two_losses(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    m = argument(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta)
    losses = -functional.logsigmoid(m)
    return {"loss": 2 * losses.mean() + 1, "losses": losses}


def cut_off(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    """Torch's cross-entropy of probabilities is at most 100: not log(1 + exp(-m))."""
    m = argument(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta)
    return functional.binary_cross_entropy(torch.sigmoid(m), torch.ones_like(m))


def applies(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    m = argument(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta)
    return -functional.logsigmoid(m), m.detach().clone().apply_(lambda x: min(x, 1e3)), m.detach()


def infinite(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    m = argument(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta)
    far = torch.isinf(m.masked_fill(m < -1e4, -torch.inf))
    losses = -functional.logsigmoid(m)
    return torch.where(far, 0 * losses, losses)


def by_table(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    scale = {0.1: 2.0}.get(beta, 1.0)
    m = argument(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta)
    return -functional.logsigmoid(m * scale)


class Tripled(nn.Module):
    """A module whose hook changes what its `forward` returns."""

    def __init__(self):
        super().__init__()
        self.register_forward_hook(lambda _module, _given, out: 3 * out)

    def forward(self, chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
        m = argument(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta)
        return -functional.logsigmoid(m)


FUNCTIONS = {each.__name__: each for each in (swallows, cut_off, applies, infinite, by_table)} | {
    "hook": Tripled()
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_is_another_loss_somewhere_is_not_proved(name):
    at = {"beta": 0.1} if name == "cut_off" else {}
    assert not midpo_sym.verify(FUNCTIONS[name], "dpo", at=at).proved


def test_one_thing_under_two_names_is_refused():
    """Which of the two is trained is for the trainer to say."""
    with pytest.raises(NotVerifiableError, match="under two names, of loss, losses"):
        midpo_sym.verify(two_losses, "dpo")


def test_a_file_that_leaves_the_program_is_bad_input(midpo, tmp_path):
    path = tmp_path / "leaves.py"
    path.write_text("import sys\nsys.exit(0)\n", encoding="utf-8")
    outcome = midpo("verify", f"{path}::loss", "--as", "dpo")
    assert outcome.status == 2
    assert "cannot be imported: SystemExit" in outcome.err
