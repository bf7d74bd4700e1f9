"""`midpo verify`: what it prints, and its exit status."""

import json

import pytest

GOOD = """
import torch
from torch.nn import functional


def my_loss(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta=0.1):
    print("a message of the user's")
    logits = chosen_logps - rejected_logps - (ref_chosen_logps - ref_rejected_logps)
    return functional.softplus(-beta * logits).mean()


class Losses:
    @staticmethod
    def typed(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, beta, kind):
        logits = beta * (chosen_logps - rejected_logps - ref_chosen_logps + ref_rejected_logps)
        return functional.softplus(-logits) if kind == "sigmoid" else functional.relu(1 - logits)

    def method(self, chosen_logps):
        return chosen_logps


class Module(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.beta = 0.1

    def forward(self, chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps):
        return my_loss(
            chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, self.beta
        )


class Needs:
    def __init__(self, beta):
        self.beta = beta


number = 3


def slow(chosen_logps):
    while True:
        pass
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "my_loss.py"
    path.write_text(GOOD, encoding="utf-8")
    return path


@pytest.mark.slow
def test_a_right_loss_is_proved_and_the_answer_has_its_binding(midpo, file):
    outcome = midpo("verify", f"{file}::my_loss", "--as", "dpo")
    assert outcome.status == 0
    assert "my_loss as dpo" in outcome.out
    assert "ref_chosen_logps    log(ref(w))  by its name" in outcome.out
    assert "holds for           all alpha in their domains" in outcome.out
    assert "value               ✓ proved; the mean over the pairs" in outcome.out
    assert "gradient            ✓ proved" in outcome.out
    assert "message" not in outcome.out  # what the code prints goes to standard error


@pytest.mark.slow
def test_a_wrong_loss_has_numbers_and_status_1(midpo, file):
    outcome = midpo("verify", f"{file}::my_loss", "--as", "dpo", "--bind", "beta=2*alpha")
    assert outcome.status == 1
    assert "value               ✗ differs" in outcome.out
    assert "and it should be" in outcome.out
    assert '--bind beta="alpha"' in outcome.out or "but" in outcome.out


@pytest.mark.slow
def test_json_says_the_same(midpo, file):
    outcome = midpo("verify", f"{file}::Module", "--as", "dpo", "--json")
    assert outcome.status == 0
    data = json.loads(outcome.out)
    assert data["proved"] is True
    assert data["symbolic"] == ["alpha"]
    assert data["findings"]["gradient"]["status"] == "proved"
    assert data["reduction"] == "mean"


@pytest.mark.slow
def test_values_are_given_to_arguments(midpo, file):
    target = f"{file}::Losses.typed"
    assert midpo("verify", target, "--as", "dpo", "--at", "kind=sigmoid").status == 0
    assert midpo("verify", target, "--as", "dpo", "--at", "kind=hinge").status == 1


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("{file}", "names no function"),
        ("{file}::nobody", "has no nobody"),
        ("{file}::number", "is no function"),
        ("{file}::Losses.method", "is a method of an instance"),
        ("{file}::Needs", "cannot be made without arguments"),
        ("nowhere.py::my_loss", "there is no such file"),
        ("no_such_package_here:loss", "cannot be imported"),
        ("{file}::Losses.typed", "what the argument kind is, no convention says"),
    ],
)
def test_what_cannot_be_asked_is_status_2_and_says_what_can(midpo, file, target, message):
    outcome = midpo("verify", target.format(file=file), "--as", "dpo")
    assert outcome.status == 2
    assert message in outcome.err
    assert "allowed:" in outcome.err or "cure:" in outcome.err


@pytest.mark.parametrize("option", ["--bind", "--at"])
def test_options_are_names_and_what_they_are(midpo, file, option):
    outcome = midpo("verify", f"{file}::my_loss", "--as", "dpo", option, "beta")
    assert (outcome.status, f"{option} beta: not a name" in outcome.err) == (2, True)


def test_a_specification_has_to_be_there(midpo, file):
    assert midpo("verify", f"{file}::my_loss", "--as", "dpoo").status == 2
    assert midpo("verify", f"{file}::my_loss").status == 2


def test_a_file_that_does_not_run_is_status_2(midpo, tmp_path):
    path = tmp_path / "broken.py"
    path.write_text("import torch\n1/0\n", encoding="utf-8")
    outcome = midpo("verify", f"{path}::loss", "--as", "dpo")
    assert outcome.status == 2
    assert "ZeroDivisionError" in outcome.err


@pytest.mark.slow
def test_what_takes_too_long_is_stopped(midpo, file):
    outcome = midpo("verify", f"{file}::slow", "--as", "dpo", "--timeout", "1")
    assert outcome.status == 2
    assert "more than 1 seconds" in outcome.err


def test_the_help_says_that_code_is_run(midpo):
    said = " ".join(midpo("verify", "--help").out.split())
    assert "imports the file and runs the function" in said
    assert "the one command that executes code of yours" in said
