"""What Python users call."""

from pathlib import Path

import pytest
import sympy

import midpo_sym


@pytest.mark.slow
def test_a_proof_has_verdict_steps_and_properties():
    result = midpo_sym.prove("simpo")
    assert isinstance(result.verdict, midpo_sym.Proved)
    assert result.verdict.status is midpo_sym.Status.PROVED
    assert result.residual is None
    assert result.witness is None
    assert result.steps.reward
    assert result.properties.prior_depends_on_label
    assert repr(result) == "<Result simpo/section-4: proved, gradient proved>"


def test_a_refutation_has_residual_and_witness():
    results = {each.id: each for each in midpo_sym.check("centropy")}
    refuted = results["centropy/section-4"]
    assert isinstance(refuted.verdict, midpo_sym.Refuted)
    assert refuted.residual is not None
    assert refuted.witness.left != refuted.witness.right
    assert refuted.prior.zeta is not None


@pytest.mark.parametrize("kind", [str, Path])
def test_a_path_is_taken_as_text_or_path(tmp_path, kind):
    text = midpo_sym.derivation("dpo").text
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    assert midpo_sym.prove(kind(path)).derivation.id == "mine"


def test_an_unknown_id_is_a_spec_error():
    with pytest.raises(midpo_sym.SpecError, match="did you mean tdpo"):
        midpo_sym.prove("tdpoo")


def test_the_prior_of_a_loss_is_solved():
    solution = midpo_sym.prior("dpo")
    assert solution.reach is midpo_sym.Reach.RESPONSE


def test_a_result_goes_to_sympy():
    """R-DPO is log-ratios plus α̃ (n_w − n_l): with every probability 1, α̃ at lengths 2 and 1."""
    equation = midpo_sym.prove("r_dpo").to_sympy()
    assert isinstance(equation, sympy.Equality)
    names = {str(symbol) for symbol in equation.rhs.free_symbols}
    assert {"alpha", "alpha_tilde", "n_w", "n_l"} <= names
    certain = equation.rhs.replace(
        lambda e: isinstance(e, sympy.Product), lambda _: sympy.Integer(1)
    )
    symbols = {str(symbol): symbol for symbol in certain.free_symbols}
    lengths = {symbols["n_w"]: 2, symbols["n_l"]: 1}
    assert sympy.expand(certain.subs(lengths)) == symbols["alpha_tilde"]


def test_a_notebook_shows_the_equation():
    latex = midpo_sym.prove("dpo")._repr_latex_()
    assert latex.startswith("$")
    assert latex.endswith("$")
    assert r"\textbf{proved}" in latex
    assert latex.count("{") == latex.count("}")
    assert "proved, gradient refuted" in midpo_sym.prove("tdpo2")._repr_latex_()


@pytest.mark.slow
def test_the_theory_is_derived():
    (split,) = midpo_sym.theory("lemma_1/split")
    assert isinstance(split, midpo_sym.ChainResult)
    assert split.status is midpo_sym.Status.PROVED
    assert len(split.steps) == 6
    assert repr(split) == "<ChainResult lemma_1/split: proved>"
    assert {each.id for each in midpo_sym.theory("baselines")} == {
        "baselines/tdpo",
        "baselines/tis-dpo",
    }
    with pytest.raises(midpo_sym.SpecError, match="did you mean lemma_1"):
        midpo_sym.theory("lemma-1")


def test_a_theory_of_one_s_own_is_taken_from_its_path(tmp_path):
    """Σ_y q(y) is 1 by hypothesis, and not 2."""
    path = tmp_path / "mine.toml"
    text = """
    title = "A theory"
    summary = "One chain."
    [functions]
    q = { of = "y", domain = "positive" }
    [hypotheses]
    sums = { is = "sum(y, q(y)) = 1" }
    [[chain]]
    id = "one"
    title = "It sums to one"
    start = "sum(y, q(y))"
    [[chain.step]]
    rule = "hypothesis"
    to = "TO"
    using = "sums"
    """
    path.write_text(text.replace("TO", "1"), encoding="utf-8")
    (right,) = midpo_sym.theory(path)
    assert right.theorem is not None
    path.write_text(text.replace("TO", "2"), encoding="utf-8")
    (wrong,) = midpo_sym.theory(path)
    assert wrong.theorem is None
    assert wrong.failed_at == 1


@pytest.mark.slow
def test_the_audit_is_computed():
    """Equation 3 has the factor 1/β, so section 2's policy should have βr for r/β."""
    printed, mended = midpo_sym.audit("optimal-policy-section-2", "eq-5")
    assert isinstance(printed, midpo_sym.EntryResult)
    assert printed.judgement.status == "refuted"
    assert printed.repair.status == "proved"
    assert repr(printed) == "<EntryResult optimal-policy-section-2: refuted>"
    assert mended.judgement.status == "proved"
    with pytest.raises(midpo_sym.SpecError, match="did you mean eq-5"):
        midpo_sym.audit("eq5")
