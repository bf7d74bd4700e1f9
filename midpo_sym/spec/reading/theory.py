"""Files of the theory and of the audit: TOML to `Theory` and `Audit`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from midpo_sym.language import indexed, tree
from midpo_sym.language.errors import Advice, LanguageError
from midpo_sym.language.grammar.finite_sets import (
    Abbreviation,
    IndexedScope,
    Signature,
    parse_indexed,
)
from midpo_sym.language.printing.symbols import NOT_SYMBOLS_OF_THEORY
from midpo_sym.language.tree import Expression
from midpo_sym.language.vocabulary import (
    AUDIT_STATUSES,
    CATEGORIES,
    DOMAINS,
    FORMS,
    PROPERTIES,
    THEORY_FUNCTIONS,
)
from midpo_sym.spec.model import Citation
from midpo_sym.spec.reading.chains import read_chains
from midpo_sym.spec.reading.files import read_text
from midpo_sym.spec.reading.keys import AUDIT_KEYS, THEORY_KEYS, THEORY_NAMED
from midpo_sym.spec.reading.place import KeyPath
from midpo_sym.spec.reading.tables import Tables, short
from midpo_sym.spec.theory import (
    Assumption,
    Audit,
    Entry,
    Evidence,
    Relation,
    Repair,
    Setting,
    Theory,
)

_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_EVIDENCE = ("left", "claim", "chain", "property", "same", "reason")


def load_theory(path: Path) -> Theory:
    """Read a file of the theory.

    Raises:
        SpecError: the file cannot be read, or breaks a rule; nothing in it is ever executed.
    """
    return loads_theory(read_text(path), path)


def loads_theory(text: str, path: Path) -> Theory:
    """Read the text of a file of the theory; `path` names it.

    Raises:
        SpecError: the text breaks a rule.
    """
    return _TheoryLoader(text, path).theory()


def load_audit(path: Path) -> Audit:
    """Read a file of the audit.

    Raises:
        SpecError: the file cannot be read, or breaks a rule; nothing in it is ever executed.
    """
    return loads_audit(read_text(path), path)


def loads_audit(text: str, path: Path) -> Audit:
    """Read the text of a file of the audit; `path` names it.

    Raises:
        SpecError: the text breaks a rule.
    """
    return _AuditLoader(text, path).audit()


class Loader(Tables):
    """What both kinds of files share: declarations, expressions, equations."""

    names = THEORY_NAMED
    reserved = frozenset(THEORY_FUNCTIONS)
    not_symbols = NOT_SYMBOLS_OF_THEORY

    def __init__(self, text: str, path: Path) -> None:
        super().__init__(text, path)
        self.used: set[str] = set()
        self.scope = IndexedScope(frozenset())
        self.setting: Setting

    def check_name(self, path: KeyPath, name: str) -> None:
        super().check_name(path, name)
        if indexed.is_index(name):
            self.fail(
                path, "is the name of an index", Advice(name, cure=f"rename it, such as my_{name}")
            )

    def read_setting(self) -> dict[str, Any]:
        data = self.read_toml()
        self.check_table(data, "", ())
        self.check_duplicates(data)
        declared = {name: self.named(data, name) for name in self.names}
        functions = {name: self.function(name, entry) for name, entry in declared["functions"]}
        domains = {
            name: self.one_of(entry["domain"], DOMAINS, ("parameters", name, "domain"))
            for name, entry in declared["parameters"]
        }
        self.scope = IndexedScope(frozenset(), domains, functions=functions)
        for name, entry in declared["definitions"]:
            path = ("definitions", name)
            formals = self.indices(entry.get("of", ""), (*path, "of"))
            body = self.expression(entry["is"], (*path, "is"), formals)
            known = {**self.scope.abbreviations, name: Abbreviation(formals, body)}
            self.scope = replace(self.scope, abbreviations=known)
        assumptions = {name: self.assumption(name, entry) for name, entry in declared["hypotheses"]}
        entries = [each for name in self.names for each in declared[name]]
        for table in ("parameters", "functions", "definitions"):
            for name, entry in declared[table]:
                self.symbol(name, entry, (table, name))
        self.check_symbols(data)
        source = data.get("source")
        if source is not None:
            self.check_table(source, "source", ("source",))
        self.setting = Setting(
            title=data["title"],
            summary=data["summary"],
            source=Citation(source["work"], source["place"]) if source else None,
            notes=data.get("notes", ""),
            domains=domains,
            functions=functions,
            abbreviations=self.scope.abbreviations,
            assumptions=assumptions,
            meanings={name: entry.get("meaning", "") for name, entry in entries},
            symbols={name: symbol for name, (symbol, _) in self.symbols.items()},
            text=self.text,
            path=self.path,
        )
        return data

    def check_used(self, data: Mapping[str, Any]) -> None:
        for table in self.names:
            for name in data.get(table, {}):
                if name not in self.used:
                    cure = "use it, or take it out"
                    self.fail((table, name), "declared but never used", Advice(name, cure=cure))

    def function(self, name: str, entry: Mapping[str, Any]) -> Signature:
        path = ("functions", name)
        domain = self.one_of(entry["domain"], DOMAINS, (*path, "domain"))
        formals = self.indices(entry["of"], (*path, "of"))
        if not formals:
            self.fail((*path, "of"), "names no index", Advice(cure="declare a parameter instead"))
        return Signature(domain, formals)

    def indices(self, text: str, path: KeyPath) -> tuple[str, ...]:
        found = tuple(each.strip() for each in text.split(",")) if text.strip() else ()
        if len(set(found)) != len(found) or not all(map(indexed.is_index, found)):
            letters = ", ".join(indexed.SETS)
            allowed = f"different indices with commas between; each a letter of {letters}"
            self.fail(path, "is not a list of indices", Advice(short(text), allowed))
        return found

    def assumption(self, name: str, entry: Mapping[str, Any]) -> Assumption:
        path = ("hypotheses", name)
        free = self.indices(entry.get("for", ""), (*path, "for"))
        left, right = self.equation(entry["is"], (*path, "is"), free)
        over: list[str] = []
        while isinstance(left, indexed.IndexSum):
            over.append(left.index)
            left = left.body
        fits = isinstance(left, indexed.Indexed) and len(set(left.indices)) == len(left.indices)
        fits = fits and (right == tree.Number(1) if over else True)
        if not fits or not isinstance(left, indexed.Indexed) or set(left.indices) != {*free, *over}:
            self.fail(
                (*path, "is"),
                "is no hypothesis",
                Advice(
                    short(entry["is"]), "sum(y, f(x, y)) = 1 or f(x) = a, for all other indices"
                ),
            )
        if not over and left.name in indexed.names(right):
            self.fail((*path, "is"), "is circular", Advice(left.name, "f(x) = a, with f not in a"))
        if not over and left.domain != "real" and ("unit" in left.domain or not right.positive):
            cure = f"declare {left.name} as real"
            message = f"makes something {left.domain} equal to what may not be"
            self.fail((*path, "is"), message, Advice(cure=cure))
        body = None if over else right
        return Assumption(name, left, tuple(over), body, entry.get("meaning", ""))

    def equation(
        self, text: str, path: KeyPath, free: tuple[str, ...]
    ) -> tuple[Expression, Expression]:
        left, sign, right = text.partition("=")
        if not sign:
            self.fail(path, "is not an equation", Advice(short(text), "a = b"))
        return (
            self.expression(left, path, free, whole=text),
            self.expression(right, path, free, whole=text, skip=len(left) + 1),
        )

    def expression(
        self,
        value: str | int,
        path: KeyPath,
        free: tuple[str, ...],
        *,
        whole: str = "",
        skip: int = 0,
    ) -> Expression:
        text = str(value)
        try:
            node = parse_indexed(text, replace(self.scope, indices=frozenset(free)))
        except LanguageError as error:
            self.fail_in(text, path, error, whole=whole, skip=skip)
        self.used |= {getattr(each, "name", "") for each in node.walk()}
        self.used |= {getattr(each, "along", "") for each in node.walk()}
        return node

    def using(self, entry: Mapping[str, Any], path: KeyPath) -> tuple[str, ...]:
        names = self.listed(entry, "using")
        for name in names:
            if name not in self.setting.assumptions:
                allowed = ", ".join(self.setting.assumptions) or "none are declared"
                self.fail((*path, "using"), "there is no such hypothesis", Advice(name, allowed))
        self.used |= set(names)
        return names

    def listed(self, entry: Mapping[str, Any], key: str) -> tuple[str, ...]:
        return tuple(each.strip() for each in entry.get(key, "").split(",") if each.strip())

    def sign(self, entry: Mapping[str, Any], path: KeyPath, allowed: tuple[str, ...]) -> str:
        sign: str = entry.get("relation", "=")
        if sign not in allowed:
            self.fail((*path, "relation"), "is no relation", Advice(sign, " ".join(allowed)))
        return sign

    def gap(
        self, entry: Mapping[str, Any], path: KeyPath, free: tuple[str, ...]
    ) -> Expression | None:
        if "gap" not in entry:
            return None
        return self.expression(entry["gap"], (*path, "gap"), free)

    def entries(self, data: Mapping[str, Any], table: str, path: KeyPath) -> list[Any]:
        entries = data[table]
        if not isinstance(entries, list) or not entries:
            self.fail(
                (*path, table), "is not an array of tables", Advice(cure=f"write [[{table}]]")
            )
        for number, entry in enumerate(entries):
            self.check_table(entry, table, (*path, table, number))
        return entries

    def id(self, entry: Mapping[str, Any], path: KeyPath, seen: set[str]) -> str:
        id_: str = entry["id"]
        if not _ID.fullmatch(id_):
            self.fail((*path, "id"), "is not an id", Advice(short(id_), "a-z 0-9 - _"))
        if id_ in seen:
            self.fail((*path, "id"), "two have this id", Advice(id_))
        seen.add(id_)
        return id_


class _TheoryLoader(Loader):
    keys = THEORY_KEYS

    def theory(self) -> Theory:
        data = self.read_setting()
        chains = read_chains(self, data)
        self.check_used(data)
        return Theory(self.setting, chains)


class _AuditLoader(Loader):
    keys = AUDIT_KEYS

    def audit(self) -> Audit:
        data = self.read_setting()
        seen: set[str] = set()
        entries = tuple(
            self.entry(entry, ("entry", number), seen)
            for number, entry in enumerate(self.entries(data, "entry", ()))
        )
        self.check_used(data)
        return Audit(self.setting, entries)

    def entry(self, entry: Mapping[str, Any], path: KeyPath, seen: set[str]) -> Entry:
        status = self.one_of(entry["status"], AUDIT_STATUSES, (*path, "status"))
        self.one_of(entry["form"], FORMS, (*path, "form"))
        if "category" in entry:
            self.one_of(entry["category"], CATEGORIES, (*path, "category"))
        elif status == "refuted" and "same" not in entry:
            self.fail(path, "what is refuted has a category", Advice(allowed=", ".join(CATEGORIES)))
        for key in ("category", "residual", "repair") if "same" in entry else ():
            if key in entry:
                cure = "take it out: it is that of the entry named by same"
                self.fail((*path, key), "one slip is counted once", Advice(cure=cure))
        if "same" not in entry and ("reason" in entry) != (status == "not checked"):
            self.fail(path, "a reason stands where nothing is checked, and only there", Advice())
        free = self.indices(entry.get("for", ""), (*path, "for"))
        residual = entry.get("residual")
        repair = None
        if "repair" in entry:
            inner: KeyPath = (*path, "repair")
            self.check_table(entry["repair"], "repair", inner)
            repair = Repair(entry["repair"]["says"], self.evidence(entry["repair"], inner))
        return Entry(
            id=self.id(entry, path, seen),
            place=entry["place"],
            says=entry["says"],
            form=entry["form"],
            status=status,
            category=entry.get("category", ""),
            why=entry["why"],
            meant=entry.get("meant", ""),
            evidence=self.evidence(entry, path),
            residual=(
                None if residual is None else self.expression(residual, (*path, "residual"), free)
            ),
            repair=repair,
        )

    def evidence(self, entry: Mapping[str, Any], path: KeyPath) -> Evidence:
        present = [key for key in _EVIDENCE if key in entry]
        if len(present) != 1:
            self.no_evidence(path, present)
        if present == ["left"]:
            if "right" not in entry:
                self.fail(path, "a left side without a right side", Advice(cure="add right"))
            free = self.indices(entry.get("for", ""), (*path, "for"))
            relation = Relation(
                self.expression(entry["left"], (*path, "left"), free),
                self.sign(entry, path, ("=", "<=")),
                self.expression(entry["right"], (*path, "right"), free),
                self.using(entry, path),
                self.gap(entry, path, free),
            )
            return Evidence(relation, negated=entry.get("negated", False))
        if "property" in entry:
            self.one_of(entry["property"], PROPERTIES, (*path, "property"))
        return Evidence(
            claims=self.listed(entry, "claim"),
            chains=self.listed(entry, "chain"),
            property=entry.get("property", ""),
            of=self.listed(entry, "of"),
            same=entry.get("same", ""),
            reason=entry.get("reason", ""),
            negated=entry.get("negated", False),
        )

    def no_evidence(self, path: KeyPath, present: list[str]) -> NoReturn:
        advice = Advice(", ".join(present), f"one of {', '.join(_EVIDENCE)}")
        self.fail(path, "a statement is given in one way", advice)
