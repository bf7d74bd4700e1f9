"""Random pairs of expressions that are equal by a law of exponentials, logarithms, sums or maxima.

A law is two texts with holes: `{a}` and `{b}` for anything real, `{p}` and `{q}` for what is
positive by its form, `{s}` and `{r}` for sums over tokens, `{k}` for a positive factor. Both are
put into the same surroundings, and one side is rewritten by the common laws of arithmetic. A false
pair is a true one with a slip of the pen on one side; whether that is false, numbers say.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from generators.trees.mutants import mutate
from generators.trees.rewritings import rewrite
from generators.trees.words import PARAMETERS, loss

from midpo_sym.language import tree
from midpo_sym.language.tree import Expression

LAWS = {
    # Exponentials.
    "exp of a negative quotient": ("exp(-({p}/{q}))", "exp(-{p}/{q})"),
    "exp of a sum": ("exp({a} + {b})", "exp({a})*exp({b})"),
    "exp of half, squared": ("exp({a}/2)**2", "exp({a})"),
    "exp of thirds": ("exp({a}/2)*exp({a}/3)", "exp(5*{a}/6)"),
    "power of a sum": ("({p} + {q})**rho*({p} + {q})**(1 - rho)", "{p} + {q}"),
    "root of a sum": ("({p} + {q})**(1/2)*({p} + {q})**(1/2)", "{p} + {q}"),
    "power of a power": ("(({p} + 1)**gamma)**eta", "exp(eta*gamma*log(1 + {p}))"),
    "geometric mixture": ("{p}**rho*{q}**(1 - rho)", "{q}*({p}/{q})**rho"),
    # Logarithms of sums.
    "log of one plus a ratio": ("log(1 + {q}/{p})", "log({p} + {q}) - log({p})"),
    "log of a common factor": ("log({k}*({p} + {q}))", "log({k}) + log({p} + {q})"),
    "log of a product of sums": (
        "log(1 + {p} + {q} + {p}*{q})",
        "log(1 + {p}) + log(1 + {q})",
    ),
    "log of a square": ("log(1 + 2*{p} + {p}**2)", "2*log(1 + {p})"),
    "log of the sum of exponentials": (
        "log(exp({a}) + exp({b}))",
        "{a} + log(1 + exp({b} - {a}))",
    ),
    "mixture": (
        "log(alpha/(alpha + beta)*{p} + beta/(alpha + beta)*{p} + {q})",
        "log({p} + {q})",
    ),
    "mixture with a reference": (
        "log(alpha*pi(w) + beta*ref(w))",
        "log(ref(w)) + log(alpha*(pi(w)/ref(w)) + beta)",
    ),
    # The sigmoid and what is made of it.
    "Bradley-Terry": ("1/(1 + exp({b} - {a}))", "exp({a})/(exp({a}) + exp({b}))"),
    "sigmoid": ("1/(1 + exp(-{a}))", "exp({a})/(1 + exp({a}))"),
    "sigmoids add up to one": ("1/(1 + exp(-{a})) + 1/(1 + exp({a}))", "1"),
    "softplus": ("log(1 + exp({a})) - log(1 + exp(-{a}))", "{a}"),
    "log-sigmoid": ("-log(1 + exp(-{a}))", "log(exp({a})/(1 + exp({a})))"),
    "logit of a sigmoid": (
        "log(1/(1 + exp(-{a}))) - log(1/(1 + exp({a})))",
        "{a}",
    ),
    "hyperbolic tangent": (
        "(exp({a}) - exp(-{a}))/(exp({a}) + exp(-{a}))",
        "2/(1 + exp(-2*{a})) - 1",
    ),
    "odds": (
        "log({p}/(1 + {p})) - log(1/(1 + {p}))",
        "log({p})",
    ),
    "Jensen-Shannon": (
        "log(2*{p}/({p} + {q}))",
        "log(2) - log(1 + {q}/{p})",
    ),
    # Quotients.
    "twice a sum over itself": ("2*(1 + {s})/(1 + {s})", "2"),
    "quotient of a product": ("{s}*{r}/{s}", "{r}"),
    "difference of squares": ("({s}**2 - {r}**2)/({s} - {r})", "{s} + {r}"),
    # Sums over tokens.
    "square of a sum": ("(1 + {s})**2", "1 + 2*{s} + {s}**2"),
    "square of a margin": ("({s} - {r})**2", "{s}**2 - 2*{r}*{s} + {r}**2"),
    "product in another order": ("{s}*{r}", "{r}*{s}"),
    "product of a sum of sums": ("({s} + {r})*{s}", "{s}*{r} + {s}**2"),
    "sum of a mixed token": (
        "sum_t(log(pi(w, t) + ref(w, t)))",
        "log(pi(w)) + sum_t(log(1 + ref(w, t)/pi(w, t)))",
    ),
    "sum of ratios": (
        "sum_t((pi(w, t) + ref(w, t))/pi(w, t))*{k}",
        "{k}*(length(w) + sum_t(exp(log(ref(w, t)/pi(w, t)))))",
    ),
    "squared deviation": (
        "sum_t((log(pi(w, t)) - gamma)**2)*{k}",
        "{k}*sum_t(log(pi(w, t))**2) - 2*{k}*gamma*log(pi(w)) + {k}*gamma**2*length(w)",
    ),
    # Maxima.
    "max is a shifted ramp": ("max({a}, {b})", "{b} + max({a} - {b}, 0)"),
    "max and min": ("max({a}, {b}) - max(-{a}, -{b})", "{a} + {b}"),
    "factor of a ramp": ("{k}*max({a}, 0)", "max({k}*{a}, 0)"),
    "factor of a max": ("{k}*max({a}, {b})", "max({k}*{b}, {k}*{a})"),
    "two ramps": ("max({a}, 0) - max(-{a}, 0)", "{a}"),
    "product of ramps": ("max({a}, 0)*max(-{a}, 0) + {b}", "{b}"),
    "square of a ramp": ("max({a}, 0)**2", "{a}*max({a}, 0)"),
    "absolute value": ("max({a}, -{a})**2", "{a}**2"),
    "power of a clipped ratio": ("max(1, {p})**lam", "exp(lam*max(0, log({p})))"),
    "log of a max": ("log(max({p}, {q}))", "max(log({p}), log({q}))"),
    "exp of a max": ("exp(max({a}, {b}))", "max(exp({b}), exp({a}))"),
    "max of three": ("max({a}, max({b}, 0))", "max(max({a}, {b}), 0)"),
    "clipped to an interval": (
        "max(0, max({a}, -1)) + {b}",
        "max({a}, 0) + {b}",
    ),
    "hinge": ("max(0, 1 - {a})", "1 - {a} + max(0, {a} - 1)"),
    "squared hinge": ("max(0, 1 - {a})**2", "(1 - {a})*max(0, 1 - {a})"),
    "ramps of tokens": (
        "sum_t(max(kl_pi_ref(w, t), gamma)) + sum_t(-max(-kl_pi_ref(w, t), -gamma))",
        "sum_t(kl_pi_ref(w, t)) + gamma*length(w)",
    ),
    "shifted ramps of tokens": (
        "sum_t(mu(w, t)*max(xi(w, t), eta))",
        "eta*sum_t(mu(w, t)) + sum_t(max(xi(w, t) - eta, 0)*mu(w, t))",
    ),
}

REAL = (
    "gamma",
    "eta",
    "alpha*log(pi(w)/ref(w))",
    "beta*log(pi(l)/ref(l)) - eta",
    "sum_t(mu(w, t)*kl_ref_pi(w, t))",
    "log(pi(w))/length(w)",
    "gamma*length(w)",
    "alpha*log(pi(w)/ref(w)) - alpha*log(pi(l)/ref(l))",
    "sum_t(xi(l, t))",
    "log(nu_)",
    "gamma*eta",
)
POSITIVE = (
    "pi(w)",
    "ref(w)",
    "pi(w)/ref(w)",
    "alpha",
    "exp(gamma)",
    "prev(l)**beta",
    "length(w)",
    "exp(log(pi(l))/length(l))",
    "exp(-eta)",
    "prod_t(nu(w, t))",
    "(1 + pi(l))",
)
SUMS = (
    "log(pi(w)/ref(w))",
    "sum_t(kl_pi_ref(w, t))",
    "sum_t(mu(l, t)*log(pi(l, t)))",
    "sum_t(gamma*xi(w, t) + eta)",
    "log(prev(l))",
)
FACTORS = ("alpha", "2", "1/3", "alpha*beta", "length(w)", "exp(gamma)", "ref(l)")
AROUND = (
    "{x}",
    "{x}",
    "alpha*({x})",
    "({x})/length(w) + gamma",
    "log(1 + exp({x}))",
    "({x})**2",
    "exp(-({x}))",
    "max({x}, gamma)",
    "log(pi(w)) - ({x})",
)


@dataclass(frozen=True)
class Pair:
    """Two expressions; `law` is the law that makes them equal, `slip` what was done to one."""

    law: str
    left: Expression
    right: Expression
    slip: str = ""


def pair(seed: int, number: int, *, false: bool = False) -> Pair:
    """Return a pair of a seed and a number; the laws are taken in turn.

    Args:
        seed: of the random choices.
        number: of the pair.
        false: whether the right side has a slip of the pen in it.
    """
    chance = random.Random(f"tower {seed}/{number}/{false}")
    names = [*LAWS]
    law = names[number % len(names)]
    while True:
        try:
            return _pair(law, chance, false=false)
        except ValueError:  # a law that does not fit, or what may be negative under a logarithm
            continue


def _pair(law: str, chance: random.Random, *, false: bool) -> Pair:
    holes = {
        "a": chance.choice(REAL).replace("nu_", chance.choice(("alpha", "beta"))),
        "p": chance.choice(POSITIVE),
        "k": chance.choice(FACTORS),
        "s": chance.choice(SUMS),
    }
    rest = [each for each in REAL if each != holes["a"]]
    holes["b"] = chance.choice(rest).replace("nu_", chance.choice(("alpha", "beta")))
    holes["q"] = chance.choice([each for each in POSITIVE if each != holes["p"]])
    holes["r"] = chance.choice([each for each in SUMS if each != holes["s"]])
    around = chance.choice(AROUND)
    holes = {name: f"({text})" for name, text in holes.items()}
    left, right = (loss(around.format(x=side.format(**holes))) for side in LAWS[law])
    for _ in range(chance.randint(0, 3)):
        _, right = rewrite(right, chance)
    if chance.random() < 0.5:
        left, right = right, left
    slip = ""
    if false:
        slip, right = mutate(right, chance, tuple(PARAMETERS))
    _check(left, right)
    return Pair(law, left, right, slip)


def _check(*sides: Expression) -> None:
    """Refuse what is no statement of the language.

    Raises:
        ValueError: a slip has put a parameter of another domain into the place of one.
    """
    for side in sides:
        for node in side.walk():
            if isinstance(node, tree.Parameter) and PARAMETERS[node.name] != node.domain:
                raise ValueError(node.name)
