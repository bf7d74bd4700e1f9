"""The closed tables of keys of the files under `derivations/theory` and `derivations/audit`."""

from __future__ import annotations

from midpo_sym.spec.reading.keys import BOOLEAN, EXPRESSION, TABLE, TEXT, Key, rows

_SYMBOL = (
    ("meaning", TEXT, False, "what it is"),
    ("latex", TEXT, False, "its symbol in LaTeX"),
    ("unicode", TEXT, False, "its symbol in Unicode"),
)
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
    "source": rows(
        ("work", TEXT, True, "a key of sources.toml, or a citation"),
        ("place", TEXT, True, "where in the work, such as `section 2.2`"),
    ),
    "parameters": rows(
        ("domain", TEXT, True, "`real`, `nonnegative`, `positive` or `unit`"), *_SYMBOL
    ),
    "functions": rows(
        ("of", TEXT, True, "its indices, such as `x, y`"),
        ("domain", TEXT, True, "`real`, `nonnegative`, `positive` or `unit`"),
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

THEORY_KEYS: dict[str, dict[str, Key]] = {
    "": rows(*_HEAD, ("chain", TABLE, True, "one entry for each derivation")),
    **_DECLARATIONS,
    "chain": rows(
        ("id", TEXT, True, "permanent name within the file"),
        ("title", TEXT, True, "what is derived, in words"),
        ("for", TEXT, False, "the indices that are free: it holds for all their values"),
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
        ("for", TEXT, False, "the indices that are free: it holds for all their values"),
        ("left", EXPRESSION, False, "left side of the statement"),
        ("relation", TEXT, False, "`=` or `<=`; `=` if left out"),
        ("right", EXPRESSION, False, "right side of the statement"),
        *_PROOF,
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
        ("for", TEXT, False, "the indices that are free: it holds for all their values"),
        ("left", EXPRESSION, False, "left side of the statement"),
        ("relation", TEXT, False, "`=` or `<=`; `=` if left out"),
        ("right", EXPRESSION, False, "right side of the statement"),
        *_PROOF,
        ("claim", TEXT, False, "instead of left and right: claims of a derivation"),
        ("chain", TEXT, False, "instead of left and right: chains of the theory"),
    ),
}

THEORY_NAMED = ("parameters", "functions", "definitions", "hypotheses")
