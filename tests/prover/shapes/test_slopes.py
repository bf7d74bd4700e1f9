"""Gradients of terms whose arguments are nothing that MI-DPO has, under the links that they have.

With s(y) = α log π(y)/π_ref(y) and m = s(y_w) − s(y_l), what is expected is worked out by hand. Of
an argument m + γ, which is no ±m for γ > 0: under the identity −(m + γ) and −m have the same
gradient; under (1 − a)² they have −2(1 − m − γ)∇m and −2(1 − m)∇m, which differ by 2γ∇m.
"""

import pytest

from midpo_sym.kernel.theorem import Answer, decide
from midpo_sym.language import tree
from midpo_sym.language.grammar.losses import Scope, parse
from midpo_sym.language.links import LINKS, typed
from midpo_sym.language.objective import Term
from midpo_sym.language.quantities.data import BATCH, PAIR
from midpo_sym.pipeline import Pipeline
from midpo_sym.prover.shapes import slopes
from midpo_sym.prover.shapes.every_anchor import no_anchor_fits
from midpo_sym.prover.verdict import Refuted, Status
from midpo_sym.spec import loads

HEAD = """
title = "t"
summary = "s"
parameters.alpha = { domain = "positive", meaning = "m" }
"""
GAMMA = 'parameters.gamma = { domain = "open unit", meaning = "m" }\n'
W, L = (f"alpha*log(pi({s})/ref({s}))" for s in "wl")
MARGIN = f"{W} - {L}"
PROVED, REFUTED, UNDECIDED = Status.PROVED, Status.REFUTED, Status.UNDECIDED


def judged(*, link, argument, weight="1", gives="scores", zeta="ref(y)"):
    """Return what comes out of a loss of one term."""
    used = GAMMA if "gamma" in f"{link}{argument}{weight}" else ""
    text = f'{HEAD}{used}prior.zeta = "{zeta}"\nprior.scale = "alpha"\nprior.gives = "{gives}"\n'
    text += f'[[loss.term]]\nlink = "{link}"\nargument = "{argument}"\nweight = "{weight}"\n'
    (result,) = Pipeline().judge_claims(loads(text, "t.toml"))
    return result


OF_THE_PAIR = {
    "identity": PROVED,
    "-2*a + 3": PROVED,
    "0*a": PROVED,
    "square": REFUTED,
    "logsigmoid": REFUTED,
    "any": REFUTED,
}


@pytest.mark.slow
@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("link", OF_THE_PAIR)
def test_a_gradient_goes_by_the_link_of_the_loss(link, sign):
    """Of m + γ, and of −m + γ: under a line it is that of m, and that is proved."""
    result = judged(link=link, argument=f"{sign}({MARGIN}) + gamma", gives="argument")
    assert (result.verdict.status, result.gradient.status) == (REFUTED, OF_THE_PAIR[link])


def test_a_weight_of_zero_leaves_no_gradient():
    """0 × f(a) has the gradient of 0 × f(m), whatever a is."""
    result = judged(link="square", argument=f"{MARGIN} + gamma", weight="gamma - gamma")
    assert (result.verdict.status, result.gradient.status) == (REFUTED, PROVED)


# Of each argument, the verdicts of the gradient under the identity, under (1 − a)², under −log σ(a)
# and under every link; f′ is −1, −2(1 − a), −σ(−a).
OF_SCORES = {
    # 2 f′(2s) = f′(s − c) for all s: never under the square, as 2(1 − 2s) − (1 − s + c) moves with
    # s; never under −log σ, as 2σ(−2s) is above 1 somewhere
    f"2*{W}": (REFUTED, REFUTED, REFUTED, REFUTED),
    # the length is a number that goes by the response, and no gradient flows through it
    f"{W} - length(w)": (PROVED, REFUTED, REFUTED, REFUTED),
    f"-{W} + length(l)": (PROVED, REFUTED, REFUTED, REFUTED),
    # both responses move: neither one's score does
    f"{W} + {L}": (REFUTED, REFUTED, REFUTED, REFUTED),
    f"{MARGIN} + 3": (PROVED, REFUTED, REFUTED, REFUTED),
    # nothing moves, and f′(s − c) is not always zero
    "gamma": (REFUTED, REFUTED, REFUTED, REFUTED),
    # another direction: the entropy
    f"{W} + sum_t(entropy(w, t))": (REFUTED, REFUTED, REFUTED, REFUTED),
    f"max({W}, 1/3)": (REFUTED, REFUTED, REFUTED, REFUTED),
}


@pytest.mark.slow
@pytest.mark.parametrize("argument", OF_SCORES)
@pytest.mark.parametrize("place", range(4))
def test_the_gradient_of_what_is_no_score_minus_any_anchor(argument, place):
    link = ("identity", "square", "logsigmoid", "any")[place]
    result = judged(link=link, argument=argument)
    assert (result.verdict.status, result.gradient.status) == (REFUTED, OF_SCORES[argument][place])
    if isinstance(result.gradient, Refuted):
        assert result.gradient.witness.of_gradient


def test_where_nothing_moves_every_gradient_is_zero():
    """ζ = π: each score is zero, and so is the gradient of what only goes by the lengths."""
    for link in ("any", "square"):
        result = judged(link=link, argument="alpha*length(w)", zeta="pi(y)")
        assert (result.verdict.status, result.gradient.status) == (REFUTED, PROVED)
    result = judged(link="square", argument="log(pi(w)) + alpha", zeta="pi(y)")
    assert (result.verdict.status, result.gradient.status) == (REFUTED, REFUTED)


# Losses f(A) and whether an anchor c gives f(±(s − c)) the gradient of f(A) for s = log π/π_ref.
# Each A of the second kind is that for some c, but for a part through which no gradient flows.
S = "log(pi(w)/ref(w))"
FITS = {
    "a**2": ("log(pi(w)/ref(w)) - 3/7", True),
    "exp(-a)": ("log(pi(w)/ref(w)) + 2", True),
    "softplus(-a)": ("2 - log(pi(w)/ref(w))", True),
    # (2s)² and 4 s² − 8 s c: 8 s = 2 (s − c) for no c
    "a**2 + 0*a": ("2*log(pi(w)/ref(w))", False),
    # the slope of exp(−a/2) is −exp(−a/2)/2: twice that of a + log 4
    "exp(-a/2)": ("log(pi(w)/ref(w)) - length(w)", False),
    # |a| has the slopes ±1, and 2 s has twice those
    "abs(a)": ("2*log(pi(w)/ref(w))", False),
    "max(0, 1 - a)": ("log(pi(w)/ref(w))/2", False),
    # at 2 s the slope of −log F is 2/((1 + 4s²) π F(2s)); far below, that is twice that of s − c
    "-log(cauchy_cdf(a))": ("log(pi(w)/ref(w)) - 1", True),
    "-log(cauchy_cdf(a)) + 0*a": ("2*log(pi(w)/ref(w))", False),
    # nothing moves (1 − 3)², and 2 (1 − s + c) is zero for one s only; 0·a is zero for each
    "(1 - a)**2": ("3", False),
    "0*a": ("3", True),
    # min(s, 0) moves nothing where s is above zero, and a slope of F is never zero
    "cauchy_cdf(a)": ("min(log(pi(w)/ref(w)), 0)", False),
    # max(0, 1 − min(s, 0)) is 1 + max(0, −s), which has the gradient of max(0, 1 − (s + 1))
    "max(0, 1 - a) + 0*a": ("min(log(pi(w)/ref(w)), 0)", True),
}


@pytest.mark.slow
@pytest.mark.parametrize("link", FITS)
def test_no_anchor_is_excluded_that_fits(link):
    """Against the constants by hand: what fits is never excluded, what does not fit is."""
    argument, fits = FITS[link]
    scope = Scope(frozenset("wl"), {})
    body = parse(link, Scope(frozenset(), {"a": "real"}))
    term = Term(typed(body), parse(argument, scope))
    assert no_anchor_fits(parse(S, scope), term) is not fits


# Under (1 − A)², W = π(w): ∇W f(A) + W f′(A) ∇A is that of s − c, if both f and f′ are: A = ±s − c
MOVING = {
    ("log(pi(w)/ref(w)) - 2/3", "log(pi(w)/ref(w))"): False,
    ("2/3 - log(pi(w)/ref(w))", "log(pi(w)/ref(w))"): False,
    # A moves with l, in coordinates in which neither π(w) nor the score of w does
    ("log(pi(w)/ref(w)) - log(pi(l)/ref(l))", "log(pi(w)/ref(w))"): True,
    # of l: f has to be f(A), and f′ its slope in l, which is half of f′(A)
    ("log(pi(l)/ref(l))/2", "log(pi(l)/ref(l))"): True,
    ("log(pi(l)/ref(l))", "log(pi(l)/ref(l))"): False,
}


@pytest.mark.slow
@pytest.mark.parametrize(("argument", "score"), MOVING)
def test_sizes_are_compared_where_the_weight_moves_as_well(argument, score):
    scope = Scope(frozenset("wl"), {})
    term = Term(LINKS["square"], parse(argument, scope), parse("pi(w)", scope))
    assert no_anchor_fits(parse(score, scope), term) is MOVING[argument, score]


@pytest.mark.slow
def test_a_maximum_whose_sides_are_one_has_points_off_its_kink():
    """max(K, K) is K, in the prior and in the loss: of −log σ(s(w) + s(l)) the gradient differs."""
    kl = "sum_t(kl_pi_ref({r}, t))"
    tied = f"max({kl}, -({kl.replace('(kl', '(-kl')}))"
    both = " + ".join(f"log(pi({r})/ref({r})) - {tied.format(r=r)}" for r in "wl")
    result = judged(
        link="logsigmoid",
        argument=f"alpha*({both})",
        zeta=f"ref(y)*exp({tied.format(r='y')})",
        gives="argument",
    )
    assert (result.verdict.status, result.gradient.status) == (REFUTED, REFUTED)


def test_what_does_not_fit_is_excluded_and_what_fits_is_not():
    """Of a constant, under (1 − a)² and under 0·a; the other kinds are slow."""
    scope, a = Scope(frozenset("wl"), {}), Scope(frozenset(), {"a": "real"})
    for link, fits in (("(1 - a)**2", False), ("0*a", True)):
        term = Term(typed(parse(link, a)), parse("3", scope))
        assert no_anchor_fits(parse(S, scope), term) is not fits


@pytest.mark.slow
def test_a_weight_that_moves_is_a_direction_of_its_own():
    """∇[π(l) (1 − A)²] is no combination of ∇s and ∇π(l) if A has the entropy; of s it is one."""
    scope = Scope(frozenset("wl"), {})
    weight = parse("pi(l)", scope)
    for argument, excluded in (("log(pi(w)/ref(w)) + sum_t(entropy(w, t))", True), (S, False)):
        term = Term(LINKS["square"], parse(argument, scope), weight)
        assert no_anchor_fits(parse(S, scope), term) is excluded


# Of |1 − a|, which has the slopes ±1, with a number m of the pair and one b of the batch: a loss of
# s − m turns where s = 1 + m, that of s − c where s = 1 + c; m goes by the pair, c does not.
GIVEN = {
    ("log(pi(w)/ref(w)) - m", "1"): True,
    ("log(pi(w)/ref(w)) - b", "1"): False,  # b is such a c
    ("log(pi(w)/ref(w)) - 3", "m"): False,  # m is a number of both sides
}


@pytest.mark.slow
@pytest.mark.parametrize(("argument", "weight"), GIVEN)
def test_a_number_of_the_pair_is_no_anchor(argument, weight):
    data = {"m": (PAIR, "real", False), "b": (BATCH, "real", False)}
    scope = Scope(frozenset("wl"), data=data)
    body = parse("abs(1 - a)", Scope(frozenset(), {"a": "real"}))
    term = Term(typed(body), parse(argument, scope), parse(weight, scope))
    assert no_anchor_fits(parse(S, scope), term) is GIVEN[argument, weight]


@pytest.mark.slow
def test_a_maximum_of_one_thing_in_a_link_is_no_kink():
    """Of min(a, a)³ at s(w) + length(w), the slope 3 (s + |w|)² goes by the length."""
    result = judged(link="min(a, a)**3", argument=f"{W} + length(w)")
    assert (result.verdict.status, result.gradient.status) == (REFUTED, REFUTED)


def test_a_maximum_of_one_thing_may_be_in_a_logarithm():
    """x is zero, not by its form: what is left of log(1 + |x|) has to be positive by its form."""
    scope = Scope(frozenset("w"), {})
    zero = "log(ref(w)) - sum_t(log(ref(w, t)))"
    for size in (f"abs({zero})", f"max(0, {zero})", f"max({zero}, 0)"):
        node = parse(f"log(1 + {size})", scope)
        assert decide(slopes._without_ties(node), tree.Number(0)).answer is Answer.EQUAL, size
