"""The losses on tables: the paper's formulas token by token, and SciPy's minima."""

import numpy as np
import pytest
from scipy.optimize import check_grad, minimize

from midpo_sym.lab import problems
from midpo_sym.lab.answers import answers
from midpo_sym.lab.loss import (
    PriorSet,
    families,
    gap_of_learned,
    preference_loss,
    with_free_prior,
    with_learned_prior,
    with_prior,
)
from midpo_sym.lab.minimise import minimise
from midpo_sym.lab.policies import log_policy, tokens
from midpo_sym.lab.priors import PARAMETERS, SCALE, expressible, priors

PROBLEM = problems(3, 1, 2)[0]
BY_REWARD = next(each for each in problems(3, 0, 2) if each.labels == "by reward")
TREE = PROBLEM.answers
PREVIOUS = np.random.default_rng(5).standard_normal(PROBLEM.reference.shape)
PRIORS = priors(PROBLEM, PREVIOUS, expressible())
ETA, MARGIN, LENGTH_PENALTY = (PARAMETERS[name] for name in ("eta", "gamma", "alpha_tilde"))
LABEL_FREE = ("dpo", "dice", "centropy", "r_dpo", "tdpo")
ALL = (*LABEL_FREE, "simpo", "tis_dpo", "sparsepo")


def next_token(policy, prefix):
    """Return the next-token distribution after a prefix, by adding up answers."""
    shares = {}
    for name, probability in zip(TREE.names, policy, strict=True):
        if name.startswith(prefix) and len(name) > len(prefix):
            token = name[len(prefix)]
            shares[token] = shares.get(token, 0) + probability
    total = sum(shares.values())
    return {token: share / total for token, share in shares.items()}


def divergence(first, second):
    return sum(p * np.log(p / second[token]) for token, p in first.items())


def edge_weights(values):
    """Name the entries of an array over edges, which are sorted by prefix, then token."""
    edges = sorted({(name[:t], name[t]) for name in TREE.names for t in range(len(name))})
    return dict(zip(edges, values, strict=True))


def margin(algorithm, tables, w, l):  # noqa: E741
    """Return the argument of the algorithm's log-sigmoid, as the paper prints it."""
    policy, reference, previous = tables

    def log_ratio(name, below=reference):
        at = TREE.names.index(name)
        return np.log(policy[at]) - np.log(below[at])

    def over_tokens(name, term):
        return sum(term(name[:t], name[t]) for t in range(len(name)))

    def ratio(prefix, token):
        return np.log(next_token(policy, prefix)[token] / next_token(reference, prefix)[token])

    def forward(prefix):
        return divergence(next_token(reference, prefix), next_token(policy, prefix))

    def reverse(prefix):
        return divergence(next_token(policy, prefix), next_token(reference, prefix))

    def log(name, table):
        return np.log(table[TREE.names.index(name)])

    match algorithm:
        case "dpo":
            return SCALE * (log_ratio(w) - log_ratio(l))
        case "dice":
            return SCALE * (log_ratio(w, previous) - log_ratio(l, previous))
        case "centropy":
            return SCALE * (
                ETA * log(w, policy) - log(w, reference) - ETA * log(l, policy) + log(l, reference)
            )
        case "simpo":
            return SCALE * (log(w, policy) / len(w) - log(l, policy) / len(l)) - MARGIN
        case "r_dpo":
            return SCALE * (log_ratio(w) - log_ratio(l)) + LENGTH_PENALTY * (len(w) - len(l))
        case "tdpo":
            delta = over_tokens(l, lambda s, _: forward(s)) - over_tokens(
                w, lambda s, _: forward(s)
            )
            return SCALE * (log_ratio(w) - log_ratio(l)) - SCALE * delta
        case "tis_dpo":
            of_w, of_l = (edge_weights(each) for each in PROBLEM.weights)
            u = over_tokens(w, lambda s, t: of_w[s, t] * ratio(s, t))
            u -= over_tokens(l, lambda s, t: of_l[s, t] * ratio(s, t))
            eta = over_tokens(w, lambda s, t: of_w[s, t] * reverse(s))
            eta -= over_tokens(l, lambda s, t: of_l[s, t] * reverse(s))
            return SCALE * (u - eta)
        case "sparsepo":
            one, two = (edge_weights(each) for each in PROBLEM.masks)
            u = over_tokens(w, lambda s, t: one[s, t] * ratio(s, t))
            u -= over_tokens(l, lambda s, t: one[s, t] * ratio(s, t))
            delta = over_tokens(l, lambda s, t: two[s, t] * forward(s))
            delta -= over_tokens(w, lambda s, t: two[s, t] * forward(s))
            return SCALE * (u - delta)
    raise AssertionError(algorithm)


@pytest.mark.parametrize("algorithm", ALL)
def test_each_loss_is_the_one_the_paper_prints(algorithm):
    """Next-token probabilities by adding up answers, divergences by their definition, in loops."""
    logits = np.random.default_rng(8).standard_normal(PROBLEM.reference.shape)
    policies, references, previous = (
        np.exp(log_policy(each)) for each in (logits, PROBLEM.reference, PREVIOUS)
    )
    expected = 0.0
    for x, (policy, reference, before) in enumerate(
        zip(policies, references, previous, strict=True)
    ):
        for a, w in enumerate(TREE.names):
            for b, l in enumerate(TREE.names):  # noqa: E741
                if a != b:
                    m = margin(algorithm, (policy, reference, before), w, l)
                    expected += PROBLEM.preferences[x, a, b] * np.log(1 + np.exp(-m))
    scores, _ = PRIORS[algorithm].scores(logits, TREE)
    value, _ = preference_loss(scores, PROBLEM.preferences)
    assert value == pytest.approx(expected, rel=1e-12)


def test_the_tree_of_two_tokens_by_hand():
    """Two letters, two tokens: ∎, a∎, b∎ and aa, ab, ba, bb; lengths 1 and 2."""
    tree = answers("ab", 2)
    assert tree.names == ("∎", "a∎", "b∎", "aa", "ab", "ba", "bb")
    assert tree.lengths.tolist() == [1, 2, 2, 2, 2, 2, 2]
    assert tree.on_path.shape == (7, 9)
    assert tree.on_path.sum(axis=1).tolist() == tree.lengths.tolist()
    assert tree.edges_of.sum(axis=1).tolist() == [3, 3, 3]


def test_next_token_probabilities_multiply_to_the_answer():
    logits = np.random.default_rng(1).standard_normal((2, 7))
    here = tokens(logits, TREE)
    assert here.log @ TREE.on_path.T == pytest.approx(log_policy(logits))
    assert np.exp(here.log) @ TREE.edges_of.T == pytest.approx(np.ones((2, 3)))


def values_of(objective):
    return lambda point: float(objective(point[None])[0][0])


def gradient_of(objective):
    return lambda point: objective(point[None])[1][0]


OBJECTIVES = {
    **{
        f"{name}, {family.name}": (with_prior(PROBLEM, family, PRIORS[name]), family.size)
        for name in ALL
        for family in families(PROBLEM)
    },
    **{
        f"learned, shared {shared}": (
            with_learned_prior(PROBLEM, families(PROBLEM)[0], PriorSet(shared, 0.02)),
            3 + 7 * (1 if shared else 3),
        )
        for shared in (True, False)
    },
    **{
        f"free, by label {by_label}": (
            with_free_prior(PROBLEM, by_label=by_label),
            21 * (2 if by_label else 1),
        )
        for by_label in (True, False)
    },
}


@pytest.mark.parametrize("name", OBJECTIVES)
def test_gradients_are_those_of_finite_differences(name):
    objective, size = OBJECTIVES[name]
    point = np.random.default_rng(2).standard_normal(size)
    assert check_grad(values_of(objective), gradient_of(objective), point) < 1e-6


@pytest.mark.slow
@pytest.mark.parametrize("name", [*ALL])
def test_scipy_finds_no_lower_loss(name):
    """L-BFGS from the same start ends at the same loss, in the class of log-linear policies."""
    objective, size = OBJECTIVES[f"{name}, log-linear"]
    ours = minimise(objective, np.zeros(size))
    theirs = minimize(
        values_of(objective),
        np.zeros(size),
        jac=gradient_of(objective),
        method="L-BFGS-B",
        options={"ftol": 0, "gtol": 1e-10},
    )
    assert ours.converged
    assert ours.value == pytest.approx(theirs.fun, abs=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("shared", [True, False])
def test_scipy_finds_the_same_learned_prior(shared):
    """SLSQP on log ζ itself, with Σ ζ = 1 and ζ ≥ floor as constraints, not as a softmax."""
    floor, family = 0.02, families(PROBLEM)[0]
    among = PriorSet(shared, floor)
    count = 1 if shared else 3

    def loss(point):
        scores = family.logits(point[:3]) - point[3:].reshape(count, 7)
        return float(preference_loss(np.stack([scores, scores]), PROBLEM.preferences)[0])

    theirs = minimize(
        loss,
        np.concatenate([np.zeros(3), np.full(7 * count, -np.log(7))]),
        method="SLSQP",
        bounds=[(None, None)] * 3 + [(np.log(floor), 0)] * (7 * count),
        constraints={
            "type": "eq",
            "fun": lambda point: np.exp(point[3:].reshape(count, 7)).sum(axis=1) - 1,
        },
        options={"ftol": 1e-13, "maxiter": 500},
    )
    objective = with_learned_prior(PROBLEM, family, among)
    ours = minimise(objective, np.zeros(3 + 7 * count))
    assert ours.value == pytest.approx(theirs.fun, abs=1e-6)
    gap = gap_of_learned(PROBLEM, family, among, ours.point)
    assert 0 <= gap < 1e-7


def test_the_gap_of_a_prior_that_is_not_best_covers_the_difference():
    """At θ and ζ elsewhere, with the gradient by θ gone, loss − gap is no more than the minimum."""
    family, among = families(PROBLEM)[0], PriorSet(shared=True, floor=0.02)
    best = minimise(with_learned_prior(PROBLEM, family, among), np.zeros(10))
    for seed in range(5):
        free = np.random.default_rng(seed).standard_normal(7)
        joint = with_learned_prior(PROBLEM, family, among)

        def alone(points, free=free, joint=joint):
            whole = np.concatenate([points, np.broadcast_to(free, (len(points), 7))], axis=1)
            values, gradients = joint(whole)
            return values, gradients[:, :3]

        end = minimise(alone, np.zeros(3))
        point = np.concatenate([end.point, free])
        assert end.value - gap_of_learned(PROBLEM, family, among, point) <= best.value + 1e-12
        assert end.value > best.value


@pytest.mark.parametrize("name", LABEL_FREE)
def test_with_every_policy_a_prior_changes_nothing(name):
    """A table can make any scores, so the least loss is the mean entropy of the labels.

    Each pair is labelled a ≻ b with probability p = σ(r(a) − r(b)), and −p log σ(m) −
    (1 − p) log σ(−m) is least at σ(m) = p, where it is the entropy of a coin of p.
    """
    objective, size = OBJECTIVES[f"{name}, tabular"]
    margins = PROBLEM.reward[:, :, None] - PROBLEM.reward[:, None, :]
    p = 1 / (1 + np.exp(-margins))
    entropies = -p * np.log(p) - (1 - p) * np.log(1 - p)
    pairs = ~np.eye(7, dtype=bool)
    expected = entropies[:, pairs].mean()
    assert minimise(objective, np.zeros(size)).value == pytest.approx(expected, abs=1e-10)
    free, _ = OBJECTIVES["free, by label False"]
    assert minimise(free, np.zeros(21)).value == pytest.approx(expected, abs=1e-10)


def test_labels_without_a_cycle_let_a_free_prior_run_to_zero():
    """No policy is trained: log ζ falling steeply enough along the order makes any margin."""
    end = minimise(with_free_prior(BY_REWARD, by_label=False), np.zeros(21))
    assert end.ran_to_zero
    assert end.value < 1e-8


def test_a_flipped_pair_keeps_a_free_prior_from_zero():
    """Its two margins are m and −m: (log(1 + e^−m) + log(1 + e^m))/2 is least, log 2, at m = 0."""
    preferences = np.array([[[0, 0.5], [0.5, 0]]])
    scores = np.random.default_rng(0).standard_normal((50, 1, 2))
    values, _ = preference_loss(np.stack([scores, scores]), preferences)
    assert (values >= np.log(2)).all()


@pytest.mark.slow
def test_labels_known_to_the_prior_always_let_it_run_to_zero():
    end = minimise(with_free_prior(PROBLEM, by_label=True), np.zeros(42))
    assert end.ran_to_zero


def test_margins_of_any_size_have_a_loss():
    """−log σ(−800) is 800, of 800 it is e^−800, which is 0 in double precision; slopes −1 and 0."""
    scores = np.array([[[0.0, 1600.0]], [[0.0, 1600.0]]])
    one_way = np.array([[[0.0, 1.0], [0.0, 0.0]]])
    value, slopes = preference_loss(scores, one_way)
    assert value == pytest.approx(800)
    assert slopes[0].tolist() == [[-0.5, 0]]
    value, slopes = preference_loss(scores, one_way.swapaxes(1, 2))
    assert value == 0
    assert not slopes.any()
