"""The JSON schema of specification files, from the closed tables of keys: editors complete by it.

It says which keys there are, of what kind, and which words are allowed. What an expression may be,
and how names go together, `midpo check` says.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from midpo_sym.language.quantities.data import ARITIES
from midpo_sym.language.vocabulary import CHECKED, DOMAINS, GIVES, KNOWS, STATUSES
from midpo_sym.spec.reading.keys import BOOLEAN, EXPRESSION, KEYS, NAMED, TABLE, TEXT, Key
from midpo_sym.spec.reading.tables import NAME

_KINDS: dict[str, dict[str, Any]] = {
    TEXT: {"type": "string", "minLength": 1},
    EXPRESSION: {"type": ["string", "integer"]},
    BOOLEAN: {"type": "boolean"},
}
# The words that a key allows, by its table; "" stands for every table that has the key.
_WORDS: dict[tuple[str, str], Mapping[str, object]] = {
    ("", "domain"): DOMAINS,
    ("", "gives"): GIVES,
    ("", "status"): STATUSES,
    ("", "gradient"): STATUSES,
    ("", "knows"): KNOWS,
    ("", "checked"): CHECKED,
    ("data", "of"): ARITIES,
    ("definitions", "of"): {"": "", "y": "", "y, t": ""},
}
_LISTS = ("claim", "term")  # arrays of tables
_WHERE = "where"  # names of the author's, with an expression each


def schema() -> dict[str, Any]:
    """Return the schema of a specification file."""
    tables = {name: _table(name) for name in KEYS if name}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A specification of midpo_sym",
        **_table(""),
        "definitions": tables,
    }


def text() -> str:
    """Return the schema as the file that is kept beside the specifications."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _table(name: str) -> dict[str, Any]:
    rows = KEYS[name]
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [key for key, row in rows.items() if row.required],
        "properties": {key: _value(name, row) for key, row in rows.items()},
    }


def _value(table: str, row: Key) -> dict[str, Any]:
    said = {"description": row.meaning}
    if row.kind == TABLE:
        return {**said, **_of_table(row.name)}
    words = _WORDS.get((table, row.name)) or _WORDS.get(("", row.name))
    return {**said, **({"enum": list(words)} if words else _KINDS[row.kind])}


def _of_table(name: str) -> dict[str, Any]:
    if name == _WHERE:
        return _named(_KINDS[EXPRESSION])
    found = {"$ref": f"#/definitions/{name}"}
    if name in NAMED:
        return _named(found)
    return {"type": "array", "items": found} if name in _LISTS else {"allOf": [found]}


def _named(of: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table whose keys are names that the author chooses."""
    return {
        "type": "object",
        "propertyNames": {"pattern": f"^{NAME.pattern}$"},
        "additionalProperties": dict(of),
    }
