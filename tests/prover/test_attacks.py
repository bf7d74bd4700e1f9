"""Statements made to fool the prover: none of them may be shown as proved without a word."""

from __future__ import annotations

import pytest
from generators.trees.words import loss

from midpo_sym.judges import random_models
from midpo_sym.kernel.forms import ZeroDenominatorError
from midpo_sym.kernel.theorem import Answer, decide, decide_gradient
from midpo_sym.language import tree
from midpo_sym.language.build import log, parameter, pi, ref
from midpo_sym.language.printing.text import to_text
from midpo_sym.language.substitute import resolve_labels
from midpo_sym.prover.prove import prove_derivation
from midpo_sym.prover.verdict import LABELS_ASSUMPTION, Proved, Refuted, Status
from midpo_sym.spec.errors import SpecError
from midpo_sym.spec.reading.losses import loads

HEAD = """
title = "x"
summary = "x"
[parameters]
alpha = { domain = "positive", meaning = "scale" }
"""


def prove(zeta, argument, more="", scale="alpha"):
    text = f'{HEAD}{more}\n[prior]\nzeta = "{zeta}"\nscale = "{scale}"\n'
    text += f'[loss]\nargument = "{argument}"\n'
    (result,) = prove_derivation(loads(text, "x.toml"))
    return result


DPO = "alpha*log(pi(w)/ref(w)) - alpha*log(pi(l)/ref(l))"


@pytest.mark.parametrize(
    ("more", "zeta", "scale"),
    [
        ('[definitions]\nD = { is = "log(pi(w)/ref(l))" }', "ref(y)*exp(by_label(D, 0))", "alpha"),
        (
            '[definitions]\nD = { is = "length(w)" }\nE = { of = "y", is = "D*length(y)" }',
            "ref(y)*exp(E(y))",
            "alpha",
        ),
        ('[definitions]\nD = { is = "length(w)" }', "ref(y)", "alpha*D"),
        ('[definitions]\nD = { is = "length(w)" }', "ref(y)*exp(sum_t(D))", "alpha"),
    ],
    ids=["prior", "definition of y", "scale", "sum in a prior"],
)
def test_a_prior_cannot_know_the_pair(more, zeta, scale):
    """A prior that may look at both responses gives any loss: with ζ(w) = π(w)/exp(m/α) and
    ζ(l) = π(l) the framework is m, whatever m is. A definition of w and l must not bring it in."""
    with pytest.raises(SpecError, match="speaks of"):
        prove(zeta, f"{DPO} + 0*D", more, scale)


def test_the_prior_that_knows_the_label_is_found_out():
    """A weight called omega_chosen is not the chosen value of omega: at w the prior is
    exp Σ omega, at l exp Σ omega_chosen, which differ, so that the label is assumed to be known."""
    more = (
        '[weights]\nomega = { domain = "real", by_label = true, meaning = "m" }\n'
        'omega_chosen = { domain = "real", meaning = "m" }'
    )
    result = prove(
        "exp(sum_t(by_label(omega(y, t), omega_chosen(y, t))))",
        "alpha*log(pi(w)) - alpha*log(pi(l)) - alpha*sum_t(omega(w, t))"
        " + alpha*sum_t(omega_chosen(l, t))",
        more,
    )
    assert isinstance(result.verdict, Proved)
    assert result.verdict.assumptions == (LABELS_ASSUMPTION,)
    assert result.properties.prior_depends_on_label


def test_labels_resolve_to_names_of_their_own():
    """The two values of a weight by label are told apart, and from every declared name."""
    names = {resolve_labels(tree.Weight("omega", response, "real", True)).name for response in "wl"}
    assert len(names) == 2
    assert all(name.startswith("_") for name in names)


def test_a_condition_about_an_opaque_atom_is_said_as_it_was_written():
    """ζ = ref^(1/log π) gives the loss where log π ≠ 0: a condition that has to be assumed."""
    zeta = "ref({0})**(1/log(pi({0})))"
    argument = " - ".join(f"alpha*log(pi({r})/{zeta.format(r)})" for r in "wl")
    result = prove(zeta.format("y"), argument)
    assert isinstance(result.verdict, Proved)
    said = {to_text(each.expression): each.given_by for each in result.verdict.conditions}
    assert said == {"log(pi(l))": "", "log(pi(w))": ""}


def test_a_hidden_zero_denominator_is_said():
    """max(α, α) − α is zero, which the kernel cannot see: x/x of it must not be proved to be 1."""
    zero = "(max(alpha, alpha) - alpha)"
    with pytest.raises(ZeroDenominatorError):
        prove("ref(y)", f"{DPO}*{zero}/{zero}")


def test_lengths_that_coincide_are_passed_over():
    """1/(|y_w| − |y_l|) − 1/(|y_w| − |y_l|) is 0 on the condition that the lengths differ."""
    extra = "1/(length(w) - length(l))"
    result = prove("ref(y)", f"{DPO} + {extra} - {extra}")
    assert isinstance(result.verdict, Proved)
    (condition,) = result.verdict.conditions
    assert condition.expression == loss("length(w) - length(l)")
    assert condition.given_by == ""


@pytest.mark.slow
def test_lengths_that_coincide_do_not_stop_the_numbers():
    """Where every point divides by zero nothing is said; where one does not, that one counts."""
    apart = loss("1/(length(w) - length(l))")
    assert random_models.compare(apart, apart).values_agree
    assert not random_models.compare(apart, loss("2/(length(w) - length(l))")).values_agree
    with pytest.raises(ZeroDivisionError):
        random_models.compare(loss("1/(max(gamma, gamma) - gamma)"), loss("0"))


def test_cures_respect_the_domain():
    """MI-DPO with α against −log-ratios leaves (α + 1) m, which vanishes at α = −1 only."""
    result = prove("ref(y)", "-log(pi(w)/ref(w)) + log(pi(l)/ref(l))")
    assert isinstance(result.verdict, Refuted)
    assert result.verdict.cures == ()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("domain", "value", "allowed"),
    [
        ("real", "-1", True),
        ("nonnegative", "-1", False),
        ("nonnegative", "2", True),
        ("positive", "2", True),
        ("unit", "2", False),
        ("unit", "1/2", True),
        ("unit", "0", True),
        ("positive", "0", False),
        ("nonnegative", "0", True),
        ("unit", "-1", False),
        ("real", "alpha", True),
        ("real", "-alpha", True),
        ("positive", "alpha", True),
        ("positive", "-alpha", False),
        ("nonnegative", "alpha", True),
        ("unit", "alpha", False),
    ],
)
def test_cures_by_domain(domain, value, allowed):
    """A residual p − v vanishes at p = v, which is a cure if p may have that value."""
    more = f'p = {{ domain = "{domain}", meaning = "m" }}'
    result = prove("ref(y)", f"{DPO} - (p - ({value}))", more)
    assert isinstance(result.verdict, Refuted)
    cures = [cure for cure in result.verdict.cures if cure.parameter == "p"]
    assert bool(cures) == allowed


def test_the_sign_of_a_logarithm_is_not_lost():
    """log of a quotient upside down is the negative, and never the same."""
    result = prove("1/ref(y)", DPO)
    assert result.verdict.status is Status.REFUTED
    assert decide(log(pi("w") / ref("w")), -log(ref("w") / pi("w"))).answer is Answer.EQUAL


def test_a_stop_gradient_in_a_shared_factor():
    """sg(a) b + a sg(b) has the gradient of a b, and twice its value at sg: not equal values."""
    a, b = "log(pi(w, t))", "kl_ref_pi(w, t)"
    split = loss(f"sum_t(sg({a})*{b} + {a}*sg({b}))")
    joint = loss(f"sum_t({a}*{b})")
    assert decide_gradient(split, joint).answer is Answer.EQUAL
    assert decide(split, joint).answer is Answer.UNEQUAL


def test_a_frozen_atom_inside_an_opaque_one_is_constant():
    """max(0, sg(a)) has no gradient, max(0, a) has; their values are the same."""
    frozen, free = loss("max(0, sg(log(pi(w))))"), loss("max(0, log(pi(w)))")
    assert decide(frozen, free).answer is Answer.EQUAL
    assert decide_gradient(frozen, loss("0")).answer is Answer.EQUAL
    assert decide_gradient(frozen, free).answer is not Answer.EQUAL
    half = loss("max(0, sg(log(pi(w))) + log(pi(l)))")
    assert decide_gradient(half, loss("max(0, log(pi(w)) + log(pi(l)))")).answer is Answer.UNKNOWN


def test_opaque_arguments_keep_their_order_and_number():
    """max is symmetric, but max(a, b) is not max(a + b, 0), nor log of a list of arguments."""
    assert decide(loss("max(gamma, eta)"), loss("max(gamma + eta, 0)")).answer is Answer.UNKNOWN
    three = loss("max(max(gamma, eta), rho)")
    assert decide(three, loss("max(gamma, max(eta, rho))")).answer is Answer.EQUAL
    assert decide(three, loss("max(gamma, eta + rho)")).answer is Answer.UNKNOWN


@pytest.mark.slow
def test_opaque_atoms_tell_responses_and_coefficients_apart():
    """exp Σ_w a, exp Σ_l a, exp 2 Σ_w a and exp ½ Σ_w a are four different atoms."""
    texts = [
        "exp(sum_t(mu(w, t)))",
        "exp(sum_t(mu(l, t)))",
        "exp(2*sum_t(mu(w, t)))",
        "exp(sum_t(mu(w, t))/2)",
        "exp(sum_t(mu(w, t)**2))",
        "exp(sum_t(1/nu(w, t)))",
        "exp(sum_t(nu(w, t)))",
        "exp(gamma)",
        "exp(gamma + sum_t(mu(w, t)))",
        "exp(length(w))",
        "exp(length(l))",
    ]
    for k, one in enumerate(texts):
        for other in texts[:k]:
            assert decide(loss(one), loss(other)).answer is Answer.UNKNOWN, (one, other)


def test_parameters_of_one_name_in_two_places():
    """x stands for one number wherever it stands: x − x is 0 under a sum as well."""
    x = parameter("x")
    assert decide(tree.TokenSum("w", x - x), tree.Number(0)).answer is Answer.EQUAL


@pytest.mark.slow
def test_a_very_small_difference_is_seen():
    """10^−60 is far below the 40 digits of the first look; the second has 800."""
    result = prove("ref(y)", f"{DPO} + (1/10)**60")
    assert isinstance(result.verdict, Refuted)
    assert decide(result.residual, loss("-(1/10)**60")).answer is Answer.EQUAL
    (numbers,) = (each for each in result.opinions if (each.judge, each.of) == ("numbers", "value"))
    assert "800 digits" in numbers.detail
