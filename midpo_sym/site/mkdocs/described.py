"""The description of a page that has none of its own: how its text begins."""

from __future__ import annotations

import re

_LONGEST = 160  # characters that a search engine shows
_NOT_TEXT = ("#", "<", "|", "{", "-", "`", "=", "!", ":::", ">")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_MARKS = re.compile(r"[`*_$\\]")


def description(markdown: str) -> str:
    """Return the first paragraph of a page as plain text, cut at a word; "" if it has none."""
    for block in re.split(r"\n\s*\n", markdown):
        text = " ".join(block.split())
        if text and not text.startswith(_NOT_TEXT):
            text = _MARKS.sub("", _LINK.sub(r"\1", text))
            if len(text) <= _LONGEST:
                return text
            return f"{text[: _LONGEST - 1].rpartition(' ')[0]}…"
    return ""
