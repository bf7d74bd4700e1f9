"""The links as torch, by hand."""

import pytest

from midpo_sym.language.links import LINKS
from midpo_sym.targets.torch.links import STABLE, torch_link
from midpo_sym.targets.torch.names import Names

BY_HAND = {
    "logsigmoid": ("-logsigmoid(argument)", False),
    "identity": ("-argument", False),
    "hinge": ("torch.clamp(1 - argument, min=0)", True),
    "square": ("(1 - argument) ** 2", False),
    "sigmoid": ("torch.sigmoid(-argument)", True),
}


@pytest.mark.parametrize("name", LINKS)
def test_a_link_is_written_as_a_person_would(name):
    found = torch_link(LINKS[name], Names({}), {})
    assert (found.code, {each.module for each in found.functions} == {"torch"}) == BY_HAND[name]


@pytest.mark.parametrize("name", STABLE)
def test_without_its_stable_form_a_link_is_printed_from_its_expression(name, monkeypatch):
    """log(1 + exp(−a)) as a log-sum-exp of 0 and −a; 1/(1 + exp(a)) as it stands."""
    monkeypatch.delitem(STABLE, name)
    plain = {
        "logsigmoid": "log_sum_exp(0, -argument)",
        "sigmoid": "1 / (1 + torch.exp(argument))",
    }
    assert torch_link(LINKS[name], Names({}), {}).code == plain[name]
