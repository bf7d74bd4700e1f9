"""Pairs of losses that people ask about, each with what is right, worked out by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from oracles.comparison import Pair, problems

import midpo_sym
from midpo_sym.kernel.theorem import Mode
from midpo_sym.prover.equivalence.answers import (
    COMMON,
    LINK,
    SAME,
    SPECIAL_LEFT,
    SPECIAL_RIGHT,
    UP_TO,
    WITH_ONE,
)
from midpo_sym.spec import library
from midpo_sym.targets.json.equivalence import comparison
from midpo_sym.targets.wording.equivalence import Words

TESTS = Path(__file__).parents[2]
FOLDERS = (TESTS / "cases" / "diff", TESTS / "variants", TESTS / "cases" / "losses")


def spec(name):
    """Return a specification: of the tests, or else one that is shipped."""
    found = [folder / f"{name}.toml" for folder in FOLDERS]
    return next((path for path in found if path.is_file()), library.directory() / f"{name}.toml")


def diff(one, other):
    """Return a comparison of which nothing is contradicted by numbers at random models."""
    paths = spec(one), spec(other)
    found = midpo_sym.diff(*paths)
    pair = Pair.of(*(path.read_text(encoding="utf-8") for path in paths))
    assert [*problems(comparison(found), pair, f"{one}/{other}")] == []
    return found


def texts(values):
    return {name: str(value) for name, value in values.items()}


def says(found):
    return found.value.says, found.gradient.says, found.reward.says


@pytest.mark.slow
def test_a_loss_is_itself():
    found = diff("dpo", "dpo")
    assert (found.verdict, says(found)) == ("same", ("same",) * 3)
    assert found.closest.is_trivial
    assert found.closest.value.theorems[0].mode is Mode.VALUE


@pytest.mark.slow
def test_ipo_by_sums_and_by_means():
    """With Δ the difference of the sums, at |y_w| = |y_l| = n: (Δ/n − 1/(2τ'))² is
    (Δ − n/(2τ'))²/n², so that τ' = nτ and the factor is n²; at n = 1 they are the same."""
    found = diff("ipo_sums", "ipo_means")
    assert (found.verdict, found.value.says) == ("same on a subset", "differs")
    equal, one = found.relations
    assert (equal.changes.where, one.changes.where) == ("equal lengths", "one token")
    assert texts(equal.changes.values) == {"B_tau": "A_tau*length(w)"}
    assert (str(equal.factor), str(equal.offset)) == ("length(w)**2", "0")
    assert one.is_trivial
    assert texts(one.changes.values) == {"B_tau": "A_tau"}


@pytest.mark.slow
def test_simpo_as_its_own_code_has_it():
    """β(Δ − ratio) = βΔ − γ at γ = β ratio; β > 0 and ratio ≥ 0, so γ ≥ 0, and back."""
    found = diff("simpo_ratio", "simpo")
    assert (found.verdict, says(found)) == ("same up to", ("same",) * 3)
    assert texts(found.closest.changes.values) == {
        "B_alpha": "A_alpha",
        "B_gamma": "A_alpha*A_ratio",
    }
    assert texts(found.closest.back) == {"A_alpha": "B_alpha", "A_ratio": "B_gamma/B_alpha"}


@pytest.mark.slow
def test_r_dpo_with_either_sign():
    """λ(|w| − |l|) and −λ'(|w| − |l|): λ' = −λ leaves the domain λ' ≥ 0, and 2λ(|w| − |l|) stays.
    They are the same at λ = λ' = 0, and where the lengths are equal."""
    found = diff("r_dpo_plus", "r_dpo_minus")
    assert says(found) == ("differs", "differs", "differs")
    assert str(found.residual) == "2*A_lam*(length(w) - length(l))"
    common, equal = found.relations
    assert common.kind == COMMON
    assert {"A_lam": "0", "B_lam": "0"}.items() <= texts(common.changes.values).items()
    assert (equal.kind, equal.changes.where) == (SAME, "equal lengths")


@pytest.mark.slow
def test_the_sign_of_a_real_parameter_is_a_substitution():
    """R-DPO ships with α̃ of either sign: α̃ = −λ is in its domain, λ = −α̃ is not in that of λ."""
    found = diff("r_dpo_minus", "r_dpo")
    assert found.closest.kind == SPECIAL_LEFT
    assert texts(found.closest.changes.values)["B_alpha_tilde"] == "-A_lam"


@pytest.mark.slow
def test_sppo_is_not_dpo_and_is_half_an_ipo_and_a_square():
    """(u − 1/2β)² + (v + 1/2β)² = u² + v² − (u − v)/β + 1/(2β²) and, as u² + v² is
    ½(u − v)² + ½(u + v)², it is ½(u − v − 1/β)² + ½(u + v)²: IPO's τ is β/2."""
    assert diff("sppo_hard", "dpo").verdict == "differs"
    assert diff("sppo_hard", "ipo_sums").verdict == "differs"
    found = diff("sppo_hard", "half_ipo")
    assert found.verdict == "same up to"
    assert texts(found.closest.changes.values) == {"B_tau": "A_beta/2"}


def test_cpo_is_dpo_with_one_in_the_place_of_the_reference():
    """Which is not DPO itself: with π_ref(y_w) ≠ π_ref(y_l) they differ."""
    found = diff("cpo_pairwise", "dpo")
    assert (found.verdict, found.closest.kind) == ("differs", WITH_ONE)
    assert found.closest.changes.models == {"B": {"ref": "1"}}
    said = Words.of(found).relation(found.closest)
    assert "with 1 in the place of B's π_ref: of what B becomes by that, not of B" in said


def test_cpo_is_not_dpo_with_a_reference_that_is_uniform_over_tokens():
    """log ref = −|y| log V, so that α log V (|y_w| − |y_l|) stays."""
    found = diff("uniform_tokens", "cpo_pairwise")
    assert found.value.says == "differs"
    assert str(found.residual) == "A_alpha*A_v*(length(w) - length(l))"
    assert [each.changes.where for each in found.relations] == ["equal lengths"]


@pytest.mark.slow
def test_orpo_is_not_cpo():
    assert diff("cpo", "orpo").verdict == "differs"


@pytest.mark.slow
def test_dice_is_dpo_up_to_the_frozen_model():
    found = diff("dpo", "dice")
    assert (found.verdict, found.closest.kind) == ("same up to", UP_TO)
    assert found.closest.changes.models == {"A": {"ref": "prev"}}
    assert texts(found.closest.changes.values) == {"B_alpha": "A_alpha"}


@pytest.mark.slow
def test_ln_dpo_is_dpo_at_length_one():
    """And at equal lengths n, with α/n."""
    found = diff("ln_dpo", "dpo")
    equal, one = found.relations
    assert texts(equal.changes.values) == {"B_alpha": "A_alpha/length(w)"}
    assert (one.changes.where, texts(one.changes.values)) == ("one token", {"B_alpha": "A_alpha"})


@pytest.mark.slow
def test_hinges_with_a_margin_or_a_scale():
    """max(0, δ − a) = δ max(0, 1 − a/δ): the factor is δ and the scale 1/δ."""
    found = diff("hinge_slic", "hinge_rso")
    assert (found.verdict, str(found.closest.factor)) == ("same up to", "A_delta")
    assert texts(found.closest.changes.values) == {"B_beta": "1/A_delta"}
    assert says(found) == ("same", "same", "differs")  # the rewards are lr and lr/δ


@pytest.mark.slow
def test_one_argument_under_two_links():
    """IPO's argument is that of DPO over α."""
    found = diff("ipo_sums", "dpo")
    assert (found.verdict, found.closest.kind) == ("differs", LINK)
    assert str(found.closest.factor) == "1/B_alpha"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("one", "other", "kind", "values"),
    [
        ("dpo", "centropy", SPECIAL_LEFT, {"B_eta": "1"}),
        ("centropy", "dpo", SPECIAL_RIGHT, {"A_eta": "1"}),
        ("r_dpo", "dpo", SPECIAL_RIGHT, {"A_alpha_tilde": "0"}),
        ("dpo", "sparsepo", SPECIAL_LEFT, {"B_mu1": "1", "B_mu2": "0"}),
        ("sparsepo", "tdpo", SPECIAL_RIGHT, {"A_mu1": "1", "A_mu2": "1"}),
        ("r_dpo", "tdpo2", COMMON, {"A_alpha_tilde": "0", "B_alpha2": "0"}),
        # τ/η = 1 leaves lr and 1 − τ/η = 0 no previous model; the square has 1/(2η) = 1/(2τ)
        ("inpo", "ipo_sums", SPECIAL_RIGHT, {"A_tau": "B_tau", "A_eta": "B_tau"}),
    ],
)
def test_special_cases(one, other, kind, values):
    found = diff(one, other)
    assert (found.verdict, found.closest.kind) == ("same on a subset", kind)
    assert values.items() <= texts(found.closest.changes.values).items()


@pytest.mark.slow
def test_a_stop_gradient_shows_in_the_gradient_alone():
    """TDPO₂ at α₂ = 1 has TDPO's value, and holds the chosen divergence still."""
    relation = diff("tdpo2", "tdpo").closest
    assert texts(relation.changes.values)["A_alpha2"] == "1"
    assert (relation.value.says, relation.gradient.says) == ("same", "differs")


def test_a_constant_makes_no_difference_to_the_gradient(tmp_path):
    """Plus log π_ref(y_w): another value at each pair, and no factor or offset; the same slopes."""
    text = spec("dpo").read_text(encoding="utf-8")
    text = text[: text.index("[[claim]]")]
    path = tmp_path / "more.toml"
    path.write_text(
        f'{text}\nplus = "log(ref(w))"\n'.replace("[prior]", '[prior]\ngives = "terms"')
    )
    found = midpo_sym.diff("dpo", path)
    assert (found.value.says, found.gradient.says) == ("differs", "same")


def test_a_divisor_that_may_be_zero_is_a_condition(tmp_path):
    """α lr − γ = β (lr − ρ) at β = α, ρ = γ/α: but for α = 0, where −γ is no β (lr − ρ). The other
    way it is α = β, γ = β ρ, and nothing is divided by: the second is a case of the first."""
    lr = "log(pi(w)/ref(w)) - log(pi(l)/ref(l))"
    texts_ = [f"alpha*({lr}) - gamma", f"beta*({lr} - rho)"]
    paths = []
    for names, argument in zip((("alpha", "gamma"), ("beta", "rho")), texts_, strict=True):
        rows = "\n".join(f'{name} = {{ domain = "real", meaning = "m" }}' for name in names)
        path = tmp_path / f"{names[0]}.toml"
        path.write_text(
            f'title = "t"\nsummary = "s"\n[parameters]\n{rows}\n[prior]\nzeta = "ref(y)"\n'
            f'scale = "1"\n[loss]\nargument = "{argument}"\n'
        )
        paths.append(path)
    found = midpo_sym.diff(*paths)
    assert found.closest.kind == SPECIAL_RIGHT
    assert texts(found.closest.changes.values) == {"A_alpha": "B_beta", "A_gamma": "B_beta*B_rho"}
    assert found.closest.value.conditions == ()


def test_a_parameter_that_is_of_no_effect_is_no_difference(tmp_path):
    """DPO with γ − γ added is DPO, whatever γ is."""
    text = spec("ln_dpo").read_text(encoding="utf-8")
    more = text.replace("[prior]", 'gamma = { domain = "real", meaning = "m" }\n[prior]')
    path = tmp_path / "more.toml"
    path.write_text(more.replace('argument = "', 'argument = "gamma - gamma + '))
    found = midpo_sym.diff(spec("ln_dpo"), path)
    assert found.verdict in ("same", "same up to")


def test_a_comparison_is_shown_in_a_notebook_and_goes_on_in_sympy():
    found = midpo_sym.diff("dpo", "centropy")
    assert repr(found) == "<Comparison dpo, centropy: same on a subset>"
    assert found._repr_latex_().startswith(r"$\displaystyle \textbf{same on a subset}")
    assert r"\alpha}_{\mathrm{A}}" in found._repr_latex_()
    assert {str(each) for each in found.to_sympy().free_symbols} >= {"A_alpha", "B_eta"}


def test_some_weights_are_the_same_and_others_numbers(tmp_path):
    """SparsePO without its divergences is SparsePO at μ₂ = 0, its μ₁ being the same."""
    path = tmp_path / "masked.toml"
    path.write_text(
        'title = "t"\nsummary = "s"\n'
        '[parameters]\nalpha = { domain = "positive", meaning = "m" }\n'
        '[weights]\nmu1 = { domain = "nonnegative", meaning = "m" }\n[prior]\nzeta = "ref(y)"\n'
        '[loss]\nargument = "alpha*(sum_t(mu1(w, t)*log(pi(w, t)/ref(w, t)))'
        ' - sum_t(mu1(l, t)*log(pi(l, t)/ref(l, t))))"\n'
    )
    found = midpo_sym.diff(path, "sparsepo")
    assert found.closest.kind == SPECIAL_LEFT
    assert found.closest.changes.names == {"B_mu1": "A_mu1"}
    assert texts(found.closest.changes.values) == {"B_alpha": "A_alpha", "B_mu2": "0"}
