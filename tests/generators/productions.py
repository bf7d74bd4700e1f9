"""Which productions of the specification language a file uses."""

from __future__ import annotations

import tomllib
from typing import Any

from oracles.reader import parse, walk

EXPRESSIONS = {
    "parameters": ("default",),
    "definitions": ("is",),
    "prior": ("zeta", "scale"),
    "loss": ("argument",),
    "claim": ("zeta", "scale", "argument", "residual"),
}
MODELS = ("pi", "ref", "prev")
TABLES = {
    "": (
        "title",
        "name",
        "summary",
        "source",
        "notes",
        "elsewhere",
        "parameters",
        "weights",
        "definitions",
        "prior",
        "loss",
        "claim",
    ),
    "source": ("work", "place"),
    "parameters": ("domain", "default", "meaning", "latex", "unicode", "torch"),
    "weights": ("domain", "by_label", "meaning", "latex", "unicode", "torch"),
    "definitions": ("is", "of", "meaning", "latex", "unicode"),
    "prior": ("zeta", "scale"),
    "loss": ("link", "argument"),
    "claim": (
        "id",
        "work",
        "place",
        "status",
        "gradient",
        "zeta",
        "scale",
        "link",
        "argument",
        "where",
        "residual",
        "note",
    ),
}
DOMAINS = ("real", "nonnegative", "positive", "unit")
LINKS = ("logsigmoid", "identity", "hinge", "square", "sigmoid")

# Everything that derivations/README.md lists.
ALL = frozenset(
    [f"[{table}] {key}" for table, keys in TABLES.items() for key in keys]
    + [f"{table} domain {name}" for table in ("parameters", "weights") for name in DOMAINS]
    + [f"weights by_label {truth}" for truth in ("true", "false")]
    + [f"of {of}" for of in ("y", "y, t", "neither")]
    + [f"link {name}" for name in LINKS]
    + [f"{key} {name}" for key in ("status", "gradient") for name in ("proved", "refuted")]
    + ["status undecided", "gradient undecided", "where parameter", "where definition"]
    + ["sign +", "sign -", "sign *", "sign /", "sign **", "negation", "brackets", "line break"]
    + ["whole number", "quotient", "number without quotes", "parameter"]
    + [f"{name}({r}{t})" for name in MODELS for r in "ywl" for t in ("", ", t")]
    + [f"{name}({r}, t)" for name in ("kl_ref_pi", "kl_pi_ref", "weight") for r in "ywl"]
    + [f"length({r})" for r in "ywl"]
    + ["log", "exp", "sum_t", "prod_t", "by_label", "sg", "max"]
    + ["definition()", "definition(y)", "definition(w)", "definition(l)", "definition(r, t)"]
    + ["by_label in a definition", "mixture", "power of a variable exponent"]
)


def productions(text: str) -> set[str]:
    """Return the productions in a file.

    >>> found = productions('prior.zeta = "ref(y)"\\nloss.argument = "1/2"')
    >>> sorted(found)
    ['[] loss', '[] prior', '[loss] argument', '[prior] zeta', 'quotient', 'ref(y)', 'sign /', \
'whole number']
    """
    file = tomllib.loads(text)
    found = {f"[] {key}" for key in file}
    for table, value in file.items():
        if table in ("parameters", "weights", "definitions"):
            for row in value.values():
                found |= {f"[{table}] {key}" for key in row} | _words(table, row)
        elif isinstance(value, dict | list):
            for row in value if isinstance(value, list) else [value]:
                found |= {f"[{table}] {key}" for key in row} | _words(table, row)
                for name in row.get("where", ()):
                    kind = "parameter" if name in file.get("parameters", ()) else "definition"
                    found.add(f"where {kind}")
    for table, keys in EXPRESSIONS.items():
        for row in _rows(file.get(table, {}), table):
            for key in keys:
                if key in row:
                    found |= _in_expression(row[key], file, definition=table == "definitions")
    return found


def _rows(value: Any, table: str) -> list[dict[str, Any]]:
    if isinstance(value, list):
        return value
    return list(value.values()) if table in ("parameters", "definitions") else [value]


def _words(table: str, row: dict[str, Any]) -> set[str]:
    found = set()
    if "domain" in row:
        found.add(f"{table} domain {row['domain']}")
    if "by_label" in row:
        found.add(f"weights by_label {str(row['by_label']).lower()}")
    if table == "definitions":
        found.add(f"of {row.get('of', 'neither')}")
    if "link" in row:
        found.add(f"link {row['link']}")
    return found | {f"{key} {row[key]}" for key in ("status", "gradient") if key in row}


def _in_expression(text: str | int, file: dict[str, Any], *, definition: bool) -> set[str]:
    found = set()
    if isinstance(text, int):
        found.add("number without quotes")
    if "\n" in str(text):
        found.add("line break")
    if any(f"{sign}(" in str(text).replace(" ", "") for sign in ("+", "-", "*", "/")):
        found.add("brackets")
    for tree in walk(parse(text)):
        match tree:
            case ("number", _):
                found.add("whole number")
            case ("name", name) if name in file.get("definitions", ()):
                found.add("definition()")
            case ("name", name) if name in file.get("parameters", ()):
                found.add("parameter")
            case ("neg", _):
                found.add("negation")
            case ("call", name, arguments):
                found |= _in_call(name, arguments, file, definition=definition)
            case (sign, a, b):
                found.add(f"sign {sign}")
                if sign == "/" and a[0] == b[0] == "number":
                    found.add("quotient")
                if sign == "**" and b[0] not in ("number", "neg"):
                    found.add("power of a variable exponent")
                if sign == "+" and any(map(_mixed, (a, b))):
                    found.add("mixture")
    return found


def _mixed(tree: Any) -> bool:
    """Return whether a tree is a probability, or a multiple of one."""
    if tree[0] == "*":
        return any(map(_mixed, tree[1:]))
    return tree[0] == "call" and tree[1] in MODELS


def _in_call(name: str, arguments: Any, file: dict[str, Any], *, definition: bool) -> set[str]:
    written = ", ".join(each[1] if each[0] == "name" else "?" for each in arguments)
    if name in file.get("definitions", ()):
        return {"definition(r, t)" if len(arguments) == 2 else f"definition({written})"}
    if name in file.get("weights", ()):
        return {f"weight({written})"}
    if name == "by_label" and definition:
        return {"by_label", "by_label in a definition"}
    return {f"{name}({written})" if name in (*MODELS, "length") or name[:3] == "kl_" else name}
