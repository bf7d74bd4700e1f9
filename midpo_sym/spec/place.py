"""Where in a TOML file a value stands: the one thing that TOML readers do not tell."""

from __future__ import annotations

import re
from dataclasses import dataclass

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\[\]#]+?)\s*\]\]?\s*(#.*)?$")


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


def find_key(text: str, path: tuple[str | int, ...]) -> int:
    """Return the offset of a key, or of the closest table that holds it.

    Args:
        text: the whole file.
        path: keys from the outside in; a number counts the tables of an array from 0.
    """
    names = [each for each in path if isinstance(each, str)]
    number = next((each for each in path if isinstance(each, int)), 0)
    best, best_depth = 0, 0
    table: list[str] = []
    seen: dict[str, int] = {}
    offset = 0
    for line in text.splitlines(keepends=True):
        header = _HEADER.match(line)
        if header:
            table = _split(header[2])
            if header[1] == "[[":
                seen[table[0]] = seen.get(table[0], -1) + 1
        right_element = table[:1] != names[:1] or seen.get(names[0], number) == number
        if right_element:
            found = table if header else _key_of(line, table)
            inline = _inline(line, table, found, names)
            depth = _common(found, names)
            if header is None and inline >= 0 and depth < len(names):
                best, best_depth = offset + inline, depth + 1
                if best_depth == len(names):
                    return best
            elif depth > best_depth and depth == len(found):
                best, best_depth = offset + len(line) - len(line.lstrip()), depth
                if depth == len(names):
                    return best
        offset += len(line)
    return best


def find_value(text: str, key: int, value: str) -> int | None:
    """Return the offset of a string value behind its key, if it stands there word for word."""
    end = text.find("=", key)
    if end < 0:
        return None
    found = text.find(value, end)
    if found < 0 or set(text[end + 1 : found]) - set(" \t\r\n\"'"):
        return None
    return found


def _split(dotted: str) -> list[str]:
    return [part.strip().strip("\"'") for part in dotted.split(".")]


def _key_of(line: str, table: list[str]) -> list[str]:
    name, equals, _ = line.partition("=")
    return [*table, *_split(name)] if equals else []


def _inline(line: str, table: list[str], found: list[str], names: list[str]) -> int:
    """Return the column of the last name in an inline table `key = { name = ... }`, or -1."""
    if not found or found != names[:-1] or len(found) <= len(table):
        return -1
    match = re.search(rf"[{{,]\s*[\"']?({re.escape(names[-1])})[\"']?\s*=", line)
    return match.start(1) if match else -1


def _common(left: list[str], right: list[str]) -> int:
    count = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return count
