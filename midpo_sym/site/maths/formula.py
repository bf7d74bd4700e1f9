r"""LaTeX to MathML, when the page is built: no script has to run where it is read.

Two commands are this module's own. `\sym{name}{\alpha}` marks a symbol that the page explains, and
`\allowbreak` is a place where a line may end: each piece between two of them is a formula of its
own in the page, so that the browser breaks the line where the reader's window asks for it. A prime
behind `\allowbreak` says that the place is within a term, two that it is within a term of a term:
a browser uses such a place only if what is around it does not fit on a line of its own.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from math_core import LatexError, LatexToMathML

from midpo_sym.session import remembered
from midpo_sym.site.mkdocs.errors import FormulaError

BREAK = r"\allowbreak"
_BREAKS = re.compile(r"\\allowbreak'*")
_SYM = re.compile(r"\\sym\{([A-Za-z0-9_]+)\}\{")
_CLOSE = "\ue000"  # private characters mark symbols on their way through the renderer
_ROW_WITH_LENGTH = re.compile(r"\\\\\s*\[")
# The renderer puts a symbol's marks in the row that the braces around it make.
_OPENED = re.compile("<mrow><mi>([\ue001-\uf8ff])</mi>")
_CLOSED = f"<mi>{_CLOSE}</mi></mrow>"
# menclose is no part of MathML Core: one browser ignores it, another draws it.
_BOX = re.compile(r'<menclose notation="box">(.*?)</menclose>')
_APPLIED = "<mo>&ApplyFunction;</mo><mrow data-s"  # a thin space, as before any other symbol
_SPACED = '<mo lspace="0.1667em">&ApplyFunction;</mo><mrow data-s'
_SUM = re.compile('<mo rspace="0">(?=[∑∏])')  # a thin space after it, as in print

# The same to every browser, in fewer bytes: a page of long formulas is halved. An operator without
# space and without stretching looks like an identifier.
_SHORTER = (
    (re.compile(r"<mrow><mspace/>(<mi[^>]*>[^<]+</mi>)</mrow>"), r"\1"),
    (re.compile("&ApplyFunction;"), "\u2061"),
    (re.compile('<mspace style="margin-left:-0.16666667em;"/>'), ""),
    (re.compile("0\\.16+7em|0\\.1667em"), ".17em"),
    (
        re.compile('<mo(?: stretchy="false")? lspace="0" rspace="0">([^<−+]|&lt;)</mo>'),
        r"<mi>\1</mi>",
    ),
    (re.compile('<mo stretchy="false">([()])</mo>'), r"<mi>\1</mi>"),
    (re.compile('<mo rspace="0">,</mo>'), "<mi>,</mi>"),
    (re.compile(r'<mrow data-s="(\w+)"><mi>([^<]+)</mi></mrow>'), r"<mi data-s=\1>\2</mi>"),
    (
        re.compile(r'<mrow data-s="(\w+)"><msub>(.{,40}?)</msub></mrow>'),
        r"<msub data-s=\1>\2</msub>",
    ),
    (re.compile(r'data-s="(\w+)"'), r"data-s=\1"),
    (re.compile('<mo lspace=".17em">\u2061</mo>'), '<mspace width=".17em"/>'),
    (re.compile('<mspace width=".17em"/>'), "<mspace/>"),  # the style sheet gives it this width
    (re.compile("<mspace/><mspace/>"), "<mspace/>"),
    (re.compile("<mrow></mrow>"), "<mi/>"),
    # Between the name of a function and its bracket a row of its own changes nothing.
    (
        re.compile(
            r"<mrow>(<mi>log</mi><mspace/>(?:<mi[^>]*>[^<]</mi>|<msub[^>]*>.{,40}?</msub>))</mrow>"
            r"(?=<mi>\(</mi>)"
        ),
        r"\1",
    ),
    (re.compile(r"<mi>\(</mi><mi>⋅</mi>"), "<mi>(⋅</mi>"),
    (re.compile('<mo minsize="1.2em" maxsize="1.2em">([()])</mo>'), r"<mi class=big>\1</mi>"),
)

# An index such as w,<t is short if it is one identifier.
_INDEX = re.compile("<mrow>((?:<mi>(?:[^<]|&lt;)</mi>|<mn>[^<]+</mn>){2,})</mrow>")
# The brackets of a divergence have nothing to grow around.
_BRACKETS = re.compile(
    r"(KL</mi>)<mrow><mo[^>]*>\(</mo>((?:(?!</?mrow|<mfrac|<munder).)*)<mo>\)</mo></mrow>"
)
_ITALIC = {
    **{chr(ord("a") + k): 0x1D44E + k for k in range(26)},
    **{chr(ord("A") + k): 0x1D434 + k for k in range(26)},
    "h": 0x210E,  # Unicode had this one before the others
    **{chr(ord("α") + k): 0x1D6FC + k for k in range(25)},
}

_converter = LatexToMathML(fancy_error=False)


def inline(latex: str) -> str:
    """Return a formula as HTML for a line of text.

    Raises:
        FormulaError: it has a command that the renderer does not know.
    """
    return _html(latex, display=False)


def block(latex: str, *, noted: bool = True) -> str:
    """Return a formula as HTML that stands on its own, in lines as wide as the window allows.

    Args:
        latex: the formula.
        noted: whether it carries its LaTeX along, to be copied.

    Raises:
        FormulaError: it has a command that the renderer does not know.
    """
    return f'<div class="eq" data-search-exclude>{_html(latex, display=True, noted=noted)}</div>'


def _html(latex: str, *, display: bool, noted: bool = True) -> str:
    """Return the pieces of a formula; the LaTeX of the whole is a note in the first."""
    # In a block the style sheet asks for the style of displayed formulas.
    start = "<math>" if display else "<math data-search-exclude>"
    shown = _together(latex, start, 0, display=display)
    if not noted:
        return shown
    note = f'<annotation encoding="application/x-tex">{html.escape(plain(latex))}</annotation>'
    first, end, rest = shown.partition("</math>")
    opened, _, inner = first.partition(start)
    return f"{opened}{start}<semantics><mrow>{inner}</mrow>{note}</semantics>{end}{rest}"


def _together(latex: str, start: str, depth: int, *, display: bool) -> str:
    """Return pieces; those between two breaks of a depth stay on a line if they fit on one."""
    shown = []
    for part in re.split(rf"\\allowbreak'{{{depth}}}(?!')", latex):
        if _BREAKS.search(part):
            inner = _together(part, start, depth + 1, display=display)
            shown.append(f'<span class="term">{inner}</span>')
        elif part.strip():
            shown.append(f"{start}{_math(part.strip(), display=display)}</math>")
    return " ".join(shown)


def weaker(latex: str) -> str:
    """Return a term whose breaks are within it, seen from outside."""
    return _BREAKS.sub(lambda found: f"{found[0]}'", latex)


def plain(latex: str) -> str:
    """Return a formula without the two commands of this module."""
    unmarked = "".join(text for text, _ in _marks(latex))
    return " ".join(_BREAKS.sub(" ", unmarked).split())


@remembered(20_000)
def _math(latex: str, *, display: bool) -> str:
    if _ROW_WITH_LENGTH.search(latex):
        raise FormulaError(plain(latex), "a row that ends with a length, \\\\[…], is printed as is")
    names: list[str] = []
    source = ""
    for text, name in _marks(latex):
        if name:
            names.append(name)
            source += f"{{{chr(0xE001 + len(names) - 1)}"
        source += text
        source += f"{_CLOSE}}}" if name else ""
    try:
        mathml = _converter.convert_with_local_state(source, displaystyle=display)
    except LatexError as error:
        raise FormulaError(plain(latex), _detail(str(error))) from None
    body = re.sub(r"^<math[^>]*>|</math>$", "", mathml)
    body = _OPENED.sub(lambda found: _symbol(names[ord(found[1]) - 0xE001]), body)
    body = body.replace(_CLOSED, "</mrow>").replace(_APPLIED, _SPACED)
    body = _SUM.sub('<mo rspace=".17em">', body)
    body = _BOX.sub(r'<mrow class="box">\1</mrow>', body)
    for long, short in _SHORTER:
        body = long.sub(short, body)
    body = _INDEX.sub(lambda found: f"<mi>{_joined(found[1])}</mi>", body)
    return _BRACKETS.sub(r"\1<mspace/><mi>(</mi>\2<mi>)</mi>", body)


def _joined(row: str) -> str:
    """Return letters and signs as one identifier, its letters italic as they are by themselves."""
    found = re.findall("<m[in]>(.+?)</m[in]>", row)
    return "".join(chr(_ITALIC[each]) if each in _ITALIC else each for each in found)


def _symbol(name: str) -> str:
    return f'<mrow data-s="{name}">'


def _marks(latex: str) -> Iterator[tuple[str, str]]:
    r"""Yield (text, name) in order; the name is "" for what is not inside a \sym."""
    here = 0
    while found := _SYM.search(latex, here):
        yield latex[here : found.start()], ""
        end = _closing(latex, found.end())
        yield latex[found.end() : end], found[1]
        here = end + 1
    yield latex[here:], ""


def _closing(latex: str, start: int) -> int:
    """Return the place of the brace that closes the one before `start`."""
    depth = 1
    for place in range(start, len(latex)):
        depth += {"{": 1, "}": -1}.get(latex[place], 0)
        if depth == 0:
            return place
    raise FormulaError(latex, "a brace is not closed")


def _detail(message: str) -> str:
    return message.partition(": ")[2].rstrip(".") or message
