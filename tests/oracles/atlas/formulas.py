"""The losses of the atlas by hand, in plain numbers: from strengths, odds and divergences.

None of it is read from the specifications. A response has `P`, `R` and `V`, the logarithms of its
probability under the policy, the reference and the policy of the last round; `n`, its length; and
what is given with it. Everything else stands in `at`, under the names of the specification.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from math import atan, exp, log, log1p, pi, sqrt
from types import SimpleNamespace

Formula = Callable[[SimpleNamespace, SimpleNamespace, SimpleNamespace], float]


def sigmoid(a):
    return 1 / (1 + exp(-a))


def logistic(a):
    """Return −log σ(a)."""
    return log1p(exp(-a))


def ratio(y):
    return y.P - y.R


def reward(y, at):
    return at.beta * ratio(y)


def margin(w, r, at):
    return reward(w, at) - reward(r, at)


def kl(one, other):
    """Return the divergence of two distributions of a coin, by their probabilities of heads."""
    return one * log(one / other) + (1 - one) * log((1 - one) / (1 - other))


def exo(w, r, at):
    return kl(sigmoid(margin(w, r, at)), 1 - at.epsilon)


def exo_code(w, r, at):
    """Logarithms 0 and −c of a label, and those of a softmax over the two."""
    win = sigmoid(margin(w, r, at))
    return win * (log(win) - 0) + (1 - win) * (log(1 - win) + at.c)


def discopop(w, r, at):
    m = margin(w, r, at)
    blend = sigmoid(m / at.tau)
    return (1 - blend) * logistic(m) + blend * exp(-m)


def robust(w, r, at):
    m = margin(w, r, at)
    clean, flipped = (1 - at.epsilon) * logistic(m), at.epsilon * logistic(-m)
    return (clean - flipped) / (1 - 2 * at.epsilon)


def f_dpo(slope):
    """Return DPO's loss with β f′(π/π_ref) for the reward."""

    def loss(w, r, at):
        rewards = [at.beta * slope(exp(ratio(y)), at) for y in (w, r)]
        return logistic(rewards[0] - rewards[1])

    return loss


def chi_po(w, r, at):
    g = [at.beta * (exp(ratio(y)) + ratio(y)) for y in (w, r)]
    return logistic(min(max(g[0] - g[1], -2 * at.R), 2 * at.R))


def odds(y):
    mean = exp(y.P / y.n)
    return mean / (1 - mean)


def orpo(w, r, at):
    return -w.P / w.n + at.lam * logistic(log(odds(w) / odds(r)))


def asft(w, r, at):
    """σ of the log-odds is the probability, so these are likelihood and unlikelihood."""
    chosen, rejected = exp(w.P / w.n), exp(r.P / r.n)
    return -(1 + at.lam) * log(chosen) - at.lam * log(1 - rejected)


def asft_beta(w, r, at):
    return logistic(at.beta * log(odds(w))) + logistic(-at.beta * log(odds(r)))


def kto(w, r, at):
    good = at.lambda_d - at.lambda_d * sigmoid(at.beta * (ratio(w) - at.z0))
    return good + at.lambda_u - at.lambda_u * sigmoid(at.beta * (at.z0 - ratio(r)))


def bco(w, r, at):
    return logistic(reward(w, at) - at.delta) + logistic(at.delta - reward(r, at))


def infonca(w, r, at):
    """Cross-entropy of the softmax of the rewards and that of the scores."""
    label = [exp(y.score / at.tau) for y in (w, r)]
    ours = [exp(reward(y, at)) for y in (w, r)]
    return -sum(a / sum(label) * log(b / sum(ours)) for a, b in zip(label, ours, strict=True))


def dpop(w, r, at):
    penalty = at.lam * max(0, w.R - w.P)
    return logistic(at.beta * (ratio(w) - ratio(r) - penalty))


def target(w, r, at):
    return sigmoid(at.eta * (w.score - r.score))


def mpo(w, r, at):
    quality = bco(w, r, at)
    return at.wp * logistic(margin(w, r, at)) + at.wq * quality - at.wg * w.P / w.n


def cpo_simpo(w, r, at):
    return logistic(at.alpha * (w.P / w.n - r.P / r.n) - at.gamma) - at.lam * w.P


def strengths(w, r, at):
    return [exp(reward(y, at)) for y in (w, r)]


def rao_kupper(w, r, at):
    one, other = strengths(w, r, at)
    return -log(one / (one + (1 + at.delta) * other))


def rao_kupper_tie(w, r, at):
    (one, other), nu = strengths(w, r, at), 1 + at.delta
    return -log((nu**2 - 1) * one * other / ((one + nu * other) * (other + nu * one)))


def davidson(w, r, at):
    one, other = strengths(w, r, at)
    return -log(one / (one + other + 2 * at.nu * sqrt(one * other)))


def davidson_tie(w, r, at):
    one, other = strengths(w, r, at)
    both = 2 * at.nu * sqrt(one * other)
    return -log(both / (one + other + both))


def bdpo(w, r, at):
    mixed = log(at.lam * exp(r.P) + (1 - at.lam) * exp(r.R))
    return logistic(reward(w, at) - at.beta * (mixed - r.R))


def power(w, r, at):
    inner = (w.P + 1) / w.n - (r.P + 1) / r.n
    return logistic(at.beta * inner) - at.eta * at.beta * w.P / w.n


FORMULAS: dict[str, Formula] = {
    "ipo": lambda w, r, at: (ratio(w) - ratio(r) - 1 / (2 * at.tau)) ** 2,
    "ipo_mean": lambda w, r, at: (ratio(w) / w.n - ratio(r) / r.n - 1 / (2 * at.tau)) ** 2,
    "rso": lambda w, r, at: max(0, 1 - at.gamma * (ratio(w) - ratio(r))),
    "slic_hf": lambda w, r, at: max(0, at.delta - w.P + r.P) - at.lam * at.o.P,
    "cdpo": lambda w, r, at: (
        (1 - at.epsilon) * logistic(margin(w, r, at)) + at.epsilon * logistic(margin(r, w, at))
    ),
    "robust_dpo": robust,
    "exo": exo,
    "exo_code": exo_code,
    "discopop": discopop,
    "gpo_exponential": lambda w, r, at: exp(reward(r, at) - reward(w, at)),
    "gpo_truncated_quadratic": lambda w, r, at: max(0, 1 - margin(w, r, at)) ** 2,
    "gpo_savage": lambda w, r, at: sigmoid(margin(r, w, at)) ** 2,
    "cauchy_dpo": lambda w, r, at: -log(atan(margin(w, r, at)) / pi + 1 / 2),
    "f_dpo_js": f_dpo(lambda u, _: log(2 * u / (1 + u))),
    "f_dpo_forward_kl": f_dpo(lambda u, _: -1 / u),
    "f_dpo_alpha": f_dpo(lambda u, at: (1 - math.pow(u, -at.alpha)) / at.alpha),
    "chi_po": chi_po,
    "cpo": lambda w, r, at: logistic(at.beta * (w.P - r.P)) - at.lam * w.P,
    "cpo_preference": lambda w, r, at: logistic(at.beta * (w.P - r.P)),
    "dpo_reference_free": lambda w, r, at: logistic(at.alpha * (w.P - r.P)),
    "orpo": orpo,
    "orpo_beta": lambda w, r, at: logistic(at.beta * log(odds(w) / odds(r))),
    "asft": asft,
    "asft_beta": asft_beta,
    "kto": kto,
    "bco": bco,
    "bco_pair": lambda w, r, at: logistic(reward(w, at)) + logistic(-reward(r, at)),
    "nca": lambda w, r, at: (
        logistic(reward(w, at)) + logistic(-reward(w, at)) / 2 + logistic(-reward(r, at)) / 2
    ),
    "infonca": infonca,
    "sppo": lambda w, r, at: (w.P - w.V - at.eta / 2) ** 2 + (r.P - r.V + at.eta / 2) ** 2,
    "apo_zero": lambda w, r, at: sigmoid(reward(r, at)) - sigmoid(reward(w, at)),
    "apo_down": lambda w, r, at: sigmoid(reward(w, at)) - sigmoid(margin(w, r, at)),
    "dpop": dpop,
    "rpo": lambda w, r, at: logistic(margin(w, r, at)) - at.eta * w.P,
    "iterative_rpo": lambda w, r, at: (
        logistic(at.beta * ((w.P - w.V) - (r.P - r.V))) - at.alpha * w.P / w.n
    ),
    "nemotron_rpo": lambda w, r, at: kl(target(w, r, at), sigmoid(margin(w, r, at))),
    "nemotron_rpo_fwd": lambda w, r, at: kl(sigmoid(margin(w, r, at)), target(w, r, at)),
    "nemotron_rpo_sq": lambda w, r, at: (margin(w, r, at) - at.eta * (w.score - r.score)) ** 2,
    "scaled_dpo": lambda w, r, at: abs(w.score - r.score) * logistic(margin(w, r, at)),
    "beta_dpo": lambda w, r, at: logistic((1 + at.c * (at.M - at.M0)) * margin(w, r, at)),
    "sft": lambda w, *_: -w.P / w.n,
    "mpo": mpo,
    "cpo_simpo": cpo_simpo,
    "dpo_rk": rao_kupper,
    "dpo_rk_tie": rao_kupper_tie,
    "dpo_davidson": davidson,
    "dpo_davidson_tie": davidson_tie,
    "minor_dpo": lambda w, r, at: logistic(reward(w, at) - at.beta * max(0, ratio(r))),
    "bdpo": bdpo,
    "power": power,
}
