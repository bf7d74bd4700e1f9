"""What is said of a function that is another loss: each answer worked out by hand beside it."""

from pathlib import Path

import pytest
import torch
from torch.nn import functional

import midpo_sym
from midpo_sym.code.verdicts import Status

NAMES = "chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps"
AVERAGES = {
    f"{each}_logps": f"log(pi({r}))/length({r})" for each, r in (("chosen", "w"), ("rejected", "l"))
}


def margin(chosen, rejected, ref_chosen, ref_rejected):
    return chosen - rejected - ref_chosen + ref_rejected


def said(function, spec="dpo", **options):
    found = midpo_sym.verify(function, spec, **options)
    assert Status.DIFFERS in {found.value.status, found.gradient.status}
    return found.suggestions


def hinge(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    """RSO's loss, max(0, 1 - m), whose hyper-parameter goes by the same name."""
    m = beta * margin(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps)
    return torch.relu(1 - m)


def doubled(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    m = beta * margin(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps)
    return -2 * functional.logsigmoid(m).mean()


def with_likelihood(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    """RPO, DPO plus η times the likelihood of y_w, at η = 1."""
    m = beta * margin(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps)
    return -functional.logsigmoid(m) - chosen_logps


def squared(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    """IPO, whose τ is called beta here."""
    m = margin(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps)
    return (m - 1 / (2 * beta)) ** 2


def without_reference(chosen_logps, rejected_logps, beta=0.1):
    return -functional.logsigmoid(beta * (chosen_logps - rejected_logps))


def half_detached(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    m = margin(chosen_logps, rejected_logps.detach(), ref_chosen_logps, ref_rejected_logps)
    return -functional.logsigmoid(beta * m)


def lopsided(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    """1 - tanh(m) = 2 - 2σ(2m): no loss that is listed, as it takes y_l twice."""
    m = margin(chosen_logps, 2 * rejected_logps, ref_chosen_logps, ref_rejected_logps)
    return (1 - torch.tanh(beta * m)).mean()


@pytest.mark.slow
def test_a_loss_of_the_atlas_is_named_with_the_question_that_proves_it():
    assert "it is rso: --as rso" in said(hinge)
    assert midpo_sym.verify(hinge, "rso").proved


@pytest.mark.slow
def test_a_loss_is_found_up_to_its_scale():
    (first, *_) = said(doubled)
    assert first.startswith("it is dpo up to parameters, factor and offset: A = 2 × B")


@pytest.mark.slow
def test_a_special_case_is_found_with_the_parameter_solved_for():
    assert any(
        "a special case of rpo" in each and "B.η = 1" in each for each in said(with_likelihood)
    )


@pytest.mark.slow
def test_parameters_of_other_names_are_put_in_their_places():
    (first, *_) = said(squared)
    assert first.startswith("it is ipo")
    assert "B.τ = A.α" in first


@pytest.mark.slow
def test_a_reference_that_is_missing_is_one_in_the_arguments():
    (first, *_) = said(without_reference)
    binding = {"chosen_logps": "log(pi(w)/ref(w))", "rejected_logps": "log(pi(l)/ref(l))"}
    assert all(f'--bind {name}="{text}"' in first for name, text in binding.items())
    assert midpo_sym.verify(without_reference, "dpo", bind=binding).proved


@pytest.mark.slow
def test_what_the_user_says_of_arguments_is_kept():
    """SimPO without its margin, of averages that go by names that nobody knows."""

    def own(up, down, beta=2.0):
        return -functional.logsigmoid(beta * (up - down))

    binding = {"up": "log(pi(w))", "down": "log(pi(l))"}
    found = said(own, bind=binding)
    assert any(
        each.startswith("it is cpo_preference: --as cpo_preference --bind up=") for each in found
    )
    again = midpo_sym.verify(own, "cpo_preference", bind=binding)
    assert again.proved


@pytest.mark.slow
def test_another_gradient_is_described_with_its_stop():
    found = midpo_sym.verify(half_detached, "dpo")
    assert (found.value.status, found.gradient.status) == (Status.PROVED, Status.DIFFERS)
    computes, prior = found.suggestions
    assert "sg(log(pi(l)))" in computes
    assert prior.startswith("MI-DPO has this very loss with the prior")
    assert "sg(pi(y))" in prior


@pytest.mark.slow
def test_what_no_list_has_is_said_in_links_terms_and_prior():
    computes, prior = said(lopsided)
    assert computes.startswith("it computes (-2)*[1 - sigmoid(a)] at a = -(2*(")
    assert "2*log(pi(l))" in computes
    assert prior == "a prior for it has to know the other response of the pair"


@pytest.mark.slow
def test_gamma_over_beta_and_averages_at_once():
    """SimPO's own code: β(a - b) - βγ, of averages that are asked about as sums."""

    def ratio(chosen_logps, rejected_logps, beta=2.0, gamma=0.5):
        return -functional.logsigmoid(beta * (chosen_logps - rejected_logps) - beta * gamma)

    sums = {"chosen_logps": "log(pi(w))", "rejected_logps": "log(pi(l))"}
    (first, *_) = said(ratio, "simpo", bind=sums)
    assert first.startswith(
        "with averages over the tokens and another meaning of gamma it is simpo"
    )
    assert midpo_sym.verify(ratio, "simpo", bind={**AVERAGES, "gamma": "gamma/alpha"}).proved


@pytest.mark.slow
def test_pairs_that_depend_on_each_other_are_no_formula():
    def coupled(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
        m = beta * margin(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps)
        return -functional.logsigmoid(m - m.mean())

    assert said(coupled) == ()


@pytest.mark.slow
def test_a_number_that_is_taken_and_not_used_is_no_obstacle():
    """As libraries have it whose sigmoid loss ignores label_smoothing."""
    cdpo = str(Path(__file__).parents[2] / "cases" / "code" / "cdpo.toml")

    def ignores(
        chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps,
        beta=0.1, label_smoothing=0.0,
    ):  # fmt: skip
        m = margin(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps)
        return -functional.logsigmoid(beta * m) + 0 * label_smoothing

    assert "it is dpo: --as dpo" in said(ignores, cdpo)
