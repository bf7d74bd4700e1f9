"""The losses that this package generates go through the same door as anybody's."""

import pytest

import midpo_sym
from midpo_sym.code.own import Outcome, Task, check_generated, verify_generated
from midpo_sym.code.verify import NotVerifiableError
from midpo_sym.targets.torch.errors import WrongCodeError
from midpo_sym.targets.torch.files import LOSSES

QUICK = ("simpo",)
IDS = [
    pytest.param(id_, marks=[] if id_ in QUICK else pytest.mark.slow)
    for id_ in midpo_sym.ids("paper")
]
VERDICTS = {"value", "gradient", "chosen_rewards", "rejected_rewards"}


def text_of(id_):
    return (LOSSES / f"{id_}.py").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("id_", IDS)
def test_a_generated_file_is_its_specification_for_all_hyper_parameters(id_):
    derivation = midpo_sym.derivation(id_)
    found = verify_generated(text_of(id_), derivation)
    assert set(found) == {"function", "module", "from_statistics"}
    for what, each in found.items():
        assert each.proved, f"{what}: {each}"
        assert set(each.findings) == VERDICTS
        assert each.settings == ()
        assert set(each.symbolic) == {parameter.name for parameter in derivation.parameters}


@pytest.mark.slow
def test_the_module_is_asked_apart_from_its_function():
    """A module that passes its own hyper-parameter doubled is found, its function being right."""
    text = text_of("dpo")
    wrong = text.replace("            beta=self.beta,", "            beta=2 * self.beta,", 1)
    assert wrong != text
    found = verify_generated(wrong, midpo_sym.derivation("dpo"))
    assert found["function"].proved
    assert not found["module"].proved


@pytest.mark.slow
def test_statistics_of_tokens_are_asked_apart():
    """A module that takes the chosen log-ratios twice is right as long as nobody gives tokens."""
    text = text_of("dpo")
    wrong = text.replace("rejected.total(", "chosen.total(")
    assert wrong != text
    found = verify_generated(wrong, midpo_sym.derivation("dpo"))
    assert found["function"].proved
    assert found["module"].proved
    assert not found["from_statistics"].proved


def task_of(id_, text, limit=60.0):
    return Task(text, midpo_sym.derivation(id_), limit)


@pytest.mark.slow
def test_what_is_not_proved_is_told_by_entry():
    text = text_of("dpo")
    assert check_generated(task_of("dpo", text)) == Outcome("dpo", 3, ())
    wrong = text.replace("            beta=self.beta,", "            beta=2 * self.beta,", 1)
    found = check_generated(task_of("dpo", wrong))
    assert found.proved < 3
    assert any(
        "the code of dpo is not proved" in each and "module" in each for each in found.unproved
    )


def test_what_takes_too_long_is_told_and_not_proved():
    found = check_generated(task_of("dpo", text_of("dpo"), limit=0.01))
    (said,) = found.unproved
    assert found.proved == 0
    assert "within 0.01 seconds of processor time; --limit gives it more" in said


def test_losses_with_more_branches_cost_more():
    """Of two without a branch, TIS-DPO's formula is the longer."""
    costs = [task_of(id_, "").cost for id_ in ("lpo_ste", "lpo", "tis_dpo", "dpo")]
    assert [branches for branches, _ in costs] == [2, 1, 0, 0]
    assert costs == sorted(costs, reverse=True)


def test_a_file_that_does_more_than_compute_is_not_run():
    with pytest.raises(WrongCodeError):
        verify_generated("import os\n" + text_of("dpo"), midpo_sym.derivation("dpo"))


def test_a_file_that_does_not_run_says_so():
    text = text_of("dpo").replace('given["chosen_logps"] - given', 'given["nothing"] - given', 1)
    with pytest.raises(NotVerifiableError, match="KeyError"):
        verify_generated(text, midpo_sym.derivation("dpo"))


@pytest.mark.slow
def test_generate_check_finds_a_wrong_file(midpo, monkeypatch):
    """A printer that forgets β is found, though file and folder agree."""
    from midpo_sym.targets.torch import files  # noqa: PLC0415 - where it is patched

    honest = files.render

    def forgetful(result, *rest, **options):
        text = honest(result, *rest, **options)
        return text.replace("= beta * chosen_logratios - beta", "= chosen_logratios - beta")

    monkeypatch.setattr(files, "render", forgetful)
    outcome = midpo("generate", "--check", "--paper")
    assert outcome.status == 1
    assert "the code of dpo is not proved to be its specification, function" in outcome.err
