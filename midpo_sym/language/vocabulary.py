"""The closed table of words that an expression may use.

Everything a specification can mention is a row here, with its meaning and its spellings, so
that the parser, the printers and `derivations/README.md` (compared by a test) cannot drift.
"""

from __future__ import annotations

from dataclasses import dataclass

from midpo_sym.language.functions.table import DERIVED
from midpo_sym.language.printing.text import to_text
from midpo_sym.language.quantities.statistics import STATISTICS


@dataclass(frozen=True, slots=True)
class Model:
    """A language model that a specification may mention.

    Attributes:
        name: its word in a specification.
        latex: its symbol in LaTeX.
        unicode: its symbol in Unicode mathematics.
        trained: whether gradients flow through it.
        meaning: what it is.
    """

    name: str
    latex: str
    unicode: str
    trained: bool
    meaning: str


MODELS = {
    model.name: model
    for model in (
        Model("pi", r"\pi", "π", trained=True, meaning="the policy being trained"),
        Model("ref", r"\pi_{\mathrm{ref}}", "π_ref", trained=False, meaning="the reference policy"),
        Model(
            "prev",
            r"\pi^{(t-1)}",
            "π_prev",
            trained=False,
            meaning="the policy of the previous round, frozen",
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Word:
    """One callable word of the language.

    Attributes:
        name: the word.
        usage: every way to call it, `r` standing for a response.
        meaning: its value.
    """

    name: str
    usage: tuple[str, ...]
    meaning: str


QUANTITIES = {
    word.name: word
    for word in (
        *(
            Word(
                model.name,
                (f"{model.name}(r)", f"{model.name}(r, t)"),
                f"probability of the whole response, or of its token t, under {model.meaning}",
            )
            for model in MODELS.values()
        ),
        *(Word(row.name, (row.usage,), row.meaning) for row in STATISTICS.values()),
        Word("length", ("length(r)",), "number of tokens of the response, at least 1"),
        Word(
            "position",
            ("position(r, t)",),
            "place of the token t in the response: 1 for the first, the length for the last",
        ),
    )
}

FUNCTIONS = {
    word.name: word
    for word in (
        Word("log", ("log(a)",), "natural logarithm; a must be positive by its form"),
        Word("exp", ("exp(a)",), "exponential"),
        Word("sum_t", ("sum_t(a)",), "sum of a over the tokens t of the one response in a"),
        Word(
            "prod_t",
            ("prod_t(a)",),
            "product of a over the tokens t of the one response in a; a must be positive",
        ),
        Word(
            "by_label",
            ("by_label(a, b)",),
            "a for the chosen response, b for the rejected one; "
            "only in the prior and in definitions of y",
        ),
        Word("sg", ("sg(a)",), "a, as a constant for the gradient (stop-gradient)"),
        Word("max", ("max(a, b)",), "the larger of a and b"),
        Word(
            "cauchy_cdf",
            ("cauchy_cdf(a)",),
            "distribution function of the Cauchy distribution, the arctangent of a over 3.14... "
            "plus 1/2; between zero and one, and neither of them",
        ),
        *(
            Word(row.name, (row.usage,), f"{row.meaning}: `{to_text(row.definition)}`")
            for row in DERIVED.values()
        ),
    )
}

DOMAINS = {
    "real": "any real number",
    "nonnegative": "zero or more",
    "positive": "more than zero",
    "unit": "from zero to one",
    "open unit": "between zero and one, and neither of them",
}

RESPONSES = {
    "y": "any response; in the prior and in definitions of y",
    "w": "the preferred (chosen) response; in the loss",
    "l": "the dispreferred (rejected) response; in the loss",
    "o": "another response to the same prompt, given with the pair; in `plus`",
}

OTHER = "o"  # the response that is neither chosen nor rejected
TOKEN = "t"  # noqa: S105 - the index of a token, not a secret

STATUSES = {
    "proved": "the statement holds for every policy, response and parameter",
    "refuted": "the statement fails; a witness shows where",
    "undecided": "the prover can neither prove nor refute the statement",
}

CHECKED = {
    "paper": "in the paper that introduced it",
    "code": "in official code, or in a library that names the paper",
    "secondary": "in another work that prints it",
}

GIVES = {
    "loss": "the whole loss, whose link is then the log-sigmoid",
    "argument": "the argument of every link of the loss, or minus it",
    "scores": "the argument of every link, or a score of one response against an anchor",
    "terms": "as `scores`, for the weighted terms, whatever the weights; `plus` is added to them",
}

KNOWS = {
    "response": "the response alone",
    "label": "whether the response is chosen or rejected",
    "pair": "the other response of the pair",
}

# What the theory says with, over finite sets (see `indexed`); log and exp are as above.
THEORY_FUNCTIONS = {
    word.name: word
    for word in (
        FUNCTIONS["log"],
        FUNCTIONS["exp"],
        Word("sigmoid", ("sigmoid(a)",), "1/(1 + exp(-a))"),
        Word("sum", ("sum(j, a)",), "sum of a over all values of the index j"),
        Word("least", ("least(j, a)",), "least value of a over all values of the index j"),
        Word("most", ("most(j, a)",), "largest value of a over all values of the index j"),
        Word(
            "derivative",
            ("derivative(a, k)", "derivative(a, f, h)"),
            "derivative of a as the parameter k grows, or as the function f grows along the "
            "function h: of a with f + e*h in place of f, by e, at e = 0",
        ),
    )
}

CATEGORIES = {
    "notation": "a slip of notation or typesetting, whose meaning the paper itself makes plain",
    "error": "a misprint or mistake: what is printed has a definite meaning, and is false",
    "overstatement": "true of less than it says, or more is asked for, or promised, than there is",
}

FORMS = {"display": "a displayed equation", "box": "a boxed result", "text": "a claim in the text"}

AUDIT_STATUSES = {
    **STATUSES,
    "not checked": (
        "it is not expressible in the language, or as printed it has no definite meaning"
    ),
}

PROPERTIES = {
    "fixed prior": "the prior is free of the policy and of the label, so that equation 5 applies",
}

RESERVED = frozenset((*QUANTITIES, *FUNCTIONS, *RESPONSES, TOKEN, "x", "zeta"))
