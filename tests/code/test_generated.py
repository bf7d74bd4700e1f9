"""The losses that this package generates go through the same door as anybody's."""

import pytest

import midpo_sym
from midpo_sym import losses

BY_TOKEN = {"sparsepo", "tis_dpo"}
SLOW = [pytest.param(id_, marks=pytest.mark.slow) for id_ in sorted(BY_TOKEN)]
QUICK = [id_ for id_ in midpo_sym.ids() if id_ not in BY_TOKEN]


def entry(id_):
    found = losses.get(id_)
    return found.function, found.module


@pytest.mark.parametrize("id_", [*QUICK, *SLOW])
def test_a_generated_function_is_its_specification_for_all_hyper_parameters(id_):
    found = midpo_sym.verify(entry(id_)[0], id_)
    assert found.proved, str(found)
    assert found.settings == ()
    assert {*found.findings} == {"value", "gradient", "chosen_rewards", "rejected_rewards"}
    names = {each.name for each in midpo_sym.derivation(id_).parameters}
    assert set(found.symbolic) == names


@pytest.mark.parametrize(
    "id_",
    ["simpo", *(pytest.param(i, marks=pytest.mark.slow) for i in midpo_sym.ids() if i != "simpo")],
)
def test_a_generated_module_is_its_specification_for_all_hyper_parameters(id_):
    found = midpo_sym.verify(entry(id_)[1](), id_)
    assert found.proved, str(found)
    assert found.symbolic
