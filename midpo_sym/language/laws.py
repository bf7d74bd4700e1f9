"""The closed table of laws: what a step of a derivation may name, of a loss or of the theory.

What each law does to an expression, and how a step that names it is checked, is a row of
`prover.rules`; a test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Law:
    """A law by name.

    Attributes:
        name: what people call it.
        law: the law, in Unicode mathematics.
        latex: the law, in LaTeX.
        losses: whether the derivation of a loss may name it.
        theory: whether a step of the theory may name it.
        needs: keys that a step of the theory must have.
        equal: whether it gives an equation; else a bound.
    """

    name: str
    law: str
    latex: str
    losses: bool = False
    theory: bool = True
    needs: tuple[str, ...] = ()
    equal: bool = True


LAWS = {
    row.name: row
    for row in (
        Law(
            "definition of the prior",
            "ζ(y) := …",
            r"\zeta(y) := \dots",
            losses=True,
            theory=False,
        ),
        Law("definition", "a := b", "a := b", losses=True),
        Law(
            "label of the response",
            "[chosen: a; rejected: b] = a at y_w, b at y_l",
            r"\beta(y_w) = a,\; \beta(y_l) = b",
            losses=True,
            theory=False,
        ),
        Law(
            "value of a stop-gradient",
            "sg(a) = a",
            r"\operatorname{sg}(a) = a",
            losses=True,
            theory=False,
        ),
        Law(
            "logarithm of a product over tokens",
            "log Π_t a_t = Σ_t log a_t",
            r"\log\prod_t a_t = \sum_t \log a_t",
            losses=True,
            theory=False,
        ),
        Law(
            "logarithm of a quotient",
            "log(a/b) = log a − log b",
            r"\log\frac{a}{b} = \log a - \log b",
            losses=True,
        ),
        Law(
            "logarithm of a product",
            "log(a·b) = log a + log b",
            r"\log(ab) = \log a + \log b",
            losses=True,
        ),
        Law("logarithm of a power", "log(a^e) = e·log a", r"\log a^e = e\log a", losses=True),
        Law("logarithm of an exponential", "log(exp a) = a", r"\log\exp a = a", losses=True),
        Law("exponential of a logarithm", "exp(log a) = a", r"\exp\log a = a"),
        Law("exponential of a sum", "exp(a + b) = exp(a)·exp(b)", r"\exp(a + b) = \exp a\exp b"),
        Law("power of a power", "(a^e)^f = a^(e·f)", r"(a^e)^f = a^{ef}"),
        Law("power of a product", "(a·b)^e = a^e·b^e", r"(ab)^e = a^e b^e"),
        Law("power as an exponential", "a^e = exp(e·log a)", r"a^e = \exp(e\log a)"),
        Law("product of powers", "a^e·a^f = a^(e + f)", r"a^e a^f = a^{e + f}"),
        Law("cancellation", "a·b/(a·c) = b/c", r"\frac{ab}{ac} = \frac{b}{c}"),
        Law("expansion", "a·(b + c) = a·b + a·c", "a(b + c) = ab + ac", losses=True),
        Law(
            "linearity of a sum over tokens",
            "Σ_t (k·a_t + b_t) = k·Σ_t a_t + Σ_t b_t, Σ_t 1 = |y|",
            r"\sum_t (k a_t + b_t) = k\sum_t a_t + \sum_t b_t",
            losses=True,
            theory=False,
        ),
        Law(
            "linearity of a sum",
            "Σ_y (k·a(y) + b(y)) = k·Σ_y a(y) + Σ_y b(y)",
            r"\sum_y (k a(y) + b(y)) = k\sum_y a(y) + \sum_y b(y)",
        ),
        Law(
            "exchange of sums",
            "Σ_x Σ_y a(x, y) = Σ_y Σ_x a(x, y)",
            r"\sum_x\sum_y a(x, y) = \sum_y\sum_x a(x, y)",
        ),
        Law(
            "collection of like terms",
            "k·a + m·a = (k + m)·a",
            "ka + ma = (k + m)a",
            losses=True,
        ),
        Law(
            "chain rule of probability",
            "log π(y) = Σ_t log π(y_t)",
            r"\log\pi(y\mid x) = \sum_t \log\pi(y_t\mid x, y_{<t})",
            losses=True,
            theory=False,
        ),
        Law(
            "equality of normal forms",
            "both sides have one normal form: the kernel compares them as a whole",
            r"\text{both sides have one normal form}",
            losses=True,
            theory=False,
        ),
        Law(
            "cancellation of Z(x)",
            "k·log Z(x) − k·log Z(x) = 0",
            r"k\log Z(x) - k\log Z(x) = 0",
            losses=True,
            theory=False,
        ),
        Law(
            "subtraction of the rewards",
            "α·log π(y)/ζ(y) = r(y)",
            r"\alpha\log\frac{\pi(y\mid x)}{\zeta(y)} = r(y)",
            losses=True,
            theory=False,
        ),
        Law(
            "differentiation",
            "(a + b)′ = a′ + b′, (a·b)′ = a′·b + a·b′, (log a)′ = a′/a",
            r"(a + b)' = a' + b',\; (ab)' = a'b + ab',\; (\log a)' = \frac{a'}{a}",
        ),
        Law(
            "constants out of a least value",
            "min_b (k·f(b) + c) = k·min_b f(b) + c for k > 0",
            r"\min_b (k f(b) + c) = k\min_b f(b) + c",
        ),
        Law("hypothesis", "what is assumed", r"\text{what is assumed}", needs=("using",)),
        Law(
            "cited chain",
            "what another chain proves",
            r"\text{what another chain proves}",
            needs=("by",),
        ),
        Law(
            "the logarithm is one to one",
            "k·(log a − log b) = 0 if and only if a = b, k > 0",
            r"k(\log a - \log b) = 0 \iff a = b,\; k > 0",
            needs=("zero_where", "factor"),
        ),
        Law(
            "log t ≤ t − 1",
            "t − 1 − log t ≥ 0, and = 0 only for t = 1",
            r"t - 1 - \log t \ge 0,\text{ and } = 0 \text{ only for } t = 1",
            needs=("gap",),
            equal=False,
        ),
        Law(
            "positive terms",
            "a ≤ a + b for b ≥ 0",
            r"a \le a + b \text{ for } b \ge 0",
            needs=("gap",),
            equal=False,
        ),
        Law(
            "a least value is least",
            "min_a f(a) ≤ f(b)",
            r"\min_a f(a) \le f(b)",
            needs=("at",),
            equal=False,
        ),
        Law(
            "a bound of all bounds the least",
            "c ≤ f(a) for every a gives c ≤ min_a f(a)",
            r"c \le f(a) \text{ for every } a \implies c \le \min_a f(a)",
            needs=("over",),
            equal=False,
        ),
    )
}

THEORY_RULES = {name: law for name, law in LAWS.items() if law.theory}
