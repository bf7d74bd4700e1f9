"""Where in a TOML file a key or a value stands: the one thing that TOML readers do not tell.

`Places` reads a file that a TOML reader has accepted, so it looks at brackets, names and strings
only, and never has to judge.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass

KeyPath = tuple[str | int, ...]

# A string that is not closed ends with its line or with the file, so that reading stays linear.
_STRING = (
    r'"""(?:\\.|[^\\])*?(?:"{3,5}|\Z)'
    r"|'''.*?(?:'{3,5}|\Z)"
    r'|"(?:\\[^\n]|[^"\\\n])*"?'
    r"|'[^'\n]*'?"
)
_COMMENT = r"\#[^\n]*"
_TOKEN = re.compile(
    rf"(?P<name>{_STRING}|[^\s\[\]{{}}=,.\#\"']+)|{_COMMENT}|(?P<mark>[\[\]{{}}=,\n])", re.DOTALL
)
_OPAQUE = re.compile(f"{_STRING}|{_COMMENT}", re.DOTALL)
_LONG_KEY = re.compile(r"(?<![\w-])(?:[\w-]+[ \t]*\.[ \t]*){8}")
_ESCAPED = re.compile(
    r"(?P<nothing>\\[ \t\r]*\n\s*)|\\u.{4}|\\U.{8}|\\.|\r\n|.",
    re.DOTALL,
)
_LITERAL = re.compile(r"(?P<nothing>(?!))|\r\n|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Place:
    """A line and a column, from 1, and the text of the line."""

    line: int
    column: int
    text: str


def place_at(text: str, offset: int) -> Place:
    """Return the place of a character offset."""
    offset = max(0, min(offset, len(text)))
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    line = text[start : end if end >= 0 else len(text)]
    return Place(text.count("\n", 0, offset) + 1, offset - start + 1, line.rstrip("\r"))


def has_long_key(text: str) -> bool:
    """Return whether a key has more parts, a.b.c..., than any specification needs.

    The time that TOML readers take grows with the square of the number of parts.
    """
    return _LONG_KEY.search(_OPAQUE.sub("_", text)) is not None


class Places:
    """Where the keys and the strings of a valid TOML file stand.

    A path names a value by its keys from the outside in; a number counts the entries of an array
    from 0, as in `("claim", 0, "where", "beta")`.
    """

    def __init__(self, text: str) -> None:
        """Read the file."""
        self.text = text
        self.keys: dict[KeyPath, int] = {}
        self.values: dict[KeyPath, tuple[int, int]] = {}
        self._scan()

    def key(self, path: KeyPath) -> int:
        """Return the offset of a key, or of the closest table that holds it."""
        while path and path not in self.keys:
            path = path[:-1]
        return self.keys.get(path, 0)

    def characters(self, path: KeyPath) -> list[int]:
        """Return the offset of each character of a string, and of its end.

        The list is empty if the value is no string.
        """
        start, end = self.values.get(path, (0, 0))
        quote = self.text[start:end][:1]
        if quote not in ("'", '"'):
            return []
        quotes = 3 if self.text.startswith(quote * 3, start) else 1
        start, end = start + quotes, end - quotes
        if quotes > 1:  # a line break right behind the quotes is not part of the string
            start += len(re.match(r"(\r?\n)?", self.text[start:end])[0])  # type: ignore[index]
        pieces = (_ESCAPED if quote == '"' else _LITERAL).finditer(self.text, start, end)
        return [*(each.start() for each in pieces if each["nothing"] is None), end]

    def _scan(self) -> None:  # noqa: C901 - one case for each sort of token
        table: KeyPath = ()
        tables: dict[KeyPath, int] = {}  # array of tables: number of its last one
        holders: list[tuple[str, KeyPath]] = []  # open brackets of a value, and what they hold
        names: list[tuple[str, int]] = []  # the key that is being read
        header = 0  # how many brackets of a header are open
        path: KeyPath | None = None  # whose value is being read; None while a key is
        for token in _TOKEN.finditer(self.text):
            string, mark = token[0], token["mark"]
            if token["name"]:
                if path is None:
                    names.append((_name(string), token.start()))
                else:
                    self.keys.setdefault(path, token.start())
                    self.values.setdefault(path, token.span())
            elif mark == "\n":
                if not holders:
                    path, names, header = None, [], 0
            elif path is None and mark == "[":
                header += 1
            elif path is None and mark == "]" and names:
                table = self._open_table(names, tables, array=header > 1)
                names = []
            elif path is None and mark == "=":
                path = self._note(holders[-1][1] if holders else table, names)
                names = []
            elif mark in ("[", "{") and path is not None:
                self.keys.setdefault(path, token.start())
                path = (*path, 0) if mark == "[" else path
                holders.append((mark, path))
                path = path if mark == "[" else None
            elif mark in ("]", "}") and holders:
                path = holders.pop()[1]
            elif mark == "," and holders:
                bracket, path = holders.pop()
                if bracket == "[":
                    path = (*path[:-1], int(path[-1]) + 1)
                holders.append((bracket, path))
                path = path if bracket == "[" else None

    def _note(self, table: KeyPath, names: list[tuple[str, int]]) -> KeyPath:
        """Remember where a dotted key stands, each part for itself, and return its path."""
        for name, offset in names:
            table = (*table, name)
            self.keys.setdefault(table, offset)
        return table

    def _open_table(
        self, names: list[tuple[str, int]], tables: dict[KeyPath, int], *, array: bool
    ) -> KeyPath:
        """Remember a header and return its path; names inside an array go to its last table."""
        path: KeyPath = ()
        for number, each in enumerate(names):
            path = self._note(path, [each])
            if array and number == len(names) - 1:
                tables[path] = tables.get(path, -1) + 1
            if path in tables:
                path = (*path, tables[path])
                self.keys.setdefault(path, each[1])
        return path


def _name(written: str) -> str:
    """Return a key without its quotes."""
    if written[0] not in "'\"":
        return written
    name: str = tomllib.loads(f"name = {written}")["name"]
    return name
