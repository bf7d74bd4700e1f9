"""The closed tables of keys that files may hold: specifications, the theory and the audit.

The loaders validate by these rows, and tests compare them with `derivations/README.md`.
"""

from __future__ import annotations

from dataclasses import dataclass

TEXT, EXPRESSION, TABLE, BOOLEAN = "text", "expression", "table", "true or false"


@dataclass(frozen=True, slots=True)
class Key:
    """A key that may stand in a table of the file.

    Attributes:
        name: the key.
        kind: what its value is; `expression` is text in the language.
        required: whether it has to be there.
        meaning: what it says.
    """

    name: str
    kind: str
    required: bool
    meaning: str


def rows(*each: tuple[str, str, bool, str]) -> dict[str, Key]:
    """Return rows of the table by their keys."""
    return {row[0]: Key(*row) for row in each}


_SOURCE = rows(
    ("work", TEXT, True, "a key of sources.toml, or a citation"),
    ("place", TEXT, True, "where in the work, such as `section 2.2`"),
)
_DOMAIN = ("domain", TEXT, True, "`real`, `nonnegative`, `positive`, `unit` or `open unit`")
_IN_PYTHON = ("torch", TEXT, False, "its name in Python; the same as here if left out")
_PRINTED = (
    ("latex", TEXT, False, "its symbol in LaTeX"),
    ("unicode", TEXT, False, "its symbol in Unicode"),
)

# Name of the table ("" is the file itself): its keys.
KEYS: dict[str, dict[str, Key]] = {
    "": rows(
        ("title", TEXT, True, "short name, as people say it"),
        ("name", TEXT, False, "full name"),
        ("summary", TEXT, True, "one sentence: what is special about it"),
        ("source", TABLE, False, "the work that introduced the algorithm"),
        (
            "checked",
            TEXT,
            False,
            "where the formula was read: `paper`, `code` or `secondary`; needed in the atlas",
        ),
        ("notes", TEXT, False, "Markdown for the page"),
        ("elsewhere", TEXT, False, "how other code of the same name differs, for the torch loss"),
        ("parameters", TABLE, False, "one entry for each scalar parameter"),
        ("weights", TABLE, False, "one entry for each number per token"),
        (
            "data",
            TABLE,
            False,
            "one entry for each number that is given, of whatever arity",
        ),
        ("definitions", TABLE, False, "one entry for each abbreviation, in order of use"),
        ("prior", TABLE, True, "the prior ζ and the scale α of the framework"),
        ("loss", TABLE, True, "the loss, as its own paper prints it"),
        ("claim", TABLE, False, "what some work prints, and what must come out of checking it"),
    ),
    "source": _SOURCE,
    "parameters": rows(
        _DOMAIN,
        ("default", EXPRESSION, False, "the value the algorithm's authors use; a number"),
        ("meaning", TEXT, True, "what it does"),
        *_PRINTED,
        _IN_PYTHON,
    ),
    "weights": rows(
        _DOMAIN,
        ("by_label", BOOLEAN, False, "whether chosen and rejected have weights of their own"),
        ("meaning", TEXT, True, "what it does"),
        *_PRINTED,
        _IN_PYTHON,
    ),
    "data": rows(
        ("of", TEXT, True, "what has one: `y, t` a token, `y` a response, `pair`, or `batch`"),
        _DOMAIN,
        ("by_label", BOOLEAN, False, "whether chosen and rejected have numbers of their own"),
        ("meaning", TEXT, True, "what it is"),
        *_PRINTED,
        _IN_PYTHON,
    ),
    "definitions": rows(
        ("is", EXPRESSION, True, "what it abbreviates"),
        ("of", TEXT, False, "`y` for any response, `y, t` for any token, left out for neither"),
        ("meaning", TEXT, False, "what it says"),
        *_PRINTED,
    ),
    "prior": rows(
        ("zeta", EXPRESSION, True, "ζ(y), up to a factor that depends on x only"),
        ("scale", EXPRESSION, False, "α of the framework; `alpha` if left out"),
        ("gives", TEXT, False, "what of the loss MI-DPO gives with it; `loss` if left out"),
    ),
    "loss": rows(
        ("link", TEXT, False, "a named link, or an expression in a; `logsigmoid` if left out"),
        ("argument", EXPRESSION, False, "what goes into the link, in terms of w and l"),
        ("term", TABLE, False, "instead of the two: one entry for each term, `[[loss.term]]`"),
        ("plus", EXPRESSION, False, "what is added to the terms, in terms of w, l and o"),
    ),
    "term": rows(
        ("weight", EXPRESSION, False, "what the term is multiplied by; 1 if left out"),
        ("link", TEXT, False, "a named link, or an expression in a; `logsigmoid` if left out"),
        ("argument", EXPRESSION, True, "what goes into the link, in terms of w and l"),
    ),
    "claim": rows(
        ("id", TEXT, True, "permanent name within the file"),
        ("work", TEXT, True, "a key of sources.toml, or a citation"),
        ("place", TEXT, True, "where in the work, such as `appendix B`"),
        ("printed", BOOLEAN, False, "whether a work prints it as claimed; true if left out"),
        ("convention", TEXT, False, "the library and version whose code computes it"),
        ("status", TEXT, True, "expected of the value: `proved`, `refuted` or `undecided`"),
        ("gradient", TEXT, False, "expected of the gradient; the same as `status` if left out"),
        ("zeta", EXPRESSION, False, "replaces `prior.zeta`"),
        ("scale", EXPRESSION, False, "replaces `prior.scale`"),
        ("gives", TEXT, False, "replaces `prior.gives`"),
        ("link", TEXT, False, "replaces `loss.link`"),
        ("argument", EXPRESSION, False, "replaces `loss.argument`"),
        ("term", TABLE, False, "replaces the terms of the loss: `[[claim.term]]`"),
        ("plus", EXPRESSION, False, "replaces `loss.plus`"),
        ("knows", TEXT, False, "expected of the prior solved from the loss: what it knows"),
        ("parameters", TABLE, False, "parameters of this claim alone: `[claim.parameters]`"),
        ("where", TABLE, False, "parameters or definitions given another value in this claim"),
        ("residual", EXPRESSION, False, "expected of framework minus target, if refuted"),
        ("note", TEXT, False, "what went wrong, or what is meant, for people"),
    ),
}

# Tables whose keys are names that the author chooses.
NAMED = ("parameters", "weights", "data", "definitions")

_SYMBOL = (("meaning", TEXT, False, "what it is"), *_PRINTED)
_HEAD = (
    ("title", TEXT, True, "what the file is about"),
    ("summary", TEXT, True, "one sentence"),
    ("source", TABLE, False, "where the paper says it"),
    ("notes", TEXT, False, "Markdown, for people"),
    ("parameters", TABLE, False, "one entry for each scalar parameter"),
    ("functions", TABLE, False, "one entry for each function of indices"),
    ("definitions", TABLE, False, "one entry for each abbreviation, in order of use"),
    ("hypotheses", TABLE, False, "one entry for each thing that may be assumed"),
)
_DECLARATIONS: dict[str, dict[str, Key]] = {
    "source": _SOURCE,
    "parameters": rows(_DOMAIN, *_SYMBOL),
    "functions": rows(
        ("of", TEXT, True, "its indices, such as `x, y`"),
        _DOMAIN,
        *_SYMBOL,
    ),
    "definitions": rows(
        ("is", EXPRESSION, True, "what it abbreviates"),
        ("of", TEXT, False, "its indices, such as `x, y`; left out for none"),
        *_SYMBOL,
    ),
    "hypotheses": rows(
        ("is", TEXT, True, "`sum(y, f(x, y)) = 1`, or `f(x) = a` with f not in a"),
        ("for", TEXT, False, "the indices that are free in it: it holds for all their values"),
        ("meaning", TEXT, False, "what it says"),
    ),
}
# What makes an equation or a bound, in a step of a chain and in an entry of the audit.
_PROOF = (
    ("using", TEXT, False, "the hypotheses needed, all of them and no other"),
    ("gap", EXPRESSION, False, "of a bound: larger side minus smaller, not negative by its form"),
)
_FREE = ("for", TEXT, False, "the indices that are free: it holds for all their values")
_STATEMENT = (
    _FREE,
    ("left", EXPRESSION, False, "left side of the statement"),
    ("relation", TEXT, False, "`=` or `<=`; `=` if left out"),
    ("right", EXPRESSION, False, "right side of the statement"),
    *_PROOF,
)

THEORY_KEYS: dict[str, dict[str, Key]] = {
    "": rows(*_HEAD, ("chain", TABLE, True, "one entry for each derivation")),
    **_DECLARATIONS,
    "chain": rows(
        ("id", TEXT, True, "permanent name within the file"),
        ("title", TEXT, True, "what is derived, in words"),
        _FREE,
        ("start", EXPRESSION, True, "what the derivation starts from"),
        ("note", TEXT, False, "what it means, for people"),
        ("step", TABLE, True, "one entry for each step"),
    ),
    "step": rows(
        ("rule", TEXT, True, "the rules that lead here, all of them and no other: `a, b`"),
        ("by", TEXT, False, "the chains cited: `split`, above in this file, or `lemma_1/split`"),
        (
            "where",
            TEXT,
            False,
            "what stands for names of a cited file: `c(x, y) = policy(a, x, y); ...`",
        ),
        (
            "relation",
            TEXT,
            False,
            "from the line before to this one: `=`, `<=` or `>=`; `=` if left out",
        ),
        ("to", EXPRESSION, True, "the line that the step arrives at"),
        *_PROOF,
        ("equal_where", TEXT, False, "`a = b`: of a bound, its sides are equal only where a = b"),
        ("zero_where", TEXT, False, "`a = b`: the line is zero if and only if a = b"),
        ("factor", EXPRESSION, False, "k > 0 with line = k (log a - log b), for `zero_where`"),
        ("at", TEXT, False, "the index at which a least value is compared"),
        ("over", TEXT, False, "the index over which the bound holds, to take the least value"),
        ("note", TEXT, False, "for people"),
    ),
}

AUDIT_KEYS: dict[str, dict[str, Key]] = {
    "": rows(*_HEAD, ("entry", TABLE, True, "one entry for each statement of the paper")),
    **_DECLARATIONS,
    "entry": rows(
        ("id", TEXT, True, "permanent name, unique in the whole audit"),
        ("place", TEXT, True, "where the paper says it"),
        ("says", TEXT, True, "what it says, in words"),
        ("form", TEXT, True, "`display`, `box` or `text`: how it is printed"),
        ("status", TEXT, True, "the verdict expected"),
        ("category", TEXT, False, "of what is not right as printed: what kind of slip"),
        ("why", TEXT, True, "the verdict in one line"),
        ("meant", TEXT, False, "what the authors plainly meant, and whether that is true"),
        *_STATEMENT,
        ("residual", EXPRESSION, False, "of what is refuted: left minus right"),
        (
            "claim",
            TEXT,
            False,
            "instead of left and right: claims, as `simpo/section-4`",
        ),
        (
            "chain",
            TEXT,
            False,
            "instead of left and right: chains, as `lemma_1/split`",
        ),
        ("property", TEXT, False, "instead of left and right: what most of `of` have"),
        ("of", TEXT, False, "derivations that are said to have the property"),
        (
            "same",
            TEXT,
            False,
            "instead of left and right: the entry that judges the same, and counts the slip",
        ),
        ("negated", BOOLEAN, False, "true if the evidence, once proved, refutes what is printed"),
        ("reason", TEXT, False, "instead of left and right: why it is not checked"),
        ("repair", TABLE, False, "a statement that is right: left, right, ... or claim, or chain"),
    ),
    "repair": rows(
        ("says", TEXT, True, "the repaired statement, in words"),
        *_STATEMENT,
        ("claim", TEXT, False, "instead of left and right: claims of a derivation"),
        ("chain", TEXT, False, "instead of left and right: chains of the theory"),
    ),
}

THEORY_NAMED = ("parameters", "functions", "definitions", "hypotheses")
