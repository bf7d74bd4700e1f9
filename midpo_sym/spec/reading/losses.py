"""Read a specification file; everything wrong with it is said with its place and the cure."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from midpo_sym.language import tree
from midpo_sym.language.constants import constant
from midpo_sym.language.errors import Advice
from midpo_sym.language.grammar.losses import Definition, Scope
from midpo_sym.language.grammar.reader import Reader
from midpo_sym.language.quantities.data import ARITIES, RESPONSE, TOKEN
from midpo_sym.language.vocabulary import CHECKED, DOMAINS, KNOWS, STATUSES
from midpo_sym.spec.errors import SpecError
from midpo_sym.spec.model import (
    Citation,
    Claim,
    DatumSpec,
    DefinitionSpec,
    Derivation,
    ParameterSpec,
    Statement,
    WeightSpec,
)
from midpo_sym.spec.reading.files import read_text
from midpo_sym.spec.reading.keys import EXPRESSION, NAMED
from midpo_sym.spec.reading.objectives import (
    PARTS,
    RESPONSES_OF_LOSS,
    RESPONSES_OF_PRIOR,
    Objectives,
)
from midpo_sym.spec.reading.place import KeyPath
from midpo_sym.spec.reading.tables import NAME, did_you_mean, short

MAX_CLAIMS = 100
ID = re.compile(r"[a-z][a-z0-9_]{0,39}")
_CLAIM_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")


def load(path: str | Path) -> Derivation:
    """Read a specification file.

    Args:
        path: a TOML file; its name without `.toml` is the id of the derivation.

    Raises:
        SpecError: the file cannot be read, or breaks a rule; nothing in it is ever executed.
    """
    return loads(read_text(Path(path)), path)


def loads(text: str, path: str | Path, reader: type[Reader] = Reader) -> Derivation:
    """Read the text of a specification.

    Args:
        text: what the file holds.
        path: the name of the file.
        reader: what turns the syntax of an expression into a tree.

    Raises:
        SpecError: the text breaks a rule.
    """
    return _Loader(text, Path(path), reader).derivation()


class _Loader(Objectives):
    """Reads one file. Methods go from the file inwards; each fails with a place."""

    def __init__(self, text: str, path: Path, reader: type[Reader]) -> None:
        super().__init__(text, path, reader)
        self.torch_names: dict[str, str] = {}  # name in Python: name here
        self.of_claims: dict[str, Mapping[str, Any]] = {}  # parameters of claims, by name

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
        weights = [self.weight(name, entry) for name, entry in self.named(data, "weights")]
        numbers: list[DatumSpec] = []
        for name, entry in self.named(data, "data"):
            found = self.datum(name, entry)
            if isinstance(found, DatumSpec):
                numbers.append(found)
            else:
                weights.append(found)
        self.check_duplicates(data)
        scope = Scope(
            frozenset(),
            {each.name: each.domain for each in parameters},
            {each.name: (each.domain, each.by_label) for each in weights},
            data={each.name: (each.arity, each.domain, each.by_label) for each in numbers},
        )
        definitions, scope = self.definitions(data, scope, {})
        self.check_symbols(data)
        self.check_table(data["prior"], "prior", ("prior",))
        self.check_table(data["loss"], "loss", ("loss",))
        statement = self.statement(data, scope, {}, ())
        claims = self.claims(data, scope, statement)
        self.check_symbols(data)  # parameters of claims among them
        for table in NAMED:
            for name in data.get(table, {}):
                self.check_used(name, (table, name))
        return Derivation(
            id=self.path.stem,
            title=data["title"],
            name=data.get("name", data["title"]),
            summary=data["summary"],
            source=self.citation(data["source"], ("source",)) if "source" in data else None,
            notes=data.get("notes", ""),
            elsewhere=data.get("elsewhere", ""),
            parameters=parameters,
            weights=tuple(weights),
            data=tuple(numbers),
            definitions=definitions,
            statement=statement,
            claims=claims,
            text=self.text,
            path=self.path,
            checked=self.one_of(data["checked"], CHECKED, ("checked",))
            if "checked" in data
            else "",
        )

    def parameter(
        self, name: str, entry: Mapping[str, Any], table: KeyPath = ("parameters",)
    ) -> ParameterSpec:
        path = (*table, name)
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
            self.symbol(name, entry, path),
            self.torch(name, entry, path),
        )

    def datum(self, name: str, entry: Mapping[str, Any]) -> WeightSpec | DatumSpec:
        """Read a number given as data; one that each token has is a weight."""
        path = ("data", name)
        of = entry["of"]
        if of not in ARITIES:
            allowed = ", ".join(f'"{each}"' for each in ARITIES)
            advice = Advice(short(of), allowed, did_you_mean(of, ARITIES) or "write one of these")
            self.fail((*path, "of"), "is nothing that numbers are given for", advice)
        if ARITIES[of] is TOKEN:
            return self.weight(name, entry, "data")
        by_label = entry.get("by_label", False)
        if by_label and ARITIES[of] is not RESPONSE:
            advice = Advice(cure='take it out, or write of = "y"')
            self.fail((*path, "by_label"), "what is no response's has no label", advice)
        return DatumSpec(
            name,
            ARITIES[of],
            self.one_of(entry["domain"], DOMAINS, (*path, "domain")),
            by_label,
            entry["meaning"],
            self.symbol(name, entry, path),
            self.torch(name, entry, path),
        )

    def weight(self, name: str, entry: Mapping[str, Any], table: str = "weights") -> WeightSpec:
        path = (table, name)
        return WeightSpec(
            name,
            self.one_of(entry["domain"], DOMAINS, (*path, "domain")),
            entry.get("by_label", False),
            entry["meaning"],
            self.symbol(name, entry, path),
            self.torch(name, entry, path),
        )

    def torch(self, name: str, entry: Mapping[str, Any], path: KeyPath) -> str:
        torch: str = entry.get("torch", name)
        if not NAME.fullmatch(torch) or keyword.iskeyword(torch):
            self.fail((*path, "torch"), "is not a name in Python", Advice(short(torch)))
        other = self.torch_names.setdefault(torch, name)
        if other != name:
            cure = "give one of them another name with torch = ..."
            self.fail(
                (*path, "torch"), f"{other} has this name in Python too", Advice(torch, "", cure)
            )
        return torch

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
            responses = RESPONSES_OF_PRIOR if of else RESPONSES_OF_LOSS
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
                DefinitionSpec(
                    name, definition, entry.get("meaning", ""), self.symbol(name, entry, path)
                )
            )
        return tuple(found), scope

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
            self.fail((*path, "id"), "is not an id", Advice(short(entry["id"]), "a-z 0-9 - _"))
        status = self.one_of(entry["status"], STATUSES, (*path, "status"))
        gradient = self.one_of(entry.get("gradient", status), STATUSES, (*path, "gradient"))
        if not entry.get("printed", True) and "note" not in entry:
            advice = Advice(cure="say in note what it repairs or how it reads what is printed")
            self.fail((*path, "printed"), "a claim that nobody prints needs a note", advice)
        own, scope = self.parameters_of_claim(entry, path, scope)
        changed = {*PARTS, "where"} & set(entry)
        if changed:
            if "where" in entry:
                scope = self.where(entry["where"], path, data, scope)
            # A part that the claim leaves alone is read again, so that `where` reaches it.
            statement = self.statement(data, scope, entry, path)
        if "knows" in entry:
            self.one_of(entry["knows"], KNOWS, (*path, "knows"))
        residual = None
        if "residual" in entry:
            if status != "refuted":
                cure = 'take it out, or write status = "refuted"'
                self.fail((*path, "residual"), "a claim that is proved has none", Advice(cure=cure))
            residual = self.expression(
                entry["residual"], (*path, "residual"), scope, RESPONSES_OF_LOSS
            )
        for each in own:
            self.check_used(each.name, (*path, "parameters", each.name))
        return Claim(
            id=entry["id"],
            citation=self.citation(entry, path, claim=True),
            printed=entry.get("printed", True),
            status=status,
            gradient=gradient,
            statement=statement,
            residual=residual,
            note=entry.get("note", ""),
            is_main=not changed,
            knows=entry.get("knows", ""),
            convention=entry.get("convention", ""),
            parameters=own,
        )

    def check_used(self, name: str, path: KeyPath) -> None:
        if name not in self.used:
            advice = Advice(name, cure="use it, or take it out")
            self.fail(path, "declared but never used", advice)

    def parameters_of_claim(
        self, entry: Mapping[str, Any], path: KeyPath, scope: Scope
    ) -> tuple[tuple[ParameterSpec, ...], Scope]:
        """Return the parameters that a claim declares for itself, and the scope with them."""
        found = []
        for name, each in self.named(entry, "parameters", path):
            at = (*path, "parameters", name)
            if name in scope.names:
                self.fail(at, "already declared for the whole file", Advice(name))
            known = self.of_claims.setdefault(name, each)
            if {**known, "default": 0} != {**each, "default": 0}:
                cure = "declare it as there, or give it another name; a default may differ"
                self.fail(at, "another claim declares it differently", Advice(name, cure=cure))
            self.used.discard(name)  # another claim may have used it
            found.append(self.parameter(name, each, (*path, "parameters")))
        own = {each.name: each.domain for each in found}
        return tuple(found), replace(scope, parameters={**scope.parameters, **own})

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
            self.fail(path, "is not a table", Advice(short(entry), "{ name = expression }"))
        replaced: dict[str, Definition] = {}
        free = Scope(frozenset(), scope.parameters, scope.weights, data=scope.data)
        for name, value in entry.items():
            old = scope.definitions.get(name)
            if name not in scope.parameters and old is None:
                known = (*scope.parameters, *scope.definitions)
                advice = Advice(short(name), ", ".join(known), did_you_mean(name, known))
                self.fail((*path, name), "unknown name", advice)
            self.check_kind(value, EXPRESSION, (*path, name))
            of = old.of if old else ""
            responses = RESPONSES_OF_PRIOR if of else RESPONSES_OF_LOSS if old else frozenset()
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
            data=scope.data,
        )
        return self.definitions(data, outer, replaced)[1]

    def citation(self, entry: object, path: KeyPath, *, claim: bool = False) -> Citation:
        if not claim:
            self.check_table(entry, "source", path)
        assert isinstance(entry, dict)
        return Citation(entry["work"], entry["place"])
