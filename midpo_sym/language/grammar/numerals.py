"""How numbers are written: whole ones, in digits; everything else has a cure."""

from __future__ import annotations

import keyword
import re
from fractions import Fraction

from midpo_sym.language.errors import Advice, LanguageError

MIN_DECIMAL = 1e-12  # a decimal from here to its inverse has a fraction that is worth printing
# What starts with a digit and is not part of a name, up to where it ends.
_NUMERAL = re.compile(r"(?<![A-Za-z0-9_.])[0-9](?:[A-Za-z0-9_]|\.(?=[0-9]))*")
_DECIMAL = re.compile(r"[0-9]+(?:\.[0-9]*)?(?:[eE][0-9]*)?")
_GROUPED = re.compile(r"[0-9]+(?:_[0-9]+)+")
_OTHER_BASES = re.compile(r"0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+")
_MAX_CURED = 40  # digits of a number that are worth repeating
ALLOWED = "whole numbers in digits, such as 1000, and their quotients"


def check_numerals(text: str) -> None:
    """Refuse numbers that are not written in decimal digits alone.

    Raises:
        LanguageError: `0x10`, `1_000`, `007`, `1j` or `2alpha`, with what to write instead.
    """
    for found in _NUMERAL.finditer(text):
        numeral = found[0]
        if _DECIMAL.fullmatch(numeral) and not re.fullmatch("0+[0-9]+", numeral):
            continue  # a whole number, or a decimal, which the reader refuses with its fraction
        message, instead = _fault(numeral)
        if "*" in instead and text[: found.start()].rstrip()[-1:] in ("/", "*"):
            instead = f"({instead})"
        raise LanguageError(
            message,
            found.start(),
            len(numeral),
            Advice(numeral[:80], ALLOWED, f"write {instead}" if instead else "", instead),
        )


def cure_for_decimal(value: float) -> str:
    """Say which fraction was meant: 0.1 is 1/10; give an example if it would be a long one."""
    exact = exact_value(value)
    if not exact:
        return "write an exact fraction, such as 1/10"
    return f"write the exact {'fraction' if '/' in exact else 'whole number'} {exact}"


def exact_value(value: float) -> str:
    """Return the fraction that a decimal stands for; "" if it is not worth printing."""
    if value != 0 and not MIN_DECIMAL <= abs(value) < 1 / MIN_DECIMAL:
        return ""
    return str(Fraction(repr(value)))


def _fault(numeral: str) -> tuple[str, str]:
    """Return what is wrong with a number, and the number that was meant."""
    if len(numeral) > _MAX_CURED:
        return "a number is written in digits only", ""
    if _OTHER_BASES.fullmatch(numeral):
        return "a number is written in decimal digits", str(int(numeral, 0))
    if _GROUPED.fullmatch(numeral):
        return "the digits of a number stand without _ between them", numeral.replace("_", "")
    if re.fullmatch("0+[0-9]+", numeral):
        return "a number starts with no needless zero", str(int(numeral))
    digits = numeral[: len(numeral) - len(numeral.lstrip("0123456789"))]
    rest = numeral[len(digits) :]
    if rest in ("j", "J"):
        return "there are no imaginary numbers", digits
    if rest[0].isalpha() and not keyword.iskeyword(rest) and digits != "0":
        return "a number and a name stand side by side", f"{digits}*{rest}"
    return "a number is written in digits only", ""
