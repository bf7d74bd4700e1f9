"""The exact evaluation on a language model small enough for paper, and the search over many."""

from __future__ import annotations

from fractions import Fraction

import pytest
from generators.trees.words import loss
from oracles.trees.independent import STEP, WitnessPoint, confirms, in_logs
from oracles.trees.independent import evaluate as evaluate_apart

from midpo_sym.judges import tiny, witness
from midpo_sym.judges.exact import InexactError
from midpo_sym.judges.tiny import END, VOCABULARY, TinyModels
from midpo_sym.judges.witness import evaluate
from midpo_sym.language import tree
from midpo_sym.language.build import (
    exp,
    kl_pi_ref,
    kl_ref_pi,
    length,
    log,
    maximum,
    parameter,
    pi,
    prod_t,
    ref,
    sg,
    statistic,
    sum_t,
    weight,
)

# y_w = a ∎ and y_l = ∎. The probabilities of (a, b, c, ∎), as powers of ½:
#   prompt: π = (½, ¼, ⅛, ⅛), ref = (¼, ½, ⅛, ⅛), prev = (⅛, ⅛, ¼, ½)
#   after a: π = (⅛, ⅛, ½, ¼), ref = (½, ¼, ⅛, ⅛), prev = π
MODELS = TinyModels(
    responses={"w": ("a", END), "l": (END,)},
    powers={
        ("pi", ()): (1, 2, 3, 3),
        ("ref", ()): (2, 1, 3, 3),
        ("prev", ()): (3, 3, 2, 1),
        ("pi", ("a",)): (3, 3, 1, 2),
        ("ref", ("a",)): (1, 2, 3, 3),
        ("prev", ("a",)): (3, 3, 1, 2),
    },
    coordinate=((), 0),
    parameters={"alpha": Fraction(2), "gamma": Fraction(-1, 2)},
    weights={("mu", "w", 0): Fraction(3), ("mu", "w", 1): Fraction(5), ("mu", "l", 0): Fraction(7)},
    factor=1,
)

VALUES = [
    # π(w) = ½ · ¼ = ⅛, ref(w) = ¼ · ⅛ = 1/32, prev(w) = ⅛ · ¼ = 1/32; π(l) = ⅛, prev(l) = ½.
    (log(pi("w")), (0, -3)),
    (log(ref("w")), (0, -5)),
    (log(tree.Probability("prev", "w")), (0, -5)),
    (log(pi("l")), (0, -3)),
    (pi("w"), (Fraction(1, 8),)),
    (pi("w") / ref("w"), (4,)),
    (sum_t("w", log(pi("w", "t"))), (0, -3)),
    (prod_t("w", pi("w", "t")), (Fraction(1, 8),)),
    (length("w") * 10 + length("l"), (21,)),
    # KL(π‖ref) before token 1: ½ log 2 + ¼ log ½ = ¼ log 2, and the same reversed;
    # before token 2: ⅛(−2) + ⅛(−1) + ½(2) + ¼(1) = ⅞ log 2, reversed: ½·2 + ¼·1 − ⅛·2 − ⅛ = ⅞.
    (sum_t("l", kl_pi_ref("l")), (0, Fraction(1, 4))),
    (sum_t("w", kl_pi_ref("w")), (0, Fraction(1, 4) + Fraction(7, 8))),
    (sum_t("w", kl_ref_pi("w")), (0, Fraction(1, 4) + Fraction(7, 8))),
    # KL(ref‖prev) at the prompt: ¼·1 + ½·2 + ⅛(−1) + ⅛(−2) = ⅞, reversed:
    # ⅛(−1) + ⅛(−2) + ¼·1 + ½·2 = ⅞.
    (sum_t("l", statistic("kl_ref_prev", "l")), (0, Fraction(7, 8))),
    # KL(π‖prev) at the prompt: ½·2 + ¼·1 + ⅛(−1) + ⅛(−2) = ⅞.
    (sum_t("l", statistic("kl_pi_prev", "l")), (0, Fraction(7, 8))),
    # Every distribution has ½, ¼, ⅛, ⅛: H = ½·1 + ¼·2 + 2·⅛·3 = 7/4, and ¼ + 1/16 + 2/64 = 11/32.
    (sum_t("w", statistic("entropy", "w")), (0, Fraction(7, 2))),
    (sum_t("w", statistic("sum_of_squares", "w")), (Fraction(11, 16),)),
    (sum_t("w", weight("mu", "w")), (8,)),
    # 3 · (−1) + 5 · (−2) = −13
    (sum_t("w", weight("mu", "w") * log(pi("w", "t"))), (0, -13)),
    (parameter("alpha") * parameter("gamma"), (-1,)),
    (parameter("alpha") ** 3, (8,)),
    (parameter("gamma") ** tree.Neg(tree.Number(2)), (4,)),
    (log(tree.Normaliser()), (0, 1)),
    (tree.Normaliser(), (2,)),
    (exp(log(ref("w")) * parameter("alpha", "positive")), (Fraction(1, 1024),)),
    (maximum(log(pi("w")), log(ref("w"))), (0, -3)),
    (maximum(-3, log(ref("w"))), (-3,)),  # −5 log 2 = −3.47
    (maximum(-4, log(ref("w"))), (0, -5)),
    (log(pi("w")) * log(ref("w")), (0, 0, 15)),
    (sg(log(pi("w"))), (0, -3)),
    (tree.ByLabel("w", tree.Number(1), tree.Number(2)), (1,)),
    (tree.ByLabel("l", tree.Number(1), tree.Number(2)), (2,)),
    (log(pi("w") ** parameter("gamma")), (0, Fraction(3, 2))),
    (tree.Defined("k", "", False, tree.Number(4)), (4,)),
]


@pytest.mark.parametrize(("node", "value"), VALUES)
def test_values(node, value):
    """Each value is worked out by hand from the table of probabilities above."""
    found = evaluate(node, MODELS)
    assert found.value == tuple(Fraction(c) for c in value)
    apart = evaluate_apart(node, WitnessPoint(MODELS))
    assert apart.real == pytest.approx(in_logs(found.value), rel=1e-12)


# ∂ log π(v)/∂z_a at the prompt is 1[v = a] − ½: ½ for the first token of w, −½ for that of l;
# the second token of w comes after another prefix.
SLOPES = [
    (log(pi("w")), (Fraction(1, 2),)),
    (log(pi("l")), (Fraction(-1, 2),)),
    (log(ref("w")), ()),
    (sg(log(pi("w"))), ()),
    (pi("w"), (Fraction(1, 16),)),  # π (log π)' = ⅛ · ½
    # −Σ ref_v (log π_v)' = −(ref_a − π_a) = ½ − ¼
    (sum_t("w", kl_ref_pi("w")), (Fraction(1, 4),)),
    # Σ π_v' (log π_v − log ref_v) with π' = π (1[v = a] − ½) = (¼, −⅛, −1/16, −1/16):
    # ¼ · log 2 − ⅛ · (−log 2) = ⅜ log 2
    (sum_t("l", kl_pi_ref("l")), (0, Fraction(3, 8))),
    (log(pi("w")) ** 2, (0, -3)),  # 2 · (−3 log 2) · ½
    (sg(log(pi("w"))) * log(pi("w")), (0, Fraction(-3, 2))),
    (1 / pi("w"), (-4,)),  # −(1/16)/(1/64)
    (maximum(log(pi("w")), log(ref("w"))), (Fraction(1, 2),)),
    (maximum(log(pi("w")), 0), ()),
]


@pytest.mark.parametrize(("node", "slope"), SLOPES)
def test_slopes(node, slope):
    """Each derivative is worked out by hand, and a complex step gives the same."""
    found = evaluate(node, MODELS)
    assert found.slope == tuple(Fraction(c) for c in slope)
    apart = evaluate_apart(node, WitnessPoint(MODELS)).imag / STEP
    assert apart == pytest.approx(in_logs(found.slope), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    "node", [log(pi("w") + 1), exp(tree.Number(1)), 1 / log(pi("w")), log(tree.Number(3))]
)
def test_inexact_values_are_refused(node):
    """log(9/8), e, 1/(−3 log 2) and log 3 are no polynomials in log 2."""
    with pytest.raises(InexactError):
        evaluate(node, MODELS)


def test_the_search_draws_real_language_models():
    """Every point is one: probabilities sum to 1, prefixes are shared, responses differ and end."""
    found = list(
        tiny._candidates(_names("kl_ref_pi(w, t)*mu(w, t)*omega(w, t)"), 60, 3, ("w", "l"))
    )
    for models in found:
        chosen, rejected = models.responses["w"], models.responses["l"]
        assert chosen != rejected
        for tokens in (chosen, rejected):
            assert tokens[-1] == END
            assert END not in tokens[:-1]
            assert set(tokens) <= set(VOCABULARY)
        assert all(sum(Fraction(1, 2**k) for k in powers) == 1 for powers in models.powers.values())
        prefixes = {tokens[:t] for tokens in (chosen, rejected) for t in range(len(tokens))}
        assert {prefix for _, prefix in models.powers} == prefixes
        assert models.coordinate[0] in prefixes
        # A weight that does not go by label is a function of the prefix and the token.
        if chosen[0] == rejected[0]:
            assert models.weights["mu", "w", 0] == models.weights["mu", "l", 0]
        assert all(value >= 0 for value in models.weights.values())
    assert len({models.responses["w"] for models in found}) > 5
    assert any(
        models.responses["w"][0] == models.responses["l"][0]
        and models.weights["omega", "w", 0] != models.weights["omega", "l", 0]
        for models in found
    )


@pytest.mark.parametrize(("responses", "longest"), [("wl", 1), ("wlopq", 2), ("wlopqrstuv", 7)])
def test_any_number_of_responses_can_be_told_apart(responses, longest):
    """One token and the end make four responses: of five, some are longer."""
    (models,) = tiny.points(loss("log(pi(w))"), tries=1, responses=tuple(responses))
    drawn = [*models.responses.values()]
    assert len(set(drawn)) == len(responses)
    assert max(map(len, drawn)) <= longest + 1


def _names(text):
    node = loss(f"sum_t({text}) + sum_t(({text.replace('(w,', '(l,')}))")
    return tiny._Names.of(node, node)


def test_a_reversed_divergence_is_seen():
    """KL(π‖ref) and KL(ref‖π) differ at a point that the search finds, and at none with
    (½, ¼, ¼), where each is its own reverse."""
    left, right = loss("sum_t(kl_ref_pi(w, t))"), loss("sum_t(kl_pi_ref(w, t))")
    found = witness.search(left, right, tries=50)
    assert confirms(found.value, left, right)


def test_the_search_is_the_same_every_time():
    """The same expressions and seed give the same witness; another seed, another point."""
    left, right = loss("log(pi(w))"), loss("log(ref(w))")
    one, again = (witness.search(left, right, tries=20) for _ in range(2))
    assert one == again
    others = {
        witness.search(left, right, tries=20, seed=seed).value.models.responses["w"]
        for seed in range(8)
    }
    assert len(others) > 1


def test_no_witness_against_a_truth():
    """log π(w) = Σ_t log π(w, t) has none, at every one of 60 points, of value or gradient."""
    found = witness.search(loss("log(pi(w))"), loss("sum_t(log(pi(w, t)))"), tries=60)
    assert (found.points, found.value, found.gradient) == (60, None, None)


def test_a_gradient_witness():
    """log π(w) and sg(log π(w)) have the same values; their derivatives differ at some point."""
    left, right = loss("log(pi(w))"), loss("sg(log(pi(w)))")
    found = witness.search(left, right, tries=60)
    assert found.value is None
    assert found.gradient.of_gradient
    assert found.gradient.right == ()
    assert confirms(found.gradient, left, right)


def test_points_without_exact_values_do_not_count():
    """log(1 + π) is exact nowhere: no point counts, and nothing is claimed."""
    found = witness.search(loss("log(1 + pi(w))"), loss("0"), tries=20)
    assert (found.points, found.value) == (0, None)
