r"""The symbols that a file may give to its names: a whitelist, and what two of them share.

A symbol is one letter or one word with accents, marks and a subscript. `fold` takes the LaTeX of a
symbol or its Unicode to the same plain spelling, so that two symbols look alike, in whichever
notation, just if they fold to the same: `\mu_{1}`, `μ₁` and `μ_1` all fold to `μ1`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from itertools import combinations

from midpo_sym.language.indexed import SETS
from midpo_sym.language.printing.names import GREEK
from midpo_sym.language.printing.printer import Symbol
from midpo_sym.language.quantities.statistics import OPERATORS
from midpo_sym.language.vocabulary import FUNCTIONS, MODELS, QUANTITIES, THEORY_FUNCTIONS

MAX_SYMBOL = 100  # characters of a symbol, in LaTeX and in Unicode

# The Greek letters that are no Latin ones.
_GREEK = {
    **GREEK,
    "iota": "ι", "pi": "π", "upsilon": "υ", "Theta": "Θ", "Xi": "Ξ", "Pi": "Π",
    "Sigma": "Σ", "varepsilon": "ε", "vartheta": "θ", "varrho": "ρ",
    "varphi": "φ", "ell": "ℓ",
}  # fmt: skip
_ACCENTS = {
    "hat": "\N{COMBINING CIRCUMFLEX ACCENT}",
    "widehat": "\N{COMBINING CIRCUMFLEX ACCENT}",
    "tilde": "\N{COMBINING TILDE}",
    "bar": "\N{COMBINING MACRON}",
    "dot": "\N{COMBINING DOT ABOVE}",
    "ddot": "\N{COMBINING DIAERESIS}",
    "check": "\N{COMBINING CARON}",
    "breve": "\N{COMBINING BREVE}",
    "vec": "\N{COMBINING RIGHT ARROW ABOVE}",
}
_FONTS = ("mathrm", "mathit", "mathbf", "mathsf", "mathcal", "text")
_MARKS = {
    "*": "*",
    "'": "′",
    r"\ast": "*",
    r"\star": "*",
    r"\prime": "′",
    r"\dagger": "†",
}
_BELOW = ("_",)
_MAX_DEPTH = 2  # of subscripts: u with an index that has one itself
CONTROL_WORDS = frozenset((*_GREEK, *_ACCENTS, *_FONTS, *(mark[1:] for mark in _MARKS if mark[1:])))
_TOKEN = re.compile(r"\\[A-Za-z]+ ?|\\_|[A-Za-z0-9]|[{}_^*',|]")
_LETTERS = "".join(sorted({*_GREEK.values()}))
_LETTER = rf"[A-Za-z{_LETTERS}][{''.join(sorted({*_ACCENTS.values()}))}]?"
_UNICODE = re.compile(
    rf"(?:{_LETTER}|[A-Za-z][A-Za-z0-9]+)[0-9₀-₉]*[*′†]?(?:_[A-Za-z0-9_{_LETTERS}₀-₉]+)?[*′†]?_*"
)
# Letters that differ less than fonts do; capitals such as Α are in no list at all.
_LOOK_ALIKE = str.maketrans("ινυ", "ivu")

LATEX_ALLOWED = (
    r"one letter, Greek letter or \mathrm{word}, with \hat, \tilde, \bar, ..., a subscript, and * "
    r"or ' as a superscript"
)
UNICODE_ALLOWED = "one letter, Greek letter or word, with accents, _ or ₀ to ₉ below, and * or ′"

_READ_ON = ("log", "exp", "max", "min", "sg", "sum")  # what stands before its argument

# What is printed of the framework itself, in every file.
_OF_FRAMEWORK = {
    "π": "the policy",
    "πref": "the reference policy",
    "piref": "the reference policy",
    "πprev": "the policy of the previous round",
    "ζ": "the prior",
    "σ": "the logistic function",
    "Σ": "a sum",
    "Σt": "a sum over tokens",
    "Π": "a product",
    "Πt": "a product over tokens",
    **{unicodedata.normalize("NFKC", row.unicode): row.noun for row in OPERATORS},
    "Z": "the normaliser",
    "FCauchy": "the Cauchy distribution",
    "ℓ": "the loss",
    "y": "a response",
    "yw": "the chosen response",
    "yl": "the rejected response",
    "yt": "a token",
    "ywt": "a token of the chosen response",
    "ylt": "a token of the rejected response",
    "x": "the prompt",
    "t": "the position of a token",
    "if": "a case",
    "chosen": "a case",
    "rejected": "a case",
}
NOT_SYMBOLS: Mapping[str, str] = {
    **_OF_FRAMEWORK,
    **{
        word.replace("_", ""): f"the word {word}"
        for word in (*QUANTITIES, *FUNCTIONS, *MODELS, "min")
    },
}
"""What no name of a specification may look like, and what each is."""

NOT_SYMBOLS_OF_THEORY: Mapping[str, str] = {
    "Σ": "a sum",
    "min": "a least value",
    "max": "a largest value",
    **{word: f"the word {word}" for word in THEORY_FUNCTIONS},
    **{
        f"{letter}{digit}": f"the index {letter}{digit}"
        for letter in SETS
        for digit in ("", *"0123456789")
    },
}
"""The same for files of the theory and of the audit, which declare π, ζ and Z themselves."""


class SymbolError(Exception):
    """A symbol is outside the whitelist; says why."""


def fold(symbol: Symbol) -> frozenset[str]:
    """Return the plain spellings of a symbol: that of its LaTeX, and that of its Unicode.

    Raises:
        SymbolError: one of them is outside the whitelist.
    """
    return frozenset((fold_latex(symbol.latex), fold_unicode(symbol.unicode)))


def fold_latex(latex: str) -> str:
    """Return the plain spelling of a symbol in LaTeX.

    Raises:
        SymbolError: it is outside the whitelist.
    """
    _check_length(latex)
    return _plain(_Latex(latex).symbol())


def fold_unicode(text: str) -> str:
    """Return the plain spelling of a symbol in Unicode.

    Raises:
        SymbolError: it is outside the whitelist.
    """
    _check_length(text)
    if unicodedata.normalize("NFC", text) != text:
        raise SymbolError("is not in Unicode's composed form (NFC)")
    if not _UNICODE.fullmatch(unicodedata.normalize("NFD", text)):
        raise SymbolError("is not a symbol")
    return _plain(text)


def clash(
    symbols: Mapping[str, tuple[Symbol, Symbol]], reserved: Mapping[str, str]
) -> tuple[str, str] | None:
    """Return the first name whose symbol looks like something else, and what that is.

    Args:
        symbols: name to its symbol, and to the symbol it has if it declares none.
        reserved: plain spellings that no symbol may have, and what each is.
    """
    spelled = {name: fold(symbol) for name, (symbol, _) in symbols.items()}
    for name, own in spelled.items():
        for each in sorted(own):
            if each in reserved:
                return name, reserved[each]
            if any(each.startswith(word) and each[len(word) :] in reserved for word in _READ_ON):
                return name, "a function without its brackets"
    for (one, own), (other, others) in combinations(spelled.items(), 2):
        if own & others:
            return other, f"{one}, which has the same symbol"
    for name, own in spelled.items():
        for other, (_, default) in symbols.items():
            if other != name and own & {*fold(default), _plain(other)}:
                return name, f"{other}, which has this symbol if none is declared for it"
    return None


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace("_", "").translate(_LOOK_ALIKE)


def _check_length(text: str) -> None:
    if len(text) > MAX_SYMBOL:
        raise SymbolError(f"has {len(text)} characters, and may have {MAX_SYMBOL}")


class _Latex:
    """Reads one symbol from left to right, and returns it in Unicode."""

    def __init__(self, latex: str) -> None:
        self.tokens: list[str] = []
        here = 0
        while here < len(latex):
            found = _TOKEN.match(latex, here)
            if not found:
                raise SymbolError(f"holds {_shown(latex[here:])}, which is no part of a symbol")
            token = found[0].rstrip(" ")
            if token[1:].isalpha() and token[0] == "\\" and token[1:] not in CONTROL_WORDS:
                raise SymbolError(f"holds the command {token}, which is no part of a symbol")
            self.tokens.append(token)
            here = found.end()

    def symbol(self) -> str:
        """Return the whole symbol."""
        text = self.piece()
        text += self.scripts(0)
        if self.tokens:
            raise SymbolError(f"reads on after one symbol, with {self.tokens[0]}")
        if text[0].isdigit():
            raise SymbolError("looks like a number")
        return text

    def piece(self) -> str:
        """Return a letter, a letter with an accent, or a word."""
        token = self.take()
        name = token[1:]
        if len(token) == 1 and token.isalnum():
            return token
        if name in _GREEK:
            return _GREEK[name]
        if name in _FONTS:
            return self.word()
        if name in _ACCENTS:
            braced = bool(self.tokens) and self.tokens[0] == "{"
            if braced:
                self.take()
            body = self.piece()
            if braced:
                self.expect("}")
            if len(body) != 1:
                raise SymbolError(f"has {token} over more than one letter")
            return unicodedata.normalize("NFC", body + _ACCENTS[name])
        raise SymbolError(f"has {token} where a letter stands")

    def word(self) -> str:
        """Return a word in braces, in a font of its own."""
        self.expect("{")
        text = ""
        while self.tokens and (self.tokens[0].isalnum() or self.tokens[0] == r"\_"):
            text += self.take().removeprefix("\\")
        self.expect("}")
        if not text or text[0] == "_":
            raise SymbolError("has a font without a word in it")
        return text

    def scripts(self, depth: int) -> str:
        """Return the subscript and the superscript behind a piece, each at most once."""
        below = above = ""
        while self.tokens and self.tokens[0] in (*_BELOW, "^", "'"):
            script = self.take()
            if script in _BELOW and not below and depth < _MAX_DEPTH:
                below = self.subscript(depth + 1)
            elif script not in _BELOW and not above:
                above = "′" if script == "'" else self.mark()
            else:
                raise SymbolError("has more scripts than one below and one above")
        return below + above

    def subscript(self, depth: int) -> str:
        """Return what stands below: a piece, or several of them in braces."""
        if self.tokens and self.tokens[0] != "{":
            return self.piece()
        self.expect("{")
        text = ""
        while self.tokens and self.tokens[0] != "}":
            if self.tokens[0] in (",", "|"):
                text += self.take()
            else:
                text += self.piece() + self.scripts(depth)
        self.expect("}")
        if not text:
            raise SymbolError("has an empty subscript")
        return text

    def mark(self) -> str:
        """Return a superscript: a mark, for anything else looks like a power."""
        braced = bool(self.tokens) and self.tokens[0] == "{"
        if braced:
            self.take()
        mark = _MARKS.get(self.take(), "")
        if not mark:
            raise SymbolError("has a superscript that looks like a power")
        if braced:
            self.expect("}")
        return mark

    def take(self) -> str:
        """Return the next token."""
        if not self.tokens:
            raise SymbolError("breaks off")
        return self.tokens.pop(0)

    def expect(self, wanted: str) -> None:
        """Take a brace."""
        if not self.tokens or self.take() != wanted:
            raise SymbolError(f"lacks a {wanted}")


def _shown(text: str) -> str:
    return text[:10] if text[:10].isprintable() else ascii(text[:10])
