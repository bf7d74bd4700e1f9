"""A page in fewer bytes, which means the same to every browser."""

from __future__ import annotations

import re

# What stands in these is kept to the letter.
_VERBATIM = re.compile(r"(<(?P<tag>pre|script|style|textarea)\b.*?</(?P=tag)>)", re.DOTALL)
_SCRIPT = re.compile(r"(<script\b.*?</script>)", re.DOTALL)
_LINES = re.compile(r"\s*\n\s*")
_BLOCK = (
    r"</?(?:article|details|div|h[1-6]|li|main|nav|ol|p|section|summary|t[dhr]|tbody|thead|ul)\b"
)
_AT_BLOCKS = re.compile(rf"\n(?={_BLOCK})|(?<=>)\n(?=</?table\b)|({_BLOCK}[^<>]*>)\n")
_TAG = re.compile("<[a-zA-Z][^<>]*>")
_QUOTED = re.compile(r'(?<==)"([\w.#:/-]*[\w.#:-])"(?=[ >])')
# HTML knows the namespace of svg; the search index is written before pages are.
_NEEDLESS = re.compile(' data-search-exclude| xmlns="http://www.w3.org/2000/svg"')
_ADJACENT = re.compile(r'(?<=<span class=")(\w+)">([^<]*)</span>(\s+)<span class="\1">')
_NOTED = re.compile(
    r"<math( data-search-exclude)><semantics><mrow>(.*?)</mrow>"
    "(<annotation[^>]*>(.*?)</annotation>)</semantics></math>"
)
_FEW = 32  # characters of LaTeX that nobody copies


def compact(page: str) -> str:
    """Return a page without what is of no use to a browser.

    Indentation, quotes around single words, what is for the search index; adjacent words of code
    of one kind become one; a formula within a line that stands on the page more than once has its
    LaTeX the first time, and one of a few symbols does without.
    """
    text, known = page, set[str]()

    def noted(found: re.Match[str]) -> str:
        if found[3] not in known and len(found[4]) > _FEW:
            known.add(found[3])
            return found[0]
        return f"<math{found[1]}>{found[2]}</math>"

    text = _NOTED.sub(noted, text)
    pieces = _VERBATIM.split(text)  # in turns: text, verbatim, the tag of that
    for place in range(0, len(pieces), 3):
        pieces[place] = _AT_BLOCKS.sub(r"\1", _LINES.sub("\n", pieces[place]))
    del pieces[2::3]
    text = "".join(pieces)
    scripted = _SCRIPT.split(text)
    for place in range(0, len(scripted), 2):
        scripted[place] = _TAG.sub(_bare, _merged(_NEEDLESS.sub("", scripted[place])))
    return "".join(scripted)


def _merged(text: str) -> str:
    """Return code in which words of one kind, with nothing but space between them, are one."""
    before = ""
    while text != before:
        before = text
        text = _ADJACENT.sub(r'\1">\2\3', text)
    return text


def _bare(tag: re.Match[str]) -> str:
    return _QUOTED.sub(r"\1", tag[0])
