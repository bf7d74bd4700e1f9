"""Numbers given as data, proved and refuted: of a response, of a pair, of a batch."""

import pytest
from oracles.trees import worlds
from oracles.trees.independent import confirms

from midpo_sym.judges.tiny import points
from midpo_sym.kernel.forms import OutsideClassError
from midpo_sym.kernel.theorem import Answer, decide, decide_gradient
from midpo_sym.language import tree
from midpo_sym.language.build import datum, log, parameter, pi, sum_t, weight
from midpo_sym.prover.framework import sides
from midpo_sym.prover.priors.solve import Reach, solve_prior
from midpo_sym.prover.prove import prove_derivation
from midpo_sym.prover.verdict import LABELS_ASSUMPTION, Status
from midpo_sym.spec.reading.losses import loads

HEAD = """\
title = "T"
summary = "S."
[parameters]
alpha = { domain = "positive", meaning = "scale" }
[data]
"""
SCORE = 'score = { of = "y", domain = "real", meaning = "s" }\n'
LABELLED = 'score = { of = "y", domain = "real", by_label = true, meaning = "s" }\n'
MARGIN = 'margin = { of = "pair", domain = "real", meaning = "m" }\n'
DELTA = 'delta = { of = "batch", domain = "real", meaning = "d" }\n'
DPO = "alpha*log(pi(w)/ref(w)) - alpha*log(pi(l)/ref(l))"


def proved(declared, zeta, argument):
    text = f'{HEAD}{declared}[prior]\nzeta = "{zeta}"\n[loss]\nargument = "{argument}"\n'
    (result,) = prove_derivation(loads(text, "one.toml"))
    return result


def check_literally(result):
    """Compare value and gradient of both losses in torch, every formula taken literally."""
    at = worlds.world(result.derivation, 5)
    ours, theirs = (each(result.statement, at) for each in (worlds.mi_dpo, worlds.target))
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-12)
    gradients = [worlds.gradients(each, at) for each in (ours, theirs)]
    assert gradients[0].tolist() == pytest.approx(gradients[1].tolist(), rel=1e-9, abs=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("declared", "zeta", "argument"),
    [
        (SCORE, "ref(y)*exp(-score(y)/alpha)", f"{DPO} + score(w) - score(l)"),
        (SCORE + DELTA, "ref(y)*exp(delta*score(y))", f"{DPO} - alpha*delta*(score(w) - score(l))"),
        (DELTA, "ref(y)*pi(y)**delta", f"{DPO} - delta*alpha*log(pi(w)/pi(l))"),
        (
            SCORE,
            "prod_t(ref(y, t)**score(y))",
            "alpha*(log(pi(w)/pi(l)) - score(w)*sum_t(log(ref(w, t))) + score(l)*log(ref(l)))",
        ),
    ],
)
def test_a_prior_may_know_scores_of_its_response_and_what_is_of_the_batch(declared, zeta, argument):
    result = proved(declared, zeta, argument)
    assert (result.verdict.status, result.gradient.status) == (Status.PROVED,) * 2
    assert LABELS_ASSUMPTION not in result.verdict.assumptions
    check_literally(result)
    solution = solve_prior(result.statement)
    assert solution.reach is Reach.RESPONSE


@pytest.mark.slow
def test_scores_that_each_label_has_of_its_own_are_known_by_the_label():
    result = proved(LABELLED, "ref(y)*exp(-score(y)/alpha)", f"{DPO} + score(w) - score(l)")
    assert result.verdict.status is Status.PROVED
    assert result.verdict.assumptions == (LABELS_ASSUMPTION,)
    assert result.properties.prior_depends_on_label
    check_literally(result)
    solution = solve_prior(result.statement)
    assert (solution.reach, solution.is_needed) == (Reach.LABEL, True)


@pytest.mark.parametrize(
    ("declared", "zeta", "argument"),
    [
        (SCORE, "ref(y)*exp(-score(y)/alpha)", f"{DPO} - score(w) + score(l)"),
        (SCORE, "ref(y)*exp(-score(y)/alpha)", f"{DPO} + score(w) - score(w)"),
        (SCORE + DELTA, "ref(y)*exp(score(y))", f"{DPO} - alpha*delta*(score(w) - score(l))"),
        (MARGIN, "ref(y)", f"{DPO} - margin"),
        (MARGIN + DELTA, "ref(y)*exp(delta)", f"{DPO} - margin*delta"),
    ],
)
def test_what_is_not_so_is_refuted_by_a_point_with_its_data(declared, zeta, argument):
    result = proved(declared, zeta, argument)
    assert result.verdict.status is Status.REFUTED
    assert result.witness is not None
    assert result.witness.models.data
    assert confirms(result.witness, *sides(result.statement))


def test_an_offset_of_the_pair_has_no_prior():
    """ODPO: m(a, b) has a number of its own for each pair, so no sum of g(a) and −g(b) is it."""
    result = proved(MARGIN, "ref(y)", f"{DPO} - margin")
    solution = solve_prior(result.statement)
    assert (solution.reach, solution.zeta) == (Reach.PAIR, None)
    assert set(solution.failure.models.data) == {
        ("margin", pair) for pair in (("a", "b"), ("a", "d"), ("c", "b"), ("c", "d"))
    }


def test_a_margin_on_both_sides_is_no_difference():
    """Under a link of its own the target's term cancels: margin − margin is 0."""
    result = proved(MARGIN, "ref(y)", f"{DPO} + 0*margin")
    assert result.verdict.status is Status.PROVED


def test_no_value_of_a_parameter_is_a_datum():
    """α·δ·η = α·δ·η·score would hold at score = 1, which is nothing to choose."""
    declared = HEAD.replace("[data]", 'eta = { domain = "real", meaning = "e" }\n[data]')
    text = (
        f'{declared}{DELTA}[prior]\nzeta = "ref(y)*pi(y)**delta"\n'
        f'[loss]\nargument = "{DPO} - eta*alpha*log(pi(w)/pi(l))"\n'
    )
    (result,) = prove_derivation(loads(text, "one.toml"))
    assert result.verdict.status is Status.REFUTED
    assert result.verdict.cures == ()


SCORES = [datum("s", each) for each in "wl"]
EQUAL = [
    (SCORES[0] + SCORES[1], SCORES[1] + SCORES[0]),
    (sum_t("w", log(pi("w", "t")) * SCORES[0]), SCORES[0] * log(pi("w"))),
    (sum_t("w", datum("d") * 1), datum("d") * tree.Length("w")),
    (datum("m", "w", "l") * 2, datum("m", "w", "l") + datum("m", "w", "l")),
]
DISTINCT = [
    (SCORES[0], SCORES[1]),
    (datum("m", "w", "l"), datum("m", "l", "w")),
    (datum("d"), parameter("d")),
    (datum("m", "w", "l"), datum("m")),
    (sum_t("w", weight("s", "w")), SCORES[0]),
    (datum("d"), tree.Length("w")),
]


@pytest.mark.parametrize(("left", "right"), EQUAL)
def test_the_kernel_takes_data_for_numbers(left, right):
    assert decide(left, right).answer is Answer.EQUAL
    assert decide_gradient(left, right).answer is Answer.EQUAL


@pytest.mark.parametrize(("left", "right"), DISTINCT)
def test_the_kernel_keeps_data_of_different_things_apart(left, right):
    """They may differ, and have no gradient either of them."""
    assert decide(left, right).answer is Answer.UNEQUAL
    assert decide_gradient(left, right).answer is Answer.EQUAL


@pytest.mark.parametrize("node", [datum("a, b"), datum("s", "w)"), datum("s(w)")])
def test_names_that_could_be_those_of_others_are_refused(node):
    with pytest.raises(OutsideClassError, match="plain word"):
        decide(node, node)


def test_points_have_a_number_for_each_thing_in_its_domain():
    nodes = [datum("s", each, domain="positive") for each in "wl"]
    nodes += [datum("m", "w", "l", domain="nonnegative"), datum("d", domain="unit")]
    found = [each.data for each in points(*nodes, tries=40)]
    assert all(
        set(each) == {("s", ("w",)), ("s", ("l",)), ("m", ("w", "l")), ("d", ())} for each in found
    )
    assert all(each["s", ("w",)] > 0 for each in found)
    assert all(0 <= each["d", ()] <= 1 for each in found)
    assert {each["s", ("w",)] == each["s", ("l",)] for each in found} == {True, False}
