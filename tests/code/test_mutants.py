"""Code that is wrong is never proved, and where it differs the numbers come from running it."""

import pytest
import torch
from generators.code import mutants

import midpo_sym
from midpo_sym.code.loading import load
from midpo_sym.code.verdicts import Status
from midpo_sym.code.verify import verify
from midpo_sym.session import Session, remembering
from midpo_sym.spec import library

QUICK = 15  # one in so many is tried in the quick tests


def some_slow(cases):
    return [
        pytest.param(*case, marks=[pytest.mark.slow] if k % QUICK else [])
        for k, case in enumerate(cases)
    ]


GENERATED = some_slow(
    (id_, *change) for id_, changes in mutants.GENERATED.items() for change in changes
)
BY_HAND = some_slow(
    (name.split()[0], text, *change)
    for name, (text, changes) in mutants.BY_HAND.items()
    for change in changes
)


def written(folder, text):
    path = folder / "mutant.py"
    path.write_text(text, encoding="utf-8")
    return path


def verified(path, name, spec):
    with remembering(Session()):
        return verify(load(f"{path}::{name}"), library.find(spec), explain=False)


@pytest.mark.slow
@pytest.mark.parametrize(("id_", "old", "new"), GENERATED)
def test_a_fault_in_a_generated_file_is_found(tmp_path, id_, old, new):
    text = (mutants.FOLDER / f"{id_}.py").read_text(encoding="utf-8")
    module = text.index("\n\nclass ")
    path = written(tmp_path, mutants.changed(text[:module], old, new) + text[module:])
    found = verified(path, f"{id_}_loss", id_)
    assert not found.proved
    assert Status.DIFFERS in {each.status for each in found.findings.values()}, str(found)


@pytest.mark.slow
@pytest.mark.parametrize(("id_", "text", "old", "new"), BY_HAND)
def test_a_fault_in_a_loss_written_by_hand_is_found(tmp_path, id_, text, old, new):
    path = written(tmp_path, mutants.changed(text, old, new))
    found = verified(path, "loss", id_)
    assert not found.proved, str(found)


def test_there_are_enough_faults_to_mean_something():
    assert len(GENERATED) >= 30
    assert len(BY_HAND) >= 30


@pytest.mark.slow
@pytest.mark.parametrize("name", mutants.BY_HAND)
def test_without_a_fault_the_same_files_are_proved(tmp_path, name):
    found = verified(written(tmp_path, mutants.BY_HAND[name][0]), "loss", name.split()[0])
    assert found.proved, str(found)


@pytest.mark.slow
def test_a_counterexample_can_be_pasted_into_the_function(tmp_path):
    path = written(tmp_path, mutants.changed(mutants.BY_HAND["dpo"][0], "beta * (", "2 * beta * ("))
    function = load(f"{path}::loss")
    shown = midpo_sym.verify(function, "dpo").value.counterexample
    given = {
        name: torch.tensor(value, dtype=torch.float64) if isinstance(value, list) else value
        for name, value in shown.arguments.items()
    }
    assert function(**given).item() == pytest.approx(shown.found, rel=1e-12)
    a = given["beta"] * (
        given["chosen_logps"]
        - given["rejected_logps"]
        - given["ref_chosen_logps"]
        + given["ref_rejected_logps"]
    )
    assert torch.log1p(torch.exp(-a)).item() == pytest.approx(shown.wanted, rel=1e-12)
    assert shown.found != pytest.approx(shown.wanted)


@pytest.mark.slow
def test_a_wrong_gradient_under_a_right_value_is_found(tmp_path):
    change = "chosen_logps - rejected_logps\n", "chosen_logps - rejected_logps.detach()\n"
    path = written(tmp_path, mutants.changed(mutants.BY_HAND["dpo"][0], *change))
    found = verified(path, "loss", "dpo")
    assert found.value.status is Status.PROVED
    assert found.gradient.status is Status.DIFFERS
    assert "log(pi(l))" in found.gradient.reason
