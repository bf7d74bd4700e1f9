"""The closed table of keys that a specification file may hold.

The loader validates by these rows, and a test compares them with `derivations/README.md`.
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


# Name of the table ("" is the file itself): its keys.
KEYS: dict[str, dict[str, Key]] = {
    "": rows(
        ("title", TEXT, True, "short name, as people say it"),
        ("name", TEXT, False, "full name"),
        ("summary", TEXT, True, "one sentence: what is special about it"),
        ("source", TABLE, False, "the work that introduced the algorithm"),
        ("notes", TEXT, False, "Markdown for the page"),
        ("elsewhere", TEXT, False, "how other code of the same name differs, for the torch loss"),
        ("parameters", TABLE, False, "one entry for each scalar parameter"),
        ("weights", TABLE, False, "one entry for each number per token"),
        ("definitions", TABLE, False, "one entry for each abbreviation, in order of use"),
        ("prior", TABLE, True, "the prior ζ and the scale α of the framework"),
        ("loss", TABLE, True, "the loss, as its own paper prints it"),
        ("claim", TABLE, False, "what some work prints, and what must come out of checking it"),
    ),
    "source": rows(
        ("work", TEXT, True, "a key of sources.toml, or a citation"),
        ("place", TEXT, True, "where in the work, such as `section 2.2`"),
    ),
    "parameters": rows(
        ("domain", TEXT, True, "`real`, `nonnegative`, `positive` or `unit`"),
        ("default", EXPRESSION, False, "the value the algorithm's authors use; a number"),
        ("meaning", TEXT, True, "what it does"),
        ("latex", TEXT, False, "its symbol in LaTeX"),
        ("unicode", TEXT, False, "its symbol in Unicode"),
        ("torch", TEXT, False, "its name in Python; the same as here if left out"),
    ),
    "weights": rows(
        ("domain", TEXT, True, "`real`, `nonnegative`, `positive` or `unit`"),
        ("by_label", BOOLEAN, False, "whether chosen and rejected have weights of their own"),
        ("meaning", TEXT, True, "what it does"),
        ("latex", TEXT, False, "its symbol in LaTeX"),
        ("unicode", TEXT, False, "its symbol in Unicode"),
        ("torch", TEXT, False, "its name in Python; the same as here if left out"),
    ),
    "definitions": rows(
        ("is", EXPRESSION, True, "what it abbreviates"),
        ("of", TEXT, False, "`y` for any response, `y, t` for any token, left out for neither"),
        ("meaning", TEXT, False, "what it says"),
        ("latex", TEXT, False, "its symbol in LaTeX"),
        ("unicode", TEXT, False, "its symbol in Unicode"),
    ),
    "prior": rows(
        ("zeta", EXPRESSION, True, "ζ(y), up to a factor that depends on x only"),
        ("scale", EXPRESSION, False, "α of the framework; `alpha` if left out"),
    ),
    "loss": rows(
        ("link", TEXT, False, "the outer function; `logsigmoid` if left out"),
        ("argument", EXPRESSION, True, "what goes into the link, in terms of w and l"),
    ),
    "claim": rows(
        ("id", TEXT, True, "permanent name within the file"),
        ("work", TEXT, True, "a key of sources.toml, or a citation"),
        ("place", TEXT, True, "where in the work, such as `appendix B`"),
        ("printed", BOOLEAN, False, "whether a work prints it as claimed; true if left out"),
        ("status", TEXT, True, "expected of the value: `proved`, `refuted` or `undecided`"),
        ("gradient", TEXT, False, "expected of the gradient; the same as `status` if left out"),
        ("zeta", EXPRESSION, False, "replaces `prior.zeta`"),
        ("scale", EXPRESSION, False, "replaces `prior.scale`"),
        ("link", TEXT, False, "replaces `loss.link`"),
        ("argument", EXPRESSION, False, "replaces `loss.argument`"),
        ("where", TABLE, False, "parameters or definitions given another value in this claim"),
        ("residual", EXPRESSION, False, "expected of framework minus target, if refuted"),
        ("note", TEXT, False, "what went wrong, or what is meant, for people"),
    ),
}

# Tables whose keys are names that the author chooses.
NAMED = ("parameters", "weights", "definitions")
