"""The file as TOML: tables, keys and kinds of values, checked against the closed table of keys."""

from __future__ import annotations

import datetime as dt
import difflib
import keyword
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from midpo_sym.language.errors import Advice, LanguageError
from midpo_sym.language.grammar.limits import MAX_DIGITS
from midpo_sym.language.grammar.numerals import ALLOWED as NUMERALS
from midpo_sym.language.grammar.numerals import cure_for_decimal
from midpo_sym.language.printing.names import default_symbol
from midpo_sym.language.printing.printer import Symbol
from midpo_sym.language.printing.symbols import (
    LATEX_ALLOWED,
    NOT_SYMBOLS,
    UNICODE_ALLOWED,
    SymbolError,
    clash,
    fold_latex,
    fold_unicode,
)
from midpo_sym.language.vocabulary import RESERVED
from midpo_sym.spec.errors import SpecError
from midpo_sym.spec.reading.keys import BOOLEAN, EXPRESSION, KEYS, NAMED, TABLE, TEXT, Key
from midpo_sym.spec.reading.place import KeyPath, Place, Places, has_long_key, place_at
from midpo_sym.spec.reading.texts import fault_of

MAX_NAMES = 100
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
_CURES_OF_KINDS = {
    TEXT: 'put it in quotes: "..."',
    EXPRESSION: 'put it in quotes: "..."',
    BOOLEAN: "write true or false, without quotes",
    TABLE: "write it as a table: [name] above its keys, or { key = value }",
}
_TOML_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")


class Tables:
    """A specification file as tables; each method fails with the place of what is wrong."""

    keys: Mapping[str, Mapping[str, Key]] = KEYS
    names: tuple[str, ...] = NAMED  # tables whose keys are names that the author chooses
    reserved: frozenset[str] = RESERVED
    not_symbols: Mapping[str, str] = NOT_SYMBOLS  # what no symbol may look like, and what that is

    def __init__(self, text: str, path: Path) -> None:
        self.text = text
        self.path = path
        self.symbols: dict[str, tuple[Symbol, Symbol]] = {}  # name: its symbol, its default symbol
        self.declared_at: dict[str, KeyPath] = {}

    def read_toml(self) -> dict[str, Any]:
        if has_long_key(self.text):
            raise SpecError(str(self.path), "is not a specification: a key has too many parts")
        try:
            return tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            message = str(error)
            found = _TOML_PLACE.search(message)
            place = place_at(self.text, len(self.text))
            if found:
                text = self.text.split("\n")[int(found[1]) - 1].rstrip("\r")
                place = Place(int(found[1]), int(found[2]), text)
            message = message.partition(" (at ")[0][:80]
            raise SpecError(
                str(self.path),
                f"is not TOML: {message}",
                place=place,
                advice=_toml_cure(message, place),
            ) from None
        except RecursionError:
            raise SpecError(str(self.path), "is not TOML: nested too deeply") from None
        except ValueError:  # Python converts no more than some thousand digits
            raise SpecError(str(self.path), "is not TOML: a number is too long") from None

    def fail(
        self,
        path: KeyPath,
        message: str,
        advice: Advice | None = None,
        *,
        offset: int | None = None,
        length: int = 1,
    ) -> NoReturn:
        key = ".".join(str(each) for each in path if isinstance(each, str))
        at = Places(self.text).key(path) if offset is None else offset
        raise SpecError(
            str(self.path), message, key, place_at(self.text, at), length, advice or Advice()
        )

    def check_table(self, table: object, name: str, path: KeyPath) -> None:
        """Check the keys of a table, and the kinds of their values, against the closed table."""
        rows = self.keys[name]
        allowed = ", ".join(rows)
        if not isinstance(table, dict):
            self.fail(path, "is not a table", Advice(short(table), f"a table with {allowed}"))
        for key, value in table.items():
            if key not in rows:
                cure = did_you_mean(key, rows) or "take it out"
                self.fail((*path, key), "unknown key", Advice(short(key), allowed, cure))
            self.check_kind(value, rows[key].kind, (*path, key))
        for key, row in rows.items():
            if row.required and key not in table:
                advice = Advice(allowed=allowed, cure=f"add {key}: {row.meaning}")
                self.fail(path, f"the key {key} is missing", advice)

    def check_kind(self, value: object, kind: str, path: KeyPath) -> None:
        right: tuple[type, ...] = {
            TEXT: (str,),
            EXPRESSION: (str, int),
            BOOLEAN: (bool,),
            TABLE: (dict, list),
        }[kind]
        if isinstance(value, float):
            self.fail(
                path,
                "a decimal number is not exact",
                Advice(
                    str(value),
                    "whole numbers and fractions in quotes",
                    cure_for_decimal(value),
                ),
            )
        if isinstance(value, int) and abs(value) >= 10**MAX_DIGITS:
            self.fail(path, "the number is too long", Advice(allowed=f"{MAX_DIGITS} digits"))
        if kind == EXPRESSION and isinstance(value, int) and not isinstance(value, bool):
            self.check_digits(value, path)
        if not isinstance(value, right) or (isinstance(value, bool) and kind != BOOLEAN):
            allowed = "text in quotes" if kind in (TEXT, EXPRESSION) else kind
            cure = _CURES_OF_KINDS[kind]
            self.fail(
                path, f"{_kind(value)} instead of {kind}", Advice(short(value), allowed, cure)
            )
        if kind == TEXT and isinstance(value, str):
            if not value.strip() and path[-1] != "of":
                self.fail(path, "is empty", Advice(cure="write it, or take the key out"))
            self.check_text(value, path)

    def check_digits(self, value: int, path: KeyPath) -> None:
        """Refuse 0x10 and 1_000 outside quotes too, where TOML itself would let them pass."""
        start, end = Places(self.text).values.get(path, (0, 0))
        written = self.text[start:end]
        if written and written != str(value):
            advice = Advice(short(written), NUMERALS, f"write {value}", str(value))
            message = "a number is written in decimal digits"
            self.fail(path, message, advice, offset=start, length=end - start)

    def check_text(self, text: str, path: KeyPath) -> None:
        """Refuse what would be more than text where it is shown."""
        fault = fault_of(text, str(path[-1]))
        if fault:
            read = text[fault.offset : fault.offset + fault.length]
            self.fail_in(
                text,
                path,
                LanguageError(
                    fault.message,
                    fault.offset,
                    fault.length,
                    Advice(short(read) if read.isprintable() else "", fault.allowed, fault.cure),
                ),
            )

    def fail_in(
        self, text: str, path: KeyPath, error: LanguageError, *, whole: str = "", skip: int = 0
    ) -> NoReturn:
        """Fail at the part of a string that an error names.

        Args:
            text: what was read, all of the string or a part of it.
            path: the key of the string.
            error: what is wrong with the text.
            whole: all of the string, if `text` is a part.
            skip: where that part starts.
        """
        places = Places(self.text)
        offset, length = places.key(path), 1
        characters = places.characters(path)
        if len(characters) == len(whole or text) + 1:
            start = error.offset + skip
            offset = characters[start]
            length = characters[min(start + error.length, len(whole or text))] - offset
        self.fail(path, error.message, error.advice, offset=offset, length=length)

    def fail_at(self, path: KeyPath, message: str, advice: Advice) -> NoReturn:
        """Fail at all of the value of a key, if it is a string; else at the key."""
        characters = Places(self.text).characters(path)
        if len(characters) < 2:  # noqa: PLR2004 - a character and the end
            self.fail(path, message, advice)
        start, end = characters[0], characters[-1]
        self.fail(path, message, advice, offset=start, length=end - start)

    def symbol(self, name: str, entry: Mapping[str, Any], path: KeyPath) -> Symbol:
        """Return how a declared name is printed, checked against the whitelist of symbols."""
        default = default_symbol(name)
        symbol = Symbol(entry.get("latex", default.latex), entry.get("unicode", default.unicode))
        for key, fold, allowed in (
            ("latex", fold_latex, LATEX_ALLOWED),
            ("unicode", fold_unicode, UNICODE_ALLOWED),
        ):
            if key in entry:
                try:
                    fold(entry[key])
                except SymbolError as error:
                    advice = Advice(short(entry[key]), allowed, "write another, or take it out")
                    self.fail_at((*path, key), str(error), advice)
        self.symbols[name] = (symbol, default)
        self.declared_at[name] = path
        return symbol

    def check_symbols(self, data: Mapping[str, Any]) -> None:
        """Refuse two names that print alike, and one that prints like something built in."""
        found = clash(self.symbols, self.not_symbols)
        if not found:
            return
        name, what = found
        path = self.declared_at[name]
        entry: Any = data
        for part in path:
            entry = entry[part]
        key = next((key for key in ("unicode", "latex") if key in entry), "")
        symbol = self.symbols[name][0]
        advice = Advice(
            f"{name}, printed {symbol.unicode}",
            "a symbol of its own for each name",
            "give it another symbol with unicode = ... and latex = ...",
        )
        self.fail((*path, key) if key else path, f"is printed like {what}", advice)

    def named(
        self, data: Mapping[str, Any], table: str, within: KeyPath = ()
    ) -> list[tuple[str, dict[str, Any]]]:
        """Return the entries of a table whose keys are names chosen by the author.

        Args:
            data: what holds the table: the file, or an entry of it.
            table: the name of the table.
            within: where `data` stands in the file.
        """
        entries, at = data.get(table, {}), (*within, table)
        if not isinstance(entries, dict):
            head = ".".join(str(each) for each in at if isinstance(each, str))
            self.fail(at, "is not a table", Advice(short(entries), f"[{head}]"))
        if len(entries) > MAX_NAMES:
            self.fail(at, f"has {len(entries)} entries", Advice(allowed=str(MAX_NAMES)))
        for name, entry in entries.items():
            self.check_name((*at, name), name)
            self.check_table(entry, table, (*at, name))
        return list(entries.items())

    def check_name(self, path: KeyPath, name: str) -> None:
        if not NAME.fullmatch(name):
            advice = Advice(
                short(name), "a letter, then at most 39 letters, digits and _", "rename it"
            )
            self.fail(path, "is not a name", advice)
        if name in self.reserved or keyword.iskeyword(name):
            advice = Advice(name, cure=f"rename it, such as {_other(name)}")
            self.fail(path, "is a reserved word", advice)

    def check_duplicates(self, data: Mapping[str, Any]) -> None:
        seen: dict[str, str] = {}
        for table in self.names:
            for name in data.get(table, {}):
                if name in seen:
                    self.fail((table, name), f"already declared under {seen[name]}", Advice(name))
                seen[name] = table

    def one_of(self, value: str, allowed: Mapping[str, str], path: KeyPath) -> str:
        if value not in allowed:
            cure = did_you_mean(value, allowed) or "write one of these"
            advice = Advice(short(value), ", ".join(allowed), cure)
            self.fail(path, "is not one of the words allowed", advice)
        return value


def _kind(value: object) -> str:
    """Return what a value of a TOML file is, in plain words."""
    kinds: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (bool, "true or false"),
        (int, "a whole number"),
        (str, "text"),
        (list, "a list"),
        (dict, "a table"),
        ((dt.date, dt.time), "a date or a time"),
    )
    return next((plain for each, plain in kinds if isinstance(value, each)), "something else")


def _toml_cure(message: str, place: Place) -> Advice:
    if place.text.startswith("\ufeff"):
        return Advice(cure="save the file without a byte-order mark")
    if "overwrite" in message or "twice" in message:
        return Advice(cure="a key or a table stands only once: take one out")
    if re.search(r"=\s*[A-Za-z(]", place.text):
        return Advice(cure='put the expression in quotes: key = "..."')
    if "inline table" in message:
        return Advice(cure="write { key = value, ... } on one line, and close it")
    if not place.text.isascii():
        return Advice(cure="spell letters in names out, such as beta, and put text in quotes")
    return Advice(cure='write key = "value", both on one line')


def _other(name: str) -> str:
    """Return a name that is free: lambda_ is printed λ, and my_x like nothing built in."""
    return f"{name}_" if keyword.iskeyword(name) else f"my_{name}"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the cure for a word that looks like a known one, or nothing."""
    near = difflib.get_close_matches(word[:60], known, n=1)
    return f"did you mean {near[0]}?" if near else ""


def short(value: object) -> str:
    """Return a value as a line of a message can show it."""
    try:
        text = value if isinstance(value, str) else repr(value)
    except ValueError:  # Python prints no more than some thousand digits
        text = f"a long {type(value).__name__}"
    text = " ".join(text.split()) if "\n" in text else text
    return text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004 - one line
