"""Names and comments that mean nothing to Coq but what they are.

A name gets a prefix that no keyword and no name of the library has; every character that is no
ASCII letter, digit or underscore becomes its number in hexadecimal between `'u` and `'`, so
different names stay different. A comment loses everything that could end it.

    >>> parameter("forall"), parameter("α*")
    ('p_forall', "p_'u3b1''u2a'")
"""

from __future__ import annotations

import re
import unicodedata

from midpo_sym.language.quantities.statistics import KL, Statistic

_PLAIN = re.compile(r"[A-Za-z0-9_]")
_COMMENT = re.compile(r"[^A-Za-z0-9 .,;:/+=_<>()'*-]")
LIBRARY = (KL,)  # what `MidpoCore` has a definition of, under the operator's own name
_MOST = 160  # characters of free text in a comment


def mangle(name: str) -> str:
    """Return a name in the letters, digits, `_` and `'` of a Coq identifier; one to one."""
    return "".join(each if _PLAIN.fullmatch(each) else f"'u{ord(each):x}'" for each in name)


def model(name: str) -> str:
    """Return the name of a language model."""
    return f"m_{mangle(name)}"


def parameter(name: str) -> str:
    """Return the name of a parameter."""
    return f"p_{mangle(name)}"


def weight(name: str) -> str:
    """Return the name of a weight."""
    return f"w_{mangle(name)}"


def datum(name: str) -> str:
    """Return the name of a number that is given as data."""
    return f"d_{mangle(name)}"


def statistic(row: Statistic) -> str:
    """Return the name of a function of models that is a statistic of next-token distributions."""
    return row.operator.name if row.operator in LIBRARY else f"q_{mangle(row.name)}"


def file_stem(claim: str | None) -> str:
    """Return the name of the file about a claim, or about a specification's own statement.

    Coq asks for an identifier, and ids of claims are spelled with hyphens.
    """
    if claim is None:
        return "statement"
    return "claim_" + "".join({"-": "_", "_": "'"}.get(each, mangle(each)) for each in claim)


def comment(text: str) -> str:
    """Return free text that can stand in a comment: ASCII, one line, nothing that ends it."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "replace").decode()
    line = _COMMENT.sub("?", " ".join(plain.split()))[:_MOST]
    while "(*" in line or "*)" in line:
        line = line.replace("(*", "( *").replace("*)", "* )")
    return f"(* {line} *)"
