"""Names mean what the table says, a user may say otherwise, and nothing is guessed."""

import pytest
import torch
from torch.nn import functional

import midpo_sym
from midpo_sym.code.verdicts import Status
from midpo_sym.code.verify import NotVerifiableError


def averages(chosen_logps, rejected_logps, beta=2.0, gamma=0.5):
    return -functional.logsigmoid(beta * (chosen_logps - rejected_logps) - gamma)


AVERAGES = {
    "chosen_logps": "log(pi(w))/length(w)",
    "rejected_logps": "log(pi(l))/length(l)",
}


def test_sums_or_averages_are_asked_about():
    with pytest.raises(NotVerifiableError, match="sums over the tokens, or averages") as caught:
        midpo_sym.verify(averages, "simpo")
    assert '--bind chosen_logps="log(pi(w))/length(w)"' in str(caught.value)


@pytest.mark.slow
def test_what_is_said_is_used_and_printed():
    found = midpo_sym.verify(averages, "simpo", bind=AVERAGES)
    assert found.proved
    assert found.binding["chosen_logps"] == ("log(pi(w))/length(w)", "as said")
    assert "log(pi(w))/length(w)" in str(found)


@pytest.mark.slow
def test_a_wrong_binding_is_refuted_with_averages_as_the_cure():
    """Sums under a loss of averages: SimPO without its lengths."""
    sums = {"chosen_logps": "log(pi(w))", "rejected_logps": "log(pi(l))"}
    found = midpo_sym.verify(averages, "simpo", bind=sums)
    assert found.value.status is Status.DIFFERS
    (cure,) = found.suggestions
    assert '--bind chosen_logps="log(pi(w))/length(w)"' in cure


@pytest.mark.slow
def test_a_margin_times_the_scale_is_found():
    """SimPO with γ under the bracket: β(a − b − γ), which is SimPO at γβ."""

    def bracket(chosen_logps, rejected_logps, beta=2.0, gamma=0.5):
        return -functional.logsigmoid(beta * (chosen_logps - rejected_logps - gamma))

    found = midpo_sym.verify(bracket, "simpo", bind=AVERAGES)
    assert any('--bind gamma="gamma/alpha"' in each for each in found.suggestions)
    again = midpo_sym.verify(bracket, "simpo", bind={**AVERAGES, "gamma": "gamma/alpha"})
    assert again.proved


@pytest.mark.slow
def test_labels_that_are_swapped_are_found():
    def swapped(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
        logits = rejected_logps - chosen_logps - ref_rejected_logps + ref_chosen_logps
        return -functional.logsigmoid(beta * logits)

    found = midpo_sym.verify(swapped, "dpo")
    assert any(each.startswith("with chosen and rejected swapped") for each in found.suggestions)


@pytest.mark.slow
def test_another_loss_is_known_by_its_specification():
    def prev(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
        return midpo_sym_dpo(
            chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta
        )

    def midpo_sym_dpo(a, b, c, d, beta):
        return functional.softplus(-beta * (a - b - c + d))

    found = midpo_sym.verify(prev, "tdpo")
    assert "it is dpo: --as dpo" in found.suggestions


def test_an_unknown_name_says_how_to_bind_it():
    def unknown(winner, rejected_logps, beta=0.1):
        return beta * (winner - rejected_logps)

    with pytest.raises(NotVerifiableError, match="no convention says") as caught:
        midpo_sym.verify(unknown, "dpo")
    assert '--bind winner="log(pi(w))"' in str(caught.value)


@pytest.mark.parametrize(
    ("bind", "message"),
    [
        ({"nobody": "log(pi(w))"}, "there is no argument nobody"),
        ({"chosen_logps": "log(pi(w)"}, "chosen_logps: not an expression"),
        ({"chosen_logps": "log(theta(w))"}, "chosen_logps: unknown name"),
    ],
)
def test_what_is_said_has_to_be_of_the_language(bind, message):
    with pytest.raises(NotVerifiableError, match=message.replace("(", r"\(")):
        midpo_sym.verify(averages, "dpo", bind=bind)


@pytest.mark.slow
def test_a_tensor_of_both_responses_is_said_with_a_semicolon():
    def both(logps, ref_logps, beta=0.1):
        chosen, rejected = (logps - ref_logps).chunk(2)
        return functional.softplus(beta * (rejected - chosen)).mean()

    bind = {"logps": "log(pi(w)); log(pi(l))", "ref_logps": "log(ref(w)); log(ref(l))"}
    assert midpo_sym.verify(both, "dpo", bind=bind).proved


@pytest.mark.slow
def test_hyper_parameters_that_are_set_are_said():
    def loss(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta):
        return functional.softplus(
            -beta * (chosen_logps - rejected_logps - ref_chosen_logps + ref_rejected_logps)
        )

    found = midpo_sym.verify(loss, "dpo", at={"beta": 0.1})
    assert found.proved
    assert found.symbolic == ()


@pytest.mark.slow
def test_a_hyper_parameter_that_must_be_a_float_is_tried_at_some():
    """`softplus` takes its own β as a float only: three values are tried, and said."""

    def loss(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
        logits = chosen_logps - rejected_logps - ref_chosen_logps + ref_rejected_logps
        return beta * functional.softplus(-logits, beta=beta)

    found = midpo_sym.verify(loss, "dpo")
    assert found.proved
    assert found.symbolic == ()
    assert found.settings[0] == {"alpha": "1/10"}
    assert len(found.settings) == 3
    assert not found.holds_for_all
    assert "at these hyper-parameters" in str(found)


@pytest.mark.slow
def test_a_computed_float_is_read_as_a_quotient_and_said_so():
    """1/0.3 arrives as 3.3333333333333335; read as 10/3, the loss is DPO at β = 3/10."""

    def loss(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps):
        logits = chosen_logps - rejected_logps - ref_chosen_logps + ref_rejected_logps
        return functional.softplus(-logits / (1 / 0.3) * beta_of(1.0))

    def beta_of(value):
        return value

    found = midpo_sym.verify(loss, "dpo")
    assert found.value.status is Status.DIFFERS  # of no β that the function takes
    assert "3.3333333333333335 was read as 10/3" in found.notes


@pytest.mark.slow
def test_a_module_has_its_hyper_parameters_as_attributes():
    class Loss(torch.nn.Module):
        def __init__(self, beta=0.1):
            super().__init__()
            self.beta = beta

        def forward(self, chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps):
            logits = chosen_logps - rejected_logps - ref_chosen_logps + ref_rejected_logps
            return functional.softplus(-self.beta * logits).mean()

    module = Loss()
    found = midpo_sym.verify(module, "dpo")
    assert found.proved
    assert found.symbolic == ("alpha",)
    assert module.beta == 0.1
