"""Text to tree for the theory: the same grammar, with functions of indices and their sums."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NoReturn

from midpo_sym.language import indexed, tree
from midpo_sym.language.grammar.losses import parse
from midpo_sym.language.grammar.reader import Reader
from midpo_sym.language.grammar.scope import Scope
from midpo_sym.language.tree import Expression
from midpo_sym.language.vocabulary import THEORY_FUNCTIONS


@dataclass(frozen=True, slots=True)
class Signature:
    """A declared function: its domain, and the indices it is declared with."""

    domain: str
    indices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Abbreviation:
    """A declared abbreviation: the indices it is declared with, and its body."""

    formals: tuple[str, ...]
    body: Expression


@dataclass(frozen=True, slots=True)
class IndexedScope(Scope):
    """The names that an expression of the theory may use.

    Attributes:
        functions: name to signature.
        abbreviations: name to abbreviation.
        indices: the indices that may be free: the expression is about all their values.
    """

    functions: Mapping[str, Signature] = field(default_factory=dict)
    abbreviations: Mapping[str, Abbreviation] = field(default_factory=dict)
    indices: frozenset[str] = frozenset()

    def usage(self, name: str) -> str:
        """Return how a name is written where it needs arguments; "" if it is unknown."""
        if name in THEORY_FUNCTIONS:
            return " or ".join(THEORY_FUNCTIONS[name].usage)
        if name in self.functions:
            return f"{name}({', '.join(self.functions[name].indices)})"
        if name in self.abbreviations:
            formals = self.abbreviations[name].formals
            return f"{name}({', '.join(formals)})" if formals else name
        return ""


def parse_indexed(text: str, scope: IndexedScope) -> Expression:
    """Return the tree of an expression of the theory.

    Raises:
        LanguageError: the text breaks a rule of the language; says where and how to mend it.
    """
    return parse(text, scope, _IndexedReader)


class _IndexedReader(Reader):
    scope: IndexedScope
    words = frozenset({"log", "exp"})

    def __init__(self, text: str, indent: int, scope: Scope) -> None:
        super().__init__(text, indent, scope)
        self.bound: tuple[str, ...] = ()

    @contextmanager
    def binding(self, index: str) -> Iterator[None]:
        self.bound += (index,)
        yield
        self.bound = self.bound[:-1]

    def read_name(self, syntax: ast.Name) -> Expression:
        name, scope = syntax.id, self.scope
        known = scope.abbreviations.get(name)
        if known and not known.formals:
            self.count_unfolded(syntax, known.body)
            return indexed.Applied(name, (), (), known.body)
        if name in scope.parameters:
            return tree.Parameter(name, scope.parameters[name])
        if indexed.is_index(name):
            self.fail(syntax, f"the index {name} is not a number", allowed=f"f({name}), ...")
        usage = self.scope.usage(name)
        if usage:
            self.fail(syntax, f"{name} is called without its argument", allowed=usage)
        self.unknown(syntax, name)

    def unknown(
        self, syntax: ast.expr, name: str, called_with: list[ast.expr] | None = None
    ) -> NoReturn:
        del called_with
        scope = self.scope
        known = (*scope.parameters, *scope.functions, *scope.abbreviations, *THEORY_FUNCTIONS)
        near = difflib.get_close_matches(name, known, n=1)
        cure = "declare it under [parameters], [functions] or [definitions]"
        self.fail(
            syntax,
            f"unknown name {name[:40]!r}",
            allowed=", ".join(known),
            cure=f"did you mean {near[0]}? If not, {cure}" if near else cure,
        )

    def read_call(self, syntax: ast.Call) -> Expression:
        function = syntax.func
        plain = not syntax.keywords and not any(isinstance(a, ast.Starred) for a in syntax.args)
        if not isinstance(function, ast.Name) or not plain:
            self.fail(
                syntax,
                "not a call of the language",
                allowed="f(a, b), by position",
                instead=self.cures.instead(syntax),
            )
        name, arguments = function.id, syntax.args
        if name in THEORY_FUNCTIONS:
            return self.read_function(syntax, name)
        if name in self.scope.functions:
            signature = self.scope.functions[name]
            indices = self.read_indices(syntax, name, arguments, signature.indices)
            return indexed.Indexed(name, indices, signature.domain)
        if name in self.scope.abbreviations:
            known = self.scope.abbreviations[name]
            actuals = self.read_indices(syntax, name, arguments, known.formals)
            self.count_unfolded(syntax, known.body)
            return indexed.Applied(name, known.formals, actuals, known.body)
        instead = self.cures.instead(syntax)
        if instead:
            self.fail(syntax, f"unknown name {name[:40]!r}", instead=instead)
        self.unknown(function, name)

    def read_indices(
        self, syntax: ast.Call, name: str, arguments: list[ast.expr], wanted: tuple[str, ...]
    ) -> tuple[str, ...]:
        usage = self.scope.usage(name)
        if len(arguments) != len(wanted):
            self.fail(syntax, f"{name} is not called this way", allowed=usage)
        found = []
        for argument, formal in zip(arguments, wanted, strict=True):
            index = self.read_index(argument, usage)
            if indexed.set_of(index) != indexed.set_of(formal):
                what = indexed.SETS[indexed.set_of(formal)].partition(";")[0].partition(",")[0]
                self.fail(argument, f"{name} takes an index of the {what} here", allowed=usage)
            if index not in self.bound and index not in self.scope.indices:
                self.fail(
                    argument,
                    f"the index {index} is bound by nothing",
                    allowed=", ".join(sorted({*self.bound, *self.scope.indices})) or "none",
                    cure="sum over it, or name it in `for`",
                )
            found.append(index)
        return tuple(found)

    def read_index(self, argument: ast.expr, usage: str) -> str:
        if not isinstance(argument, ast.Name) or not indexed.is_index(argument.id):
            letters = ", ".join(indexed.SETS)
            allowed = f"{usage}; an index is one of the letters {letters}, and perhaps a digit"
            self.fail(argument, "not an index", allowed=allowed)
        return argument.id

    def read_function(self, syntax: ast.Call, name: str) -> Expression:
        counts = {"derivative": (2, 3), "sum": (2,), "least": (2,), "most": (2,)}.get(name, (1,))
        if len(syntax.args) not in counts:
            self.fail(syntax, f"{name} is not called this way", allowed=self.scope.usage(name))
        match name:
            case "sum" | "least" | "most":
                return self.read_binder(syntax, name)
            case "derivative":
                return self.read_derivative(syntax)
        body = self.read(syntax.args[0])
        if name == "log":
            self.need_positive(syntax.args[0], body, "the logarithm")
            return tree.Log(body)
        if name == "exp":
            return tree.Exp(body)
        return tree.Div(tree.Number(1), tree.add(tree.Number(1), tree.Exp(tree.Neg(body))))

    def read_binder(self, syntax: ast.Call, name: str) -> Expression:
        index = self.read_index(syntax.args[0], self.scope.usage(name))
        if index in self.bound or index in self.scope.indices:
            cure = f"take another, such as {index[0]}1"
            self.fail(syntax.args[0], f"the index {index} is taken already", cure=cure)
        if name == "sum" and index[0] not in indexed.FINITE:
            self.fail(syntax.args[0], "a sum over a set that may be infinite", allowed="x, y, i")
        with self.binding(index):
            body = self.read(syntax.args[1])
        if name == "sum":
            return indexed.IndexSum(index, body)
        if name == "least":
            return indexed.Least(index, body)
        return tree.Neg(indexed.Least(index, tree.Neg(body)))

    def read_derivative(self, syntax: ast.Call) -> Expression:
        names = [each.id if isinstance(each, ast.Name) else "" for each in syntax.args[1:]]
        body = self.read(syntax.args[0])
        if len(names) == 1 and names[0] in self.scope.parameters:
            return indexed.Differential(body, names[0])
        both = [self.scope.functions.get(name) for name in names]
        if len(both) == 2 and both[0] and both[1]:  # noqa: PLR2004 - a function and a direction
            same = [*map(indexed.set_of, both[0].indices)] == [
                *map(indexed.set_of, both[1].indices)
            ]
            if same and both[1].domain == "real":
                return indexed.Differential(body, *names)
        self.fail(
            syntax,
            "the derivative by what?",
            allowed="derivative(a, parameter), or derivative(a, f, h) with h real, "
            "a function of the same indices as f",
        )
