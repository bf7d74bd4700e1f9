"""Read a specification file; everything wrong with it is said with its place and the cure."""

from __future__ import annotations

import difflib
import keyword
import re
import stat
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn

from midpo_sym.language import tree
from midpo_sym.language.constants import constant
from midpo_sym.language.errors import Advice, LanguageError
from midpo_sym.language.mathematics import default_symbol
from midpo_sym.language.parser import MAX_DIGITS, Definition, Scope, exact_fraction, parse
from midpo_sym.language.printer import Symbol
from midpo_sym.language.tree import Expression
from midpo_sym.language.vocabulary import DOMAINS, LINKS, RESERVED, STATUSES
from midpo_sym.spec.keys import BOOLEAN, EXPRESSION, KEYS, NAMED, TABLE, TEXT
from midpo_sym.spec.model import (
    Citation,
    Claim,
    DefinitionSpec,
    Derivation,
    ParameterSpec,
    Statement,
    WeightSpec,
)
from midpo_sym.spec.place import KeyPath, Place, Places, has_long_key, place_at

MAX_BYTES = 64 * 1024
MAX_CLAIMS = 100
MAX_NAMES = 100
MAX_WORK = 100_000
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
ID = re.compile(r"[a-z][a-z0-9_]{0,39}")
_CLAIM_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_TOML_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")
_RESPONSES_OF_LOSS = frozenset({"w", "l"})
_RESPONSES_OF_PRIOR = frozenset({"y"})


@dataclass(eq=False)
class SpecError(Exception):
    """A specification file that cannot be read.

    Attributes:
        file: the file, as it was named.
        message: what is wrong.
        key: the key at fault, such as `loss.argument`; "" if the whole file is.
        place: its line and column; None if there is none.
        length: how many characters are at fault.
        advice: what was read, what is allowed, the cure.
    """

    file: str
    message: str
    key: str = ""
    place: Place | None = None
    length: int = 1
    advice: Advice = Advice()  # noqa: RUF009 - frozen

    def __str__(self) -> str:
        """Say everything, with the line of the file under the message."""
        where = [self.file]
        if self.place:
            where += [str(self.place.line), str(self.place.column)]
        lines = [f"{':'.join(where)}: {f'{self.key}: ' if self.key else ''}{self.message}"]
        if self.place and self.place.text.strip():
            start = max(0, self.place.column - 60)
            shown = self.place.text[start : start + 100]
            column = self.place.column - 1 - start
            marks = max(1, min(self.length, len(shown) - column))
            lines += [f"    {shown}", f"    {' ' * column}{'^' * marks}"]
        for what in ("read", "allowed", "cure"):
            value = getattr(self.advice, what)
            if value:
                lines.append(f"  {what + ':':<9}{value}")
        return "\n".join(map(_printable, lines))


def load(path: str | Path) -> Derivation:
    """Read a specification file.

    Args:
        path: a TOML file; its name without `.toml` is the id of the derivation.

    Raises:
        SpecError: the file cannot be read, or breaks a rule; nothing in it is ever executed.
    """
    path = Path(path)
    name = str(path)
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise SpecError(name, "is a directory", advice=Advice(cure="name a .toml file in it"))
        if not stat.S_ISREG(status.st_mode):  # a pipe would never end
            raise SpecError(name, "is not a file")
        if status.st_size > MAX_BYTES:
            raise SpecError(
                name,
                f"has {status.st_size:,} bytes",
                advice=Advice(allowed=f"at most {MAX_BYTES:,} bytes"),
            )
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise SpecError(name, "there is no such file") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SpecError(name, f"cannot be read: {reason}") from None
    if len(data) > MAX_BYTES:
        raise SpecError(name, "is too long", advice=Advice(allowed=f"at most {MAX_BYTES:,} bytes"))
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        place = place_at(data[: error.start].decode("utf-8", "replace"), error.start)
        raise SpecError(
            name,
            f"is not UTF-8: byte 0x{data[error.start]:02x}",
            place=Place(place.line, place.column, ""),
            advice=Advice(cure="save the file as UTF-8"),
        ) from None
    return loads(text, path)


def loads(text: str, path: str | Path) -> Derivation:
    """Read the text of a specification; `path` names it.

    Raises:
        SpecError: the text breaks a rule.
    """
    return _Loader(text, Path(path)).derivation()


class _Loader:
    """Reads one file. Methods go from the file inwards; each fails with a place."""

    def __init__(self, text: str, path: Path) -> None:
        self.text = text
        self.path = path
        self.used: set[str] = set()
        self.torch_names: dict[str, str] = {}  # name in Python: name here
        self.work = 0  # characters and nodes read so far

    def derivation(self) -> Derivation:
        if not ID.fullmatch(self.path.stem) or self.path.suffix != ".toml":
            raise SpecError(
                str(self.path),
                "the name of the file is the id of the derivation",
                advice=Advice(
                    self.path.name,
                    "small letters, digits and _, starting with a letter, then .toml",
                ),
            )
        data = self.read_toml()
        self.check_table(data, "", ())
        parameters = tuple(
            self.parameter(name, entry) for name, entry in self.named(data, "parameters")
        )
        weights = tuple(self.weight(name, entry) for name, entry in self.named(data, "weights"))
        self.check_duplicates(data)
        scope = Scope(
            frozenset(),
            {each.name: each.domain for each in parameters},
            {each.name: (each.domain, each.by_label) for each in weights},
        )
        definitions, scope = self.definitions(data, scope, {})
        prior, loss = data["prior"], data["loss"]
        self.check_table(prior, "prior", ("prior",))
        self.check_table(loss, "loss", ("loss",))
        statement = Statement(
            self.scale(prior, ("prior", "scale"), scope),
            self.expression(prior["zeta"], ("prior", "zeta"), scope, _RESPONSES_OF_PRIOR),
            self.link(loss, ("loss", "link")),
            self.expression(loss["argument"], ("loss", "argument"), scope, _RESPONSES_OF_LOSS),
        )
        self.check_zeta(statement.zeta, ("prior", "zeta"))
        claims = self.claims(data, scope, statement)
        for table in NAMED:
            for name in data.get(table, {}):
                if name not in self.used:
                    advice = Advice(name, cure="use it, or take it out")
                    self.fail((table, name), "declared but never used", advice)
        return Derivation(
            id=self.path.stem,
            title=data["title"],
            name=data.get("name", data["title"]),
            summary=data["summary"],
            source=self.citation(data["source"], ("source",)) if "source" in data else None,
            notes=data.get("notes", ""),
            parameters=parameters,
            weights=weights,
            definitions=definitions,
            statement=statement,
            claims=claims,
            text=self.text,
            path=self.path,
        )

    # The file as TOML

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
        rows = KEYS[name]
        allowed = ", ".join(rows)
        if not isinstance(table, dict):
            self.fail(path, "is not a table", Advice(_short(table), f"a table with {allowed}"))
        for key, value in table.items():
            if key not in rows:
                cure = _did_you_mean(key, rows) or "take it out"
                self.fail((*path, key), "unknown key", Advice(_short(key), allowed, cure))
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
                    f'write the exact fraction "{exact_fraction(value)}"',
                ),
            )
        if isinstance(value, int) and abs(value) >= 10**MAX_DIGITS:
            self.fail(path, "the number is too long", Advice(allowed=f"{MAX_DIGITS} digits"))
        if not isinstance(value, right) or (isinstance(value, bool) and kind != BOOLEAN):
            allowed = "text in quotes" if kind in (TEXT, EXPRESSION) else kind
            self.fail(
                path, f"{type(value).__name__} instead of {kind}", Advice(_short(value), allowed)
            )
        if kind == TEXT and isinstance(value, str):
            if not value.strip() and path[-1] != "of":
                self.fail(path, "is empty", Advice(cure="write it, or take the key out"))
            if _CONTROL.search(value):
                self.fail(path, "has a control character", Advice(cure="take it out"))

    def named(self, data: Mapping[str, Any], table: str) -> list[tuple[str, dict[str, Any]]]:
        """Return the entries of a table whose keys are names chosen by the author."""
        entries = data.get(table, {})
        if not isinstance(entries, dict):
            self.fail((table,), "is not a table", Advice(_short(entries), f"[{table}]"))
        if len(entries) > MAX_NAMES:
            self.fail((table,), f"has {len(entries)} entries", Advice(allowed=str(MAX_NAMES)))
        for name, entry in entries.items():
            self.check_name((table, name), name)
            self.check_table(entry, table, (table, name))
        return list(entries.items())

    def check_name(self, path: KeyPath, name: str) -> None:
        if not _NAME.fullmatch(name):
            advice = Advice(
                _short(name), "a letter, then at most 39 letters, digits and _", "rename it"
            )
            self.fail(path, "is not a name", advice)
        if name in RESERVED or keyword.iskeyword(name):
            advice = Advice(name, cure=f"rename it, such as {name}_ or {name}1")
            self.fail(path, "is a reserved word", advice)

    def check_duplicates(self, data: Mapping[str, Any]) -> None:
        seen: dict[str, str] = {}
        for table in NAMED:
            for name in data.get(table, {}):
                if name in seen:
                    self.fail((table, name), f"already declared under {seen[name]}", Advice(name))
                seen[name] = table

    # Declarations

    def parameter(self, name: str, entry: Mapping[str, Any]) -> ParameterSpec:
        path = ("parameters", name)
        domain = self.one_of(entry["domain"], DOMAINS, (*path, "domain"))
        default = None
        if "default" in entry:
            default = self.number(entry["default"], (*path, "default"))
            self.check_domain(default, domain, (*path, "default"))
        return ParameterSpec(
            name,
            domain,
            default,
            entry["meaning"],
            _symbol(name, entry),
            self.torch(name, entry, path),
        )

    def check_domain(self, value: Fraction | None, domain: str, path: KeyPath) -> None:
        if value is not None and not _in_domain(value, domain):
            advice = Advice(str(value), f"{domain}: {DOMAINS[domain]}")
            self.fail(path, "is outside the domain", advice)

    def weight(self, name: str, entry: Mapping[str, Any]) -> WeightSpec:
        path = ("weights", name)
        return WeightSpec(
            name,
            self.one_of(entry["domain"], DOMAINS, (*path, "domain")),
            entry.get("by_label", False),
            entry["meaning"],
            _symbol(name, entry),
            self.torch(name, entry, path),
        )

    def torch(self, name: str, entry: Mapping[str, Any], path: tuple[str, str]) -> str:
        torch: str = entry.get("torch", name)
        if not _NAME.fullmatch(torch) or keyword.iskeyword(torch):
            self.fail((*path, "torch"), "is not a name in Python", Advice(_short(torch)))
        other = self.torch_names.setdefault(torch, name)
        if other != name:
            cure = "give one of them another name with torch = ..."
            self.fail(
                (*path, "torch"), f"{other} has this name in Python too", Advice(torch, "", cure)
            )
        return torch

    def number(self, value: str | int, path: KeyPath) -> Fraction:
        exact = constant(self.expression(value, path, Scope(frozenset()), frozenset()))
        if exact is None:
            self.fail(path, "is not a number", Advice(_short(value), 'such as 2 or "1/10"'))
        return exact

    def definitions(
        self, data: Mapping[str, Any], scope: Scope, where: Mapping[str, Definition]
    ) -> tuple[tuple[DefinitionSpec, ...], Scope]:
        """Read the definitions in order; each may use those before it."""
        found: list[DefinitionSpec] = []
        for name, entry in self.named(data, "definitions"):
            path = ("definitions", name)
            of = entry.get("of", "")
            if of not in ("", "y", "y, t"):
                self.fail((*path, "of"), "is not a response", Advice(of, '"y" or "y, t"'))
            responses = _RESPONSES_OF_PRIOR if of else _RESPONSES_OF_LOSS
            definition = where.get(name)
            if definition is None:
                inner = replace(scope, token=of == "y, t")
                body = self.expression(entry["is"], (*path, "is"), inner, responses)
                if of == "y, t" and not tree.token_responses(body):
                    self.fail((*path, "of"), "does not depend on t", Advice(of, cure='of = "y"'))
                if of == "y" and not tree.responses(body):
                    self.fail(
                        (*path, "of"), "does not depend on y", Advice(of, cure="leave of out")
                    )
                definition = Definition(of, body)
            scope = replace(scope, definitions={**scope.definitions, name: definition})
            found.append(
                DefinitionSpec(name, definition, entry.get("meaning", ""), _symbol(name, entry))
            )
        return tuple(found), scope

    # The statement and the claims

    def scale(self, table: Mapping[str, Any], path: KeyPath, scope: Scope) -> Expression:
        text = table.get("scale")
        if text is None:
            if "alpha" not in scope.parameters and "alpha" not in scope.definitions:
                advice = Advice(cure="declare the parameter alpha, or add scale to [prior]")
                self.fail(path[:-1], "no scale: α of the framework is not named", advice)
            text = "alpha"
        return self.expression(text, path, scope, frozenset())

    def link(self, table: Mapping[str, Any], path: KeyPath) -> str:
        return self.one_of(table.get("link", "logsigmoid"), LINKS, path)

    def check_zeta(self, node: Expression, path: KeyPath) -> None:
        if not node.positive:
            self.fail(
                path,
                "a prior is positive by its form",
                Advice(
                    allowed="products, quotients and powers of probabilities, exp(...)",
                    cure="write the prior itself, not its logarithm: exp(...) of it",
                ),
            )

    def claims(
        self, data: Mapping[str, Any], scope: Scope, statement: Statement
    ) -> tuple[Claim, ...]:
        entries = data.get("claim", [])
        if not isinstance(entries, list):
            self.fail(("claim",), "is not an array of tables", Advice(cure="write [[claim]]"))
        if len(entries) > MAX_CLAIMS:
            self.fail(("claim",), f"has {len(entries)} entries", Advice(allowed=str(MAX_CLAIMS)))
        claims: list[Claim] = []
        for number, entry in enumerate(entries):
            path = ("claim", number)
            self.check_table(entry, "claim", path)
            claim = self.claim(entry, path, data, scope, statement)
            if claim.id in {each.id for each in claims}:
                self.fail((*path, "id"), "two claims have this id", Advice(claim.id))
            claims.append(claim)
        return tuple(claims)

    def claim(
        self,
        entry: Mapping[str, Any],
        path: KeyPath,
        data: Mapping[str, Any],
        scope: Scope,
        statement: Statement,
    ) -> Claim:
        if not _CLAIM_ID.fullmatch(entry["id"]):
            self.fail((*path, "id"), "is not an id", Advice(_short(entry["id"]), "a-z 0-9 - _"))
        status = self.one_of(entry["status"], STATUSES, (*path, "status"))
        gradient = self.one_of(entry.get("gradient", status), STATUSES, (*path, "gradient"))
        changed = {"zeta", "scale", "link", "argument", "where"} & set(entry)
        if changed:
            if "where" in entry:
                scope = self.where(entry["where"], path, data, scope)
            # A part that the claim leaves alone is read again, so that `where` reaches it.
            prior = {
                **data["prior"],
                **{key: entry[key] for key in ("zeta", "scale") if key in entry},
            }
            loss = {
                **data["loss"],
                **{key: entry[key] for key in ("link", "argument") if key in entry},
            }

            def place(table: str, key: str) -> KeyPath:
                return (*path, key) if key in entry else (table, key)

            statement = Statement(
                self.scale(prior, place("prior", "scale"), scope),
                self.expression(prior["zeta"], place("prior", "zeta"), scope, _RESPONSES_OF_PRIOR),
                self.link(loss, place("loss", "link")),
                self.expression(
                    loss["argument"], place("loss", "argument"), scope, _RESPONSES_OF_LOSS
                ),
            )
            self.check_zeta(statement.zeta, place("prior", "zeta"))
        residual = None
        if "residual" in entry:
            if status != "refuted":
                cure = 'take it out, or write status = "refuted"'
                self.fail((*path, "residual"), "a claim that is proved has none", Advice(cure=cure))
            residual = self.expression(
                entry["residual"], (*path, "residual"), scope, _RESPONSES_OF_LOSS
            )
        return Claim(
            id=entry["id"],
            citation=self.citation(entry, path, claim=True),
            status=status,
            gradient=gradient,
            statement=statement,
            residual=residual,
            note=entry.get("note", ""),
            is_main=not changed,
        )

    def where(
        self,
        entry: Mapping[str, Any],
        path: KeyPath,
        data: Mapping[str, Any],
        scope: Scope,
    ) -> Scope:
        """Return the scope in which some parameters or definitions have another value."""
        path = (*path, "where")
        if not isinstance(entry, dict) or not entry:
            self.fail(path, "is not a table", Advice(_short(entry), "{ name = expression }"))
        replaced: dict[str, Definition] = {}
        free = Scope(frozenset(), scope.parameters, scope.weights)
        for name, value in entry.items():
            old = scope.definitions.get(name)
            if name not in scope.parameters and old is None:
                known = (*scope.parameters, *scope.definitions)
                advice = Advice(_short(name), ", ".join(known), _did_you_mean(name, known))
                self.fail((*path, name), "unknown name", advice)
            self.check_kind(value, EXPRESSION, (*path, name))
            of = old.of if old else ""
            responses = _RESPONSES_OF_PRIOR if of else _RESPONSES_OF_LOSS if old else frozenset()
            inner = replace(free, token=of == "y, t")
            body = self.expression(value, (*path, name), inner, responses)
            if old is None:
                self.check_domain(constant(body), scope.parameters[name], (*path, name))
            replaced[name] = Definition(of, body)
        parameters = {k: v for k, v in scope.parameters.items() if k not in replaced}
        outer = Scope(
            frozenset(),
            parameters,
            scope.weights,
            {name: each for name, each in replaced.items() if name in scope.parameters},
        )
        return self.definitions(data, outer, replaced)[1]

    def citation(self, entry: object, path: KeyPath, *, claim: bool = False) -> Citation:
        if not claim:
            self.check_table(entry, "source", path)
        assert isinstance(entry, dict)
        return Citation(entry["work"], entry["place"])

    def one_of(self, value: str, allowed: Mapping[str, str], path: KeyPath) -> str:
        if value not in allowed:
            advice = Advice(_short(value), ", ".join(allowed), _did_you_mean(value, allowed))
            self.fail(path, "is not one of the words allowed", advice)
        return value

    def expression(
        self,
        value: str | int,
        path: KeyPath,
        scope: Scope,
        responses: frozenset[str],
    ) -> Expression:
        text = str(value)
        self.work += len(text)
        if self.work > MAX_WORK:
            self.fail(
                path,
                "the expressions of the file are too long together",
                Advice(
                    allowed=f"{MAX_WORK:,} characters, and nodes once definitions are unfolded; "
                    "a claim with where reads all of them again",
                ),
            )
        try:
            node = parse(text, replace(scope, responses=responses))
        except LanguageError as error:
            places = Places(self.text)
            offset, length = places.key(path), 1
            characters = places.characters(path)
            if len(characters) == len(text) + 1:
                offset = characters[error.offset]
                length = characters[min(error.offset + error.length, len(text))] - offset
            self.fail(path, error.message, error.advice, offset=offset, length=length)
        self.work += node.size
        self.used |= {
            each.name
            for each in node.walk()
            if isinstance(each, (tree.Parameter, tree.Weight, tree.Defined))
        }
        return node


def _toml_cure(message: str, place: Place) -> Advice:
    if place.text.startswith("\ufeff"):
        return Advice(cure="save the file without a byte-order mark")
    if "overwrite" in message or "twice" in message:
        return Advice(cure="a key or a table stands only once: take one out")
    if re.search(r"=\s*[A-Za-z(]", place.text):
        return Advice(cure='put the expression in quotes: key = "..."')
    return Advice()


def _symbol(name: str, entry: Mapping[str, Any]) -> Symbol:
    default = default_symbol(name)
    return Symbol(entry.get("latex", default.latex), entry.get("unicode", default.unicode))


def _did_you_mean(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word[:60], known, n=1)
    return f"did you mean {near[0]}?" if near else ""


def _short(value: object) -> str:
    try:
        text = value if isinstance(value, str) else repr(value)
    except ValueError:  # Python prints no more than some thousand digits
        text = f"a long {type(value).__name__}"
    return text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004 - one line


def _printable(line: str) -> str:
    """Return a line without what would move the cursor of a terminal."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in line)


def _in_domain(value: Fraction, domain: str) -> bool:
    return {
        "real": True,
        "nonnegative": value >= 0,
        "positive": value > 0,
        "unit": 0 <= value <= 1,
    }[domain]
