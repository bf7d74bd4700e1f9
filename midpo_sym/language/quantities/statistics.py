"""The statistics of next-token distributions that a specification may use: one row for each.

A statistic is a sum over the vocabulary, `Σ_v f(π(v), π_ref(v), ...)`, of the distributions before
a token. Its row says what it is called and what f is; from that follow its values in every judge,
whether a gradient flows through it, how it is printed, and the code of every target.

The kernel takes their values before a token for independent numbers, so that no row may be a sum
of multiples of others: of cross-entropy, entropy and divergence two are enough, and the third is
written with them. `tests/language/test_quantities.py` checks it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Operator:
    """What statistics have in common that differ in their models only, such as KL.

    Attributes:
        name: its word in generated code, and on the pages.
        noun: what a value of it is, with its article.
        latex: its symbol in LaTeX.
        unicode: its symbol in Unicode mathematics.
        meaning: what it is, of whichever models.
        unit: what it is measured in; "" for a plain number.
    """

    name: str
    noun: str
    latex: str
    unicode: str
    meaning: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Statistic:
    """A statistic of the next-token distributions before a token.

    Attributes:
        name: its word in a specification, called as `name(r, t)`.
        operator: what is taken of the models.
        models: the models it is taken of, in the order they are printed.
        summand: f, in the words of the language: each model stands for its probability of v.
        meaning: what it is.
        domain: the numbers it may be; a row of `DOMAINS`.
        usual: where a slider of it starts.
        largest: where a slider of it ends.
    """

    name: str
    operator: Operator
    models: tuple[str, ...]
    summand: str
    meaning: str
    domain: str = "nonnegative"
    usual: float = 0.1
    largest: float = 1.0

    @property
    def trained(self) -> bool:
        """Return whether a gradient flows through it into the policy."""
        return "pi" in self.models

    @property
    def usage(self) -> str:
        """Return how it is called, `r` standing for a response."""
        return f"{self.name}(r, t)"


KL = Operator(
    "kl",
    "a divergence",
    r"\mathrm{KL}",
    "KL",
    "divergence of the distributions of the next token, over the whole vocabulary",
    unit="nats",
)
ENTROPY = Operator(
    "entropy",
    "an entropy",
    r"\mathrm{H}",
    "H",
    "entropy of the distribution of the next token, over the whole vocabulary",
    unit="nats",
)
SUM_OF_SQUARES = Operator(
    "sum_of_squares",
    "a sum of squares",
    r"\mathrm{S}_2",
    "S₂",
    "sum of the squared probabilities of the next token, over the whole vocabulary",
)

STATISTICS = {
    row.name: row
    for row in (
        Statistic(
            "kl_ref_pi",
            KL,
            ("ref", "pi"),
            "ref*(log(ref) - log(pi))",
            "KL(ref ‖ pi) between the next-token distributions before token t, "
            "over the whole vocabulary, in nats",
        ),
        Statistic(
            "kl_pi_ref",
            KL,
            ("pi", "ref"),
            "pi*(log(pi) - log(ref))",
            "KL(pi ‖ ref) between the next-token distributions before token t, "
            "over the whole vocabulary, in nats",
        ),
        Statistic(
            "kl_pi_prev",
            KL,
            ("pi", "prev"),
            "pi*(log(pi) - log(prev))",
            "KL(pi ‖ prev) between the next-token distributions before token t, "
            "over the whole vocabulary, in nats",
        ),
        Statistic(
            "kl_prev_pi",
            KL,
            ("prev", "pi"),
            "prev*(log(prev) - log(pi))",
            "KL(prev ‖ pi) between the next-token distributions before token t, "
            "over the whole vocabulary, in nats",
        ),
        Statistic(
            "kl_ref_prev",
            KL,
            ("ref", "prev"),
            "ref*(log(ref) - log(prev))",
            "KL(ref ‖ prev) between the next-token distributions before token t, "
            "over the whole vocabulary, in nats; no gradient flows through it",
        ),
        Statistic(
            "entropy",
            ENTROPY,
            ("pi",),
            "-(pi*log(pi))",
            "entropy of the next-token distribution of pi before token t, "
            "over the whole vocabulary, in nats",
            usual=1.0,
            largest=10.0,
        ),
        Statistic(
            "sum_of_squares",
            SUM_OF_SQUARES,
            ("pi",),
            "pi**2",
            "sum of pi(v)**2 over the whole vocabulary, of the next-token distribution of pi "
            "before token t; more than zero, and one at most",
            domain="positive",
            usual=0.3,
        ),
    )
}
OPERATORS = tuple(dict.fromkeys(row.operator for row in STATISTICS.values()))
