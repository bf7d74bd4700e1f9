"""Specifications as the laboratory reads them, against priors written out by hand."""

import numpy as np
import pytest

from midpo_sym.lab import LabError, Settings, benches, expressible, problems, read_algorithm
from midpo_sym.lab.policies import log_policy, tokens
from midpo_sym.lab.priors import SCALE, prior_of
from midpo_sym.spec import library
from midpo_sym.spec.reading.losses import loads

PROBLEM = problems(3, 1, 2)[0]
TREE = PROBLEM.answers
PATH, LENGTHS = TREE.on_path, TREE.lengths
PREVIOUS = np.random.default_rng(5).standard_normal(PROBLEM.reference.shape)
POLICY = np.random.default_rng(8).standard_normal(PROBLEM.reference.shape)
ALPHA = '[parameters]\nalpha = { domain = "positive", meaning = "scale" }\n'


def specification(tmp_path, zeta, argument, *, more="", scale=""):
    """Return a specification with a prior, and with a loss that is MI-DPO's unless said."""
    text = (
        f'title = "T"\nsummary = "S."\n{ALPHA}{more}\n[prior]\n{scale}zeta = "{zeta}"\n'
        f'[loss]\nargument = "{argument}"\n'
    )
    return loads(text, tmp_path / "variant.toml")


def of_prior(zeta):
    """Return the argument of MI-DPO with a prior, in the words of a specification."""
    chosen, rejected = (zeta.replace("(y", f"({label}") for label in "wl")
    return f"alpha*log(pi(w)/({chosen})) - alpha*log(pi(l)/({rejected}))"


def variant(tmp_path, zeta, **options):
    return specification(tmp_path, zeta, of_prior(zeta), **options)


def scores(algorithm):
    found, _ = prior_of(algorithm, PROBLEM, PREVIOUS).scores(POLICY, TREE)
    return found


def logs(logits):
    """Return log-probability of each answer, and of each of its tokens; 0 off its path."""
    return log_policy(logits), tokens(logits, TREE).log[:, None, :] * PATH


WEIGHT = '[weights]\nmu = { domain = "positive", meaning = "m" }\n'
OWN = 'kappa = { domain = "real", default = "-3/4", meaning = "k" }\n'


def by_length():
    """ζ = ref^(|y|²) prev^κ exp(|y|/4 − κ): neither is a shipped prior; κ = −3/4 by default."""
    (policy, _), (reference, _), (previous, _) = map(logs, (POLICY, PROBLEM.reference, PREVIOUS))
    return policy - LENGTHS**2 * reference + 0.75 * previous - LENGTHS / 4 - 0.75


def by_token():
    """ζ = Π_t (ref_t/3)^(μ_t/|y|): μ has the domain positive, so it is the row of weights."""
    (policy, _), (_, reference) = map(logs, (POLICY, PROBLEM.reference))
    shares = PROBLEM.weights[0] * PATH / LENGTHS[:, None]
    return policy - (shares * (reference - np.log(3) * PATH)).sum(axis=-1)


def by_mean():
    """log ζ = log ref − Σ_t μ_t log ref_t / Σ_t μ_t − log |y|: a quotient of two sums, a log."""
    (policy, _), (whole, reference) = map(logs, (POLICY, PROBLEM.reference))
    weights = PROBLEM.weights[0] * PATH
    mean = (weights * reference).sum(axis=-1) / weights.sum(axis=-1)
    return policy - whole + mean + np.log(LENGTHS)


@pytest.mark.parametrize(
    ("zeta", "more", "expected"),
    [
        ("ref(y)**(length(y)**2)*prev(y)**kappa*exp(length(y)/4 - kappa)", OWN, by_length),
        ("prod_t((ref(y, t)/3)**(mu(y, t)/length(y)))", WEIGHT, by_token),
        (
            "ref(y)/exp(sum_t(mu(y, t)*log(ref(y, t)))/sum_t(mu(y, t)))/length(y)",
            WEIGHT,
            by_mean,
        ),
    ],
)
def test_a_prior_that_nobody_has_written_down_before(tmp_path, zeta, more, expected):
    algorithm = read_algorithm(variant(tmp_path, zeta, more=more))
    assert not algorithm.by_label
    for found in scores(algorithm):
        assert found == pytest.approx(expected(), rel=1e-12)


def after(table, name):
    """Return the statistic of each edge's node, in loops, from log-probabilities of edges."""
    found = np.zeros_like(table["pi"])
    for row, edges in ((x, node > 0) for x in range(len(found)) for node in TREE.edges_of):
        p, q = (np.exp(table[model][row, edges]) for model in ("pi", "prev"))
        value = {
            "entropy": -(p * np.log(p)).sum(),
            "sum_of_squares": (p * p).sum(),
            "kl_prev_pi": (q * np.log(q / p)).sum(),
        }
        found[row, edges] = value[name]
    return found


@pytest.mark.parametrize("name", ["entropy", "sum_of_squares", "kl_prev_pi"])
def test_a_statistic_of_next_token_distributions_is_measured_with_its_derivative(tmp_path, name):
    """ζ = ref exp(Σ_t s_t/3), s by its definition in loops, and central differences."""
    algorithm = read_algorithm(variant(tmp_path, f"ref(y)*exp(sum_t({name}(y, t))/3)"))
    assert not algorithm.linear
    (policy, _), (reference, _) = map(logs, (POLICY, PROBLEM.reference))
    table = {"pi": tokens(POLICY, TREE).log, "prev": tokens(PREVIOUS, TREE).log}
    expected = policy - reference - after(table, name) @ PATH.T / 3
    prior = prior_of(algorithm, PROBLEM, PREVIOUS)
    found, pulled_back = prior.scores(POLICY, TREE)
    for each in found:
        assert each == pytest.approx(expected, rel=1e-12)
    slopes = np.random.default_rng(2).standard_normal(found.shape)
    step = 1e-6 * np.random.default_rng(3).standard_normal(POLICY.shape)
    ahead, behind = (prior.scores(POLICY + sign * step, TREE)[0] for sign in (1, -1))
    difference = ((ahead - behind) * slopes).sum() / 2
    assert (pulled_back(slopes) * step).sum() == pytest.approx(difference, rel=1e-6)


@pytest.mark.slow
def test_a_specification_of_ones_own_is_measured(tmp_path):
    """With the prior 1 the loss is that of the policy alone, which a table takes to DPO's least."""
    own = read_algorithm(variant(tmp_path, "exp(1)"))
    dpo = expressible()[0]
    _, tabular, *_ = benches(Settings(seed=4, count=1, longest=2, floor=0.01), [own, dpo])
    rows = {row.prior: row for row in tabular.rows()}
    assert [name for name, row in rows.items() if row.is_fixed] == ["variant", "dpo"]
    assert rows["variant"].loss == pytest.approx(rows["dpo"].loss, abs=1e-9)
    assert rows["variant"].divergence != pytest.approx(rows["dpo"].divergence, abs=1e-3)


def test_shipped_algorithms_are_those_without_a_stop_gradient():
    """TDPO₂'s authors stop the gradient at the chosen response's divergence; nobody else does."""
    left_out = set(library.paper_ids()) - {each.id for each in expressible()}
    assert left_out == {"tdpo2"}
    with pytest.raises(LabError, match=r"^tdpo2: sg\(K\(w\)\) has a stop-gradient, so that"):
        read_algorithm(library.get("tdpo2"))


def test_a_stop_gradient_at_what_is_not_trained_stops_nothing(tmp_path):
    found = scores(read_algorithm(variant(tmp_path, "sg(ref(y))")))
    assert found == pytest.approx(scores(expressible()[0]), rel=1e-15)


def test_which_losses_are_known_to_be_convex(tmp_path):
    """log π/ζ = m log π(y) + …, with one number m for all answers; else Z(x)^m does not cancel."""
    found = {each.id: each.linear for each in expressible()}
    assert [name for name, linear in found.items() if linear] == [
        *("dpo", "dice", "centropy", "r_dpo"),
    ]
    for zeta, linear in (
        ("pi(y)**(1/3)*ref(y)/exp(length(y)**3)", True),
        ("pi(y)**(1/length(y))*ref(y)", False),
        ("ref(y)*exp(sum_t(kl_pi_ref(y, t)))", False),
    ):
        assert read_algorithm(variant(tmp_path, zeta)).linear is linear
    labelled = "ref(y)*pi(y)**by_label(1/2, 1/3)"
    argument = "alpha/2*log(pi(w)) - 2*alpha/3*log(pi(l)) - alpha*log(ref(w)/ref(l))"
    algorithm = read_algorithm(specification(tmp_path, labelled, argument))
    assert (algorithm.linear, algorithm.by_label) == (False, True)


def test_a_scale_that_is_another_is_refused(tmp_path):
    """Twice α is not the α of all other losses; one that is α in other words is taken."""
    own = "2*alpha*log(pi(w)/ref(w)) - 2*alpha*log(pi(l)/ref(l))"
    twice = specification(tmp_path, "ref(y)", own, scale='scale = "2*alpha"\n')
    with pytest.raises(LabError, match=r"the scale 2\*alpha is 1 here; .* write it as alpha"):
        read_algorithm(twice)
    assert SCALE == 0.5
    scale = 'scale = "alpha*2/2"\n'
    read_algorithm(specification(tmp_path, "ref(y)", of_prior("ref(y)"), scale=scale))


NOT_LINEAR = {
    "exp(sum_t(log(pi(y, t))*kl_ref_pi(y, t)))": "kl_ref_pi(y, t)*log(pi(y, t))",
    "exp(sum_t(log(pi(y, t))**2))*ref(y)": "log(pi(y, t))**2",
    "exp(sum_t(1/(1 + kl_pi_ref(y, t))))": "1/(1 + kl_pi_ref(y, t))",
    "exp(log(pi(y))*log(ref(y)))": "log(pi(y))*log(ref(y))",
    "ref(y)*exp(max(0, log(pi(y))))": "max(0, log(pi(y)))",
    "ref(y) + pi(y)": "log(pi(y)/(ref(y) + pi(y)))",
}


@pytest.mark.parametrize(("zeta", "part"), NOT_LINEAR.items())
def test_what_is_not_linear_is_refused_by_its_part(tmp_path, zeta, part):
    with pytest.raises(LabError) as error:
        read_algorithm(variant(tmp_path, zeta))
    words, _, allowed = str(error.value).partition("; the laboratory takes sums of these")
    assert words.startswith("variant: log(pi/zeta) is not linear in the log-probabilities")
    assert words.endswith(f", because of {part}")
    assert allowed


def test_a_refusal_calls_weights_as_they_are_declared(tmp_path):
    """Inside, a weight of its own for each label has a name of its own for each label."""
    more = '[weights]\nnu = { domain = "positive", by_label = true, meaning = "n" }\n'
    zeta = "ref(y)*exp(max(0, sum_t(nu(y, t)*log(ref(y, t)))))"
    with pytest.raises(LabError, match=r"because of max\(0, sum_t\(nu\(y, t\)\*log\(ref"):
        read_algorithm(variant(tmp_path, zeta, more=more))


def test_a_prior_that_does_not_give_the_loss_is_refused(tmp_path):
    with pytest.raises(LabError, match=r"this \[prior\] is not known to have this \[loss\]"):
        read_algorithm(specification(tmp_path, "ref(y)", of_prior("prev(y)")))


@pytest.mark.parametrize(
    ("zeta", "more", "message"),
    [
        (
            "ref(y)**kappa",
            'kappa = { domain = "real", meaning = "k" }\n',
            "kappa has no value here; .* give it one",
        ),
        (
            "prod_t(ref(y, t)**(mu(y, t)*nu(y, t)))",
            WEIGHT + 'nu = { domain = "real", by_label = true, meaning = "n" }\n',
            "nu is one weight too many; a problem has 2 rows of weights, and one by label takes",
        ),
    ],
)
def test_what_has_no_numbers_is_refused(tmp_path, zeta, more, message):
    with pytest.raises(LabError, match=message):
        read_algorithm(variant(tmp_path, zeta, more=more))


def test_a_factor_that_divides_by_a_mask_of_zero_is_refused(tmp_path):
    assert (PROBLEM.masks == 0).any()
    more = '[weights]\nmu = { domain = "nonnegative", meaning = "m" }\n'
    zeta = "exp(sum_t(log(ref(y, t))/mu(y, t)))"
    algorithm = read_algorithm(variant(tmp_path, zeta, more=more))
    with pytest.raises(LabError, match="the reference has a factor that is not finite"):
        prior_of(algorithm, PROBLEM, PREVIOUS)


@pytest.mark.parametrize("id_", [each.id for each in expressible()])
def test_a_changed_factor_is_a_changed_prior(id_, tmp_path):
    """Each file with prev^(1/7) on its prior, and on its loss: log π/ζ falls by log prev/7."""
    shipped = library.get(id_)
    text = shipped.text.replace('zeta = "', 'zeta = "prev(y)**(1/7)*', 1)
    more = "alpha/7*(log(prev(l)) - log(prev(w))) + "
    text = text.replace('argument = "', f'argument = "{more}', 1)
    other = scores(read_algorithm(loads(text, tmp_path / f"{id_}.toml")))
    before, _ = logs(PREVIOUS)
    right = scores(read_algorithm(shipped))
    assert other == pytest.approx(right - before / 7, rel=1e-10, abs=1e-12)
    assert np.abs(other - right).min() > 1e-3
