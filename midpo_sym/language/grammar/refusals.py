"""How a reader refuses: the place of what is wrong, what is allowed, and the cure."""

from __future__ import annotations

import ast
import difflib
from typing import NoReturn

from midpo_sym.language import tree
from midpo_sym.language.errors import Advice, LanguageError
from midpo_sym.language.grammar.cures import NOTHING, Cures
from midpo_sym.language.grammar.limits import MAX_LEVELS, MAX_NODES, MAX_OPERATIONS
from midpo_sym.language.grammar.scope import Scope
from midpo_sym.language.tree import Expression
from midpo_sym.language.vocabulary import FUNCTIONS, OTHER, QUANTITIES, RESPONSES

ALLOWED = "numbers, names, calls, + - * / ** and brackets"

# What to do about what no other text can stand for.
OF_KIND: dict[type[ast.expr], str] = {
    ast.JoinedStr: "take the quotes away",
    ast.Compare: "write one side only: an expression is no statement",
    ast.BoolOp: "write the two sides in two places",
    ast.IfExp: "write max(a, b) for the larger of two, by_label(a, b) in a prior",
    ast.Tuple: "write one expression",
    ast.NamedExpr: "name it under [definitions]",
}


def too_deep(offset: int, length: int) -> LanguageError:
    """Return the error of an expression that is too large."""
    return LanguageError(
        "the expression is too deep or too long",
        offset,
        length,
        Advice(
            allowed=f"at most {MAX_LEVELS} levels, {MAX_OPERATIONS} operations in a row "
            f"and {MAX_NODES:,} nodes once definitions are unfolded",
            cure="write it in a shorter way",
        ),
    )


_NOT_HERE = {OTHER: "what speaks of it is added to the terms, in plus; no prior knows it"}


class Refusals:
    """What may be wrong with a node of Python's syntax tree, as errors of the language."""

    words: frozenset[str] | None = None  # the functions that cures may use, if they are not all

    def __init__(self, text: str, indent: int, scope: Scope) -> None:
        self.text = text
        self.indent = indent
        self.scope = scope
        self.cures = Cures(text, scope, self.words)

    def fail(
        self,
        syntax: ast.expr,
        message: str,
        *,
        allowed: str = "",
        cure: str = "",
        instead: str = "",
    ) -> NoReturn:
        """Refuse what a node stands for; `instead` is a cure that can stand in its place."""
        start = syntax.col_offset
        end = syntax.end_col_offset or start + 1
        raise LanguageError(
            message,
            self.indent + start,
            max(end - start, 1),
            Advice(
                self.text[start:end][:80],
                allowed,
                cure or (f"write {instead}" if instead else ""),
                instead,
            ),
        )

    def unknown(
        self, syntax: ast.expr, name: str, called_with: list[ast.expr] | None = None
    ) -> NoReturn:
        """Refuse a name that nothing declares; the arguments say what it may have been meant as."""
        scope = self.scope
        declared = (*scope.parameters, *scope.weights, *scope.data, *scope.definitions)
        known = (*declared, *QUANTITIES, *FUNCTIONS)
        near = difflib.get_close_matches(name, known, n=1)
        cure = f"declare it {self.cures.declaration(name, called_with)}"
        if name in NOTHING or self.cures.usage(name):
            cure = NOTHING.get(name) or self.cures.usage(name)
        elif near:
            cure = f"did you mean {near[0]}? If not, {cure}"
        instead = self.cures.instead(syntax)
        self.fail(
            syntax,
            f"unknown name {name[:40]!r}",
            allowed=", ".join(known),
            cure="" if instead else cure,
            instead=instead,
        )

    def cure_of(self, syntax: ast.expr) -> str:
        """Return what to write for a node that is larger than what is at fault."""
        instead = self.cures.instead(syntax)
        return f"write {instead} for the whole of it" if instead else ""

    def cure_of_sign(self, syntax: ast.expr) -> str:
        """Return how to make positive by its form what is not."""
        if isinstance(syntax, ast.Name) and syntax.id in self.scope.parameters:
            return f"declare the domain of {syntax.id} as positive, if it is"
        kept = self.cures.positive(syntax)
        return f"keep it from zero, such as by {kept}" if kept else ""

    def need_positive(self, syntax: ast.expr, node: Expression, what: str) -> None:
        if not node.positive:
            self.fail(
                syntax,
                f"{what} needs something that is positive by its form",
                allowed="probabilities, positive parameters, exp(...), and their sums, "
                "products, quotients and powers",
                cure=self.cure_of_sign(syntax),
            )

    def check_label(self, syntax: ast.expr, name: str, response: str) -> None:
        """Refuse what goes by the label of a response that has none."""
        scope = self.scope
        labelled = any(name in each and each[name][-1] for each in (scope.weights, scope.data))
        if name in scope.definitions:
            labelled = tree.goes_by_label(scope.definitions[name].body)
        if response == OTHER and labelled:
            self.fail(
                syntax,
                f"{name} goes by the label of a response, and {OTHER} has none",
                allowed=f"{name} of w and of l",
                cure="write what is meant of it by itself",
            )

    def read_response(self, name: str, argument: ast.expr) -> str:
        if isinstance(argument, ast.Name) and argument.id in self.scope.responses:
            return argument.id
        allowed = ", ".join(f"{name}({each})" for each in sorted(self.scope.responses))
        if isinstance(argument, ast.Name) and argument.id in RESPONSES:
            self.fail(
                argument,
                f"the response {argument.id} does not exist here",
                allowed=allowed,
                cure=_NOT_HERE.get(
                    argument.id, "a prior and definitions of y speak of y, a loss of w and l"
                ),
            )
        meant = self.cures.response(argument)
        self.fail(
            argument,
            f"{name} is taken at a response",
            allowed=allowed,
            cure="" if meant else "write one of these",
            instead=meant,
        )
