r"""What the texts of a file may hold: titles, meanings, notes.

They end up on pages, in LaTeX and on terminals. A page reads the notes as Markdown, and Markdown
lets HTML through; so a text that holds more than words, links and plain mathematics is refused.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from midpo_sym.language.printing.symbols import CONTROL_WORDS

MARKDOWN = frozenset({"notes"})  # a page takes these as they are
PARAGRAPHS = MARKDOWN | {"elsewhere", "link"}  # may have several; a link is read as an expression
LINES = PARAGRAPHS | {"summary", "note", "says", "why", "meant", "reason"}  # may break a line

# What stands in formulas besides symbols.
_OPERATORS = """
    Bigl Bigr Vert aligned approx arg begin bigl bigr cap cases cdot cdots circ cup dfrac dots end
    equiv exists exp forall frac ge geq in inf infty int lVert ldots le left leq ln log lvert mapsto
    max mid min mp nabla ne neq notin operatorname partial pm prod propto qquad quad rVert right
    rvert sim sqrt subset sum sup tfrac times to vert
"""
_MATHEMATICS = CONTROL_WORDS | {*_OPERATORS.split()}
_COMMAND = re.compile(r"\\([A-Za-z]+)")
_TAG = re.compile(r"</?[A-Za-z!?][^<>]*>")
_OPENED = re.compile(r"<[A-Za-z/!?]")
_ENTITY = re.compile(r"&(?:#\w+|[A-Za-z]\w*);")
_IMAGE = re.compile(r"!\[")
_ATTRIBUTES = re.compile(r"\{:?\s*[.#]|\{[^{}]*?[A-Za-z-]{2,}\s*=")
_LINK = re.compile(r"\]\(([^)]*)\)?|^ {0,3}\[[^\]\n]*\]:\s*(\S*)", re.MULTILINE)
_TARGET = re.compile(r'(?:https?://|mailto:)?[\w./#?&=%~+,@-]*(?:\s+"[^"]*")?')


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a text: where, what, what is allowed, and what to do."""

    offset: int
    length: int
    message: str
    allowed: str
    cure: str


def fault_of(text: str, key: str) -> Fault | None:
    """Return the first thing that a text may not hold; None if there is none.

    Args:
        text: the text.
        key: the key whose value it is.
    """
    return _of_characters(text, key) or _of_markup(text, key) or _of_formulas(text)


def _of_characters(text: str, key: str) -> Fault | None:
    for offset, character in enumerate(text):
        category = unicodedata.category(character)
        if character == "\n":
            blank = not text[offset + 1 :].partition("\n")[0].strip()
            last = not text[offset:].strip()
            if key not in LINES or (blank and not last and key not in PARAGRAPHS):
                cure = "write it on one line" if key not in LINES else "take the empty line out"
                return Fault(offset, 1, "breaks off into a new line", "one line of text", cure)
        elif category[0] == "C" and character not in "\t\r":
            what = "a control character" if category in ("Cc", "Cs") else "an invisible character"
            if category in ("Co", "Cn"):
                what = "a character that Unicode gives no meaning"
            message = f"has {what}, U+{ord(character):04X}"
            return Fault(offset, 1, message, "text that can be seen", "take it out")
        elif category in ("Zl", "Zp"):
            message = f"has a separator of lines, U+{ord(character):04X}"
            return Fault(offset, 1, message, "text that can be seen", "write a space")
    return None


def _of_markup(text: str, key: str) -> Fault | None:
    words = "words, and Markdown's own marks" if key in MARKDOWN else "words"
    rules = [
        (_TAG, "has a tag of HTML", words, "write < and > in words, or take it out"),
        (_ENTITY, "has an entity of HTML", "the character itself", "write the character itself"),
        (_IMAGE, "has an image", "text and links", "take it out, or link to it"),
        (_ATTRIBUTES, "has a list of attributes", words, "take the braces out"),
    ]
    if key in MARKDOWN:
        rules.append((_OPENED, "opens a tag of HTML", words, "write a space behind <"))
    for pattern, message, allowed, cure in rules:
        found = pattern.search(text)
        if found:
            return Fault(found.start(), len(found[0]), message, allowed, cure)
    for found in _LINK.finditer(text):
        if not _TARGET.fullmatch((found[1] or found[2] or "").strip()):
            return Fault(
                found.start(),
                len(found[0]),
                "links to what is no page",
                "https://, mailto: and pages beside this one",
                "write another address, or take the link out",
            )
    return None


def _of_formulas(text: str) -> Fault | None:
    if text.count("$") < 2:  # noqa: PLR2004 - a formula stands between two
        return None
    for found in _COMMAND.finditer(text):
        if found[1] not in _MATHEMATICS:
            return Fault(
                found.start(),
                len(found[0]),
                f"has the command {found[0]}, which formulas here may not use",
                "letters, Greek letters, \\frac, \\log, \\sum, \\left, \\right and the like",
                "write it with these, or in words",
            )
    return None
