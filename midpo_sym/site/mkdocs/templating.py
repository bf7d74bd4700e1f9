"""Templates of pages, with mathematics and verdicts as filters."""

from __future__ import annotations

import html
import re
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from midpo_sym.prover.prove import Result
from midpo_sym.prover.verdict import Status
from midpo_sym.session import remembered
from midpo_sym.site.maths import formula
from midpo_sym.targets.wording.losses import SIGNS


@remembered(1)  # one is made for all pages
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("midpo_sym.site"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=True,
    )
    environment.filters["math"] = lambda latex: Markup(formula.inline(latex))  # noqa: S704
    environment.filters["eq"] = lambda latex: Markup(formula.block(latex))  # noqa: S704
    environment.filters["part"] = lambda latex: Markup(formula.block(latex, noted=False))  # noqa: S704
    environment.filters["prose"] = prose
    environment.filters["badges"] = badges
    environment.filters["anchor"] = anchor
    return environment


def render(template: str, /, **context: Any) -> bytes:
    """Return a page.

    Args:
        template: name of a file beside this module, without `.jinja`.
        context: what it shows; every name in it has to be given.
    """
    return _environment().get_template(f"{template}.jinja").render(context).encode()


def badges(result: Result) -> Markup:
    """Return the verdicts of value and gradient, never one for the other."""
    pairs = (("value", result.verdict.status), ("gradient", result.gradient.status))
    return Markup(" ").join(_badge(what, status) for what, status in pairs)


def _badge(what: str, status: Status) -> Markup:
    return Markup('<span class="badge {}">{} {} {}</span>').format(
        status.value, what, SIGNS[status.value], status.value
    )


def anchor(name: str) -> str:
    """Return the id of what has a name in plain words, such as a law."""
    return re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")


def prose(text: str) -> Markup:
    """Return plain text with words of code in backticks as HTML."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", html.escape(text)))  # noqa: S704 - escaped


def fenced(language: str, text: str) -> Markup:
    """Return text as a block of code in Markdown."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return Markup(f"{fence}{language}\n{text.rstrip()}\n{fence}")  # noqa: S704 - Markdown, not HTML


def indented(text: str, spaces: int = 4) -> Markup:
    """Return Markdown as the contents of a tab."""
    lines = [f"{' ' * spaces}{line}" if line.strip() else "" for line in text.splitlines()]
    return Markup("\n".join(lines))  # noqa: S704 - Markdown, not HTML
