"""Hyper-parameters in other libraries' terms, against what their code computes."""

from types import SimpleNamespace

import pytest

from midpo_sym.training import check_configuration, convert

# β = 2 and γ = 1/2 in all of them; by hand: SimPO's code has γ/β = 1/4.
SIMPO = {
    "paper": {"beta": 2, "gamma": 0.5},
    "simpo-repo": {"beta": 2, "gamma_beta_ratio": 0.25},
    "trl": {"beta": 2, "simpo_gamma": 0.5, "loss_type": "simpo", "cpo_alpha": 0.0},
    "llama-factory": {"pref_beta": 2, "simpo_gamma": 0.5, "pref_loss": "simpo", "pref_ftx": 0.0},
    "liger": {"beta": 2, "gamma": 0.5, "compute_nll_loss": False},
}


@pytest.mark.parametrize("source", SIMPO)
@pytest.mark.parametrize("to", SIMPO)
def test_every_library_to_every_other(source, to):
    assert convert("simpo", SIMPO[source], source=source, to=to) == SIMPO[to]


def test_a_likelihood_term_beside_the_loss_is_noticed():
    """The default of TRL's CPOConfig is cpo_alpha = 1."""
    with pytest.raises(ValueError, match=r"cpo_alpha: is 1\.0, which adds a likelihood term"):
        check_configuration("simpo", SimpleNamespace(loss_type="simpo", cpo_alpha=1.0))
    with pytest.raises(ValueError, match="loss_type: is 'hinge', which says another loss"):
        check_configuration("dpo", SimpleNamespace(loss_type="hinge"))
    check_configuration("dpo", SimpleNamespace(loss_type=["sigmoid"]))
    with pytest.raises(ValueError, match=r"cpo_alpha: 1 is another loss than simpo in trl"):
        convert("simpo", {"beta": 2, "simpo_gamma": 1, "cpo_alpha": 1}, source="trl")


def test_what_is_unknown_is_named():
    with pytest.raises(ValueError, match="loss: expected one of simpo, dpo, got 'simp'"):
        convert("simp", {})
    with pytest.raises(ValueError, match=r"library: expected one of paper, .* for dpo, got 'x'"):
        convert("dpo", {"beta": 1}, to="x")
    with pytest.raises(ValueError, match="parameters: expected beta, gamma_beta_ratio of simpo"):
        convert("simpo", {"beta": 1, "gamma": 1}, source="simpo-repo")
