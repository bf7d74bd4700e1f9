r"""An ordinary extension of Python-Markdown: `$…$` and `$$…$$` become MathML.

Any builder that reads Markdown with Python-Markdown can load it; it knows nothing of mkdocs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from xml.etree.ElementTree import Element, SubElement

from markdown import Markdown
from markdown.blockprocessors import BlockProcessor
from markdown.extensions import Extension
from markdown.inlinepatterns import InlineProcessor

from midpo_sym.site.maths import formula
from midpo_sym.site.mkdocs.errors import FormulaError

_INLINE = r"(?<![\\$])\$(?![\s$])([^$]+?)(?<![\s\\])\$(?![\d$])"
_BLOCK = re.compile(r" {0,3}\$\$(.+)\$\$\s*", re.DOTALL)  # further in, it belongs to a list or tab
# Above the pattern of code in backticks a formula would be found inside code; below that of
# escapes its backslashes would be gone.
_PRIORITY = 185
_page: ContextVar[str] = ContextVar("page", default="")


class MathExtension(Extension):
    """Mathematics in Markdown."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - Python-Markdown's name
        """Add the two notations."""
        md.inlinePatterns.register(_Inline(_INLINE, md), "midpo-math", _PRIORITY)
        md.parser.blockprocessors.register(_Block(md.parser), "midpo-math", _PRIORITY)


class _Inline(InlineProcessor):
    def handleMatch(  # type: ignore[override]  # noqa: N802 - Python-Markdown's name
        self, m: re.Match[str], data: str
    ) -> tuple[str, int, int]:
        del data
        with _named():
            return self.md.htmlStash.store(formula.inline(m[1])), m.start(0), m.end(0)


class _Block(BlockProcessor):
    def test(self, parent: Element, block: str) -> bool:
        del parent
        return bool(_BLOCK.fullmatch(block.strip("\n")))

    def run(self, parent: Element, blocks: list[str]) -> None:
        found = _BLOCK.fullmatch(blocks.pop(0).strip("\n"))
        if found:
            with _named():
                # A paragraph that is nothing but stored HTML gives way to it.
                paragraph = SubElement(parent, "p")
                paragraph.text = self.parser.md.htmlStash.store(formula.block(found[1].strip()))


@contextmanager
def rendering(page: str) -> Iterator[None]:
    """Name the page that is being rendered, for errors."""
    token = _page.set(page)
    try:
        yield
    finally:
        _page.reset(token)


def name_page(page: str) -> None:
    """Name the page that is rendered next, where there is no block to put it around."""
    _page.set(page)


@contextmanager
def _named() -> Iterator[None]:
    try:
        yield
    except FormulaError as error:
        error.file = error.file or _page.get()
        raise


def makeExtension(**options: object) -> MathExtension:  # noqa: N802 - Python-Markdown's name
    """Return the extension, as Python-Markdown asks for it."""
    return MathExtension(**options)
