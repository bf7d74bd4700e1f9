"""Functions of Python's `math` take hyper-parameters, and what is not followed is not proved."""

import math
from math import log as log_by_name
from pathlib import Path

import pytest
import torch
from torch.nn import functional

import midpo_sym
from midpo_sym.code.verdicts import Status

ORPO = str(Path(__file__).parents[2] / "cases" / "code" / "orpo.toml")
AVERAGES = {
    "chosen_logps": "log(pi(w))/length(w)",
    "rejected_logps": "log(pi(l))/length(l)",
}


def margin(chosen, rejected, ref_chosen, ref_rejected, beta):
    return beta * (chosen - rejected - ref_chosen + ref_rejected)


def there_and_back(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    """DPO: exp(log β + 0) is β, √β·√β is β, and expm1 and log1p undo each other."""
    scale = math.exp(math.log(beta))
    scale = math.sqrt(scale) * math.sqrt(scale)
    scale = math.expm1(math.log1p(scale))
    m = margin(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, scale)
    return -functional.logsigmoid(m)


def once_too_often(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    m = margin(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, math.exp(beta))
    return -functional.logsigmoid(m)


def by_name(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    """Where a function of C is imported by its name, settings are tried: at each this is DPO."""
    m = margin(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta)
    return -functional.logsigmoid(m) + 0 * log_by_name(beta)


def odds(chosen_logps, rejected_logps, beta=0.1):
    """ORPO's odds with log(1 - p) as log(-expm1(log p))."""
    chosen, rejected = (
        each - torch.log(-torch.expm1(each)) for each in (chosen_logps, rejected_logps)
    )
    return -beta * functional.logsigmoid(chosen - rejected)


def test_hyper_parameters_go_through_mathematics_with_their_names():
    found = midpo_sym.verify(there_and_back, "dpo")
    assert found.proved, str(found)
    assert found.symbolic == ("alpha",)
    assert math.log(math.e) == 1.0  # and Python's own are back


@pytest.mark.slow
def test_what_a_function_does_to_them_is_seen():
    assert midpo_sym.verify(once_too_often, "dpo").value.status is Status.DIFFERS


@pytest.mark.slow
def test_a_function_that_was_imported_by_name_sees_numbers_at_settings_only():
    found = midpo_sym.verify(by_name, "dpo")
    assert found.proved
    assert len(found.settings) == 3
    assert found.symbolic == ()


@pytest.mark.slow
def test_what_is_left_of_one_has_a_logarithm_however_it_is_written():
    found = midpo_sym.verify(odds, ORPO, bind=AVERAGES)
    assert found.value.status is Status.PROVED, str(found)
    assert found.gradient.status is Status.PROVED
