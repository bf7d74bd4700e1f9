"""Text to tree: Python's grammar, a whitelist, and exact numbers.

The text is parsed by `ast.parse`, which runs nothing, and only the node kinds named here are
ever looked at. Everything else is refused with its place and the cure.
"""

from __future__ import annotations

import ast
import difflib
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NoReturn

from midpo_sym.language import tree
from midpo_sym.language.constants import MAX_BITS, combine
from midpo_sym.language.errors import Advice, LanguageError
from midpo_sym.language.tree import Expression
from midpo_sym.language.vocabulary import (
    DIVERGENCES,
    FUNCTIONS,
    MODELS,
    QUANTITIES,
    RESPONSES,
    TOKEN,
)

MAX_LENGTH = 4_000
MAX_DIGITS = 18
MIN_DECIMAL = 1e-12  # a decimal from here to its inverse has a fraction that is worth printing
MAX_EXPONENT = 64
MAX_BRACKETS = 60
MAX_OPERATIONS = 150
MAX_LEVELS = MAX_BRACKETS  # so that the canonical spelling can be read again
MAX_NODES = 1_000  # well under the tree's own limit, so that the prover can build on it


@dataclass(frozen=True, slots=True)
class Definition:
    """A declared abbreviation: its body, and what it is taken at ("", "y" or "y, t")."""

    of: str
    body: Expression


@dataclass(frozen=True, slots=True)
class Scope:
    """The names that an expression may use.

    Attributes:
        responses: the responses it may speak of.
        parameters: name to domain.
        weights: name to (domain, whether each label has its own).
        definitions: name to definition.
        token: whether the token position t is bound from outside (a definition "of y, t").
    """

    responses: frozenset[str]
    parameters: Mapping[str, str] = field(default_factory=dict)
    weights: Mapping[str, tuple[str, bool]] = field(default_factory=dict)
    definitions: Mapping[str, Definition] = field(default_factory=dict)
    token: bool = False


def parse(text: str, scope: Scope, reader: type[Reader] | None = None) -> Expression:
    """Return the tree of an expression.

    Args:
        text: the expression, in the words of the specification language.
        scope: the names it may use.
        reader: what turns Python's syntax into a tree, if not the `Reader` of this module.

    Raises:
        LanguageError: the text breaks a rule of the language; says where and how to mend it.
    """
    _check_text(text)
    source = text.replace("\n", " ").replace("\r", " ").replace("\t", " ")
    stripped = source.strip()
    if not stripped:
        raise LanguageError("the expression is empty")
    # Brackets let a lone leading space or a line break stand; one more column is taken off.
    indent = len(source) - len(source.lstrip())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "1if" and the like are refused below
            syntax = ast.parse(stripped, mode="eval").body
    except SyntaxError as error:
        at = error.offset - 1 if error.offset else len(stripped)  # none where the text breaks off
        raise LanguageError(
            f"not an expression: {error.msg}",
            min(indent + at, len(text) - 1),
            1,
            _syntax_advice(stripped),
        ) from None
    except (RecursionError, MemoryError, ValueError):
        raise _too_deep(indent, len(stripped)) from None
    if _depth(syntax) > MAX_OPERATIONS:
        raise _too_deep(indent, len(stripped))
    return (reader or Reader)(stripped, indent, scope).read_all(syntax)


def cure_for_decimal(value: float) -> str:
    """Say which fraction was meant: 0.1 is 1/10; give an example if it would be a long one."""
    if value != 0 and not MIN_DECIMAL <= abs(value) < 1 / MIN_DECIMAL:
        return "write an exact fraction, such as 1/10"
    fraction = Fraction(repr(value))
    return f"write the exact fraction {fraction.numerator}/{fraction.denominator}"


def _check_text(text: str) -> None:
    if len(text) > MAX_LENGTH:
        raise LanguageError(
            f"the expression has {len(text):,} characters",
            0,
            1,
            Advice(
                allowed=f"at most {MAX_LENGTH:,} characters",
                cure="name its parts under [definitions]",
            ),
        )
    comment = text.find("#")
    if comment >= 0:  # Python would skip it, and with the line breaks gone all that follows
        raise LanguageError(
            "a comment is not part of the language",
            comment,
            len(text) - comment,
            Advice(text[comment:][:80], cure="put it outside the quotes, or in a note"),
        )
    for offset, character in enumerate(text):
        if not (character.isascii() and (character.isprintable() or character in "\n\r\t")):
            raise LanguageError(
                f"the character {character!r} is not part of the language",
                offset,
                1,
                Advice(
                    character,
                    "letters, digits, _ + - * / ** ( ) ,",
                    "spell Greek letters out, such as alpha",
                ),
            )
    depth = 0
    for offset, character in enumerate(text):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth > MAX_BRACKETS:
            raise _too_deep(offset, 1)


def _too_deep(offset: int, length: int) -> LanguageError:
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


def _depth(syntax: ast.expr) -> int:
    depth, level = 0, [syntax]
    while level:
        depth += 1
        level = [
            child
            for node in level
            for child in ast.iter_child_nodes(node)
            if isinstance(child, ast.expr)
        ]
    return depth


def _syntax_advice(text: str) -> Advice:
    if "^" in text:
        return Advice(cure="write a power as a**b")
    if "lambda" in text:
        return Advice(cure="lambda is a reserved word: name the parameter lam or lambda_")
    return Advice(allowed="numbers, names, calls, + - * / ** and brackets")


class Reader:
    """Reads one syntax tree of Python into one expression."""

    operators: Mapping[type[ast.operator], Callable[[Expression, Expression], Expression]] = {
        ast.Add: tree.add,
        ast.Sub: lambda left, right: tree.add(left, tree.Neg(right)),
        ast.Mult: tree.mul,
        ast.Div: tree.Div,
        ast.Pow: tree.Pow,
    }

    def __init__(self, text: str, indent: int, scope: Scope) -> None:
        self.text = text
        self.indent = indent
        self.scope = scope
        self.values: dict[ast.expr, Fraction | None] = {}  # of what is made of numbers alone
        self.unfolded = 0  # nodes that definitions have brought in

    def read_all(self, syntax: ast.expr) -> Expression:
        try:
            node = self.read(syntax)
        except (RecursionError, ValueError):  # the tree's own limits; all else is checked before
            raise _too_deep(self.indent, len(self.text)) from None
        if node.depth > MAX_LEVELS or node.size > MAX_NODES:
            raise _too_deep(self.indent, len(self.text))
        if not self.scope.token and tree.token_responses(node):
            self.fail(
                syntax,
                "the token position t outside a sum or product over tokens",
                cure="wrap it in sum_t(...) or prod_t(...)",
            )
        return node

    def fail(
        self, syntax: ast.expr, message: str, *, allowed: str = "", cure: str = ""
    ) -> NoReturn:
        start = syntax.col_offset
        end = syntax.end_col_offset or start + 1
        raise LanguageError(
            message,
            self.indent + start,
            max(end - start, 1),
            Advice(self.text[start:end][:80], allowed, cure),
        )

    def read(self, syntax: ast.expr) -> Expression:
        match syntax:
            case ast.Constant():
                return self.read_number(syntax)
            case ast.Name():
                return self.read_name(syntax)
            case ast.UnaryOp(op=ast.USub()):
                node = tree.Neg(self.read(syntax.operand))
                self.note_value(syntax, tree.Neg, self.values.get(syntax.operand))
                return node
            case ast.BinOp():
                return self.read_operation(syntax)
            case ast.Call():
                return self.read_call(syntax)
        what = type(syntax).__name__
        self.fail(
            syntax,
            f"{what} is not part of the language",
            allowed="numbers, names, calls, + - * / ** and brackets",
        )

    def read_number(self, syntax: ast.Constant) -> Expression:
        value = syntax.value
        if isinstance(value, float):
            self.fail(
                syntax,
                "a decimal number is not exact",
                allowed="whole numbers and their quotients",
                cure=cure_for_decimal(value),
            )
        if isinstance(value, bool) or not isinstance(value, int):
            self.fail(
                syntax,
                f"a {type(value).__name__} is not part of the language",
                allowed="whole numbers",
            )
        if value >= 10**MAX_DIGITS:
            self.fail(syntax, "the number is too long", allowed=f"at most {MAX_DIGITS} digits")
        self.values[syntax] = Fraction(value)
        return tree.Number(value)

    def read_name(self, syntax: ast.Name) -> Expression:
        name = syntax.id
        scope = self.scope
        if name in scope.definitions and not scope.definitions[name].of:
            return self.read_abbreviation(syntax, name, scope.definitions[name].body)
        if name in scope.parameters:
            return tree.Parameter(name, scope.parameters[name])
        if name == TOKEN:
            self.fail(
                syntax,
                "the token position t stands only inside a quantity",
                allowed="pi(y, t), kl_ref_pi(y, t), ...",
            )
        if name in RESPONSES:
            self.fail(
                syntax,
                f"the response {name} is not a number",
                allowed=f"pi({name}), length({name}), ...",
            )
        usage = self._usage(name)
        if usage:
            self.fail(syntax, f"{name} is called without its argument", allowed=usage)
        self.unknown(syntax, name)

    def read_abbreviation(self, syntax: ast.Name, name: str, body: Expression) -> Expression:
        absent = sorted(tree.responses(body) - self.scope.responses)
        if absent:
            self.fail(
                syntax,
                f"{name} speaks of the response {absent[0]}, which does not exist here",
                cure="a prior and definitions of y speak of y, a loss of w and l",
            )
        self.count_unfolded(syntax, body)
        return tree.Defined(name, "", False, body)  # noqa: FBT003

    def count_unfolded(self, syntax: ast.expr, body: Expression) -> None:
        """Refuse a tree that definitions have made too large, before it is built."""
        self.unfolded += body.size
        if self.unfolded > MAX_NODES:
            raise _too_deep(self.indent + syntax.col_offset, 1)

    def unknown(self, syntax: ast.expr, name: str) -> NoReturn:
        scope = self.scope
        declared = (*scope.parameters, *scope.weights, *scope.definitions)
        known = (*declared, *QUANTITIES, *FUNCTIONS)
        near = difflib.get_close_matches(name, known, n=1)
        cure = (
            f"did you mean {near[0]}?"
            if near
            else "declare it under [parameters], [weights] or [definitions]"
        )
        self.fail(
            syntax,
            f"unknown name {name[:40]!r}",
            allowed=", ".join(known),
            cure=cure,
        )

    def read_operation(self, syntax: ast.BinOp) -> Expression:
        build = self.operators.get(type(syntax.op))
        if build is None:
            self.fail(
                syntax,
                f"the operator {type(syntax.op).__name__} is not part of the language",
                allowed="+ - * / **",
                cure="write a power as a**b" if isinstance(syntax.op, ast.BitXor) else "",
            )
        left, right = self.read(syntax.left), self.read(syntax.right)
        one, other = self.values.get(syntax.left), self.values.get(syntax.right)
        if isinstance(syntax.op, ast.Div) and other == 0:
            self.fail(syntax.right, "division by zero")
        if isinstance(syntax.op, ast.Pow):
            self.check_power(syntax, left)
        node = build(left, right)
        if isinstance(syntax.op, ast.Sub) and other is not None:
            other = -other
        self.note_value(syntax, type(node), one, other)
        return node

    def check_power(self, syntax: ast.BinOp, base: Expression) -> None:
        power = self.values.get(syntax.right)
        if power is not None and abs(power) > MAX_EXPONENT:
            self.fail(
                syntax.right,
                "the exponent is too large",
                allowed=f"a constant exponent from -{MAX_EXPONENT} to {MAX_EXPONENT}",
            )
        if base.positive:
            return
        if power is None or power.denominator != 1:
            self.fail(
                syntax,
                "a base that may be negative or zero with an exponent that may not be whole",
                allowed="any exponent for a positive base; a whole number for any other",
                cure="declare the base as positive, if it is",
            )
        if power < 0 and self.values.get(syntax.left) == 0:
            self.fail(syntax, "division by zero")

    def note_value(
        self, syntax: ast.expr, kind: type[Expression], *values: Fraction | None
    ) -> None:
        """Keep the value of what was read, so that no part is worked out twice."""
        try:
            self.values[syntax] = combine(kind, values)
        except OverflowError:
            self.fail(syntax, "the number is too long", allowed=f"at most {MAX_BITS} bits")

    def read_call(self, syntax: ast.Call) -> Expression:
        if not isinstance(syntax.func, ast.Name):
            self.fail(
                syntax.func,
                f"{type(syntax.func).__name__} cannot be called",
                allowed="the words of the language",
            )
        if syntax.keywords or any(isinstance(each, ast.Starred) for each in syntax.args):
            self.fail(syntax, "arguments are given by position", allowed="f(a, b)")
        name = syntax.func.id
        if name in FUNCTIONS:
            return self.read_function(syntax, name)
        if name in QUANTITIES or name in self.scope.weights or name in self.scope.definitions:
            return self.read_quantity(syntax, name)
        if name in self.scope.parameters:
            self.fail(syntax, f"the parameter {name} takes no argument", allowed=name)
        self.unknown(syntax.func, name)

    def _usage(self, name: str) -> str:
        if name in QUANTITIES:
            return " or ".join(QUANTITIES[name].usage)
        if name in FUNCTIONS:
            return " or ".join(FUNCTIONS[name].usage)
        if name in self.scope.weights:
            return f"{name}(r, t)"
        if name in self.scope.definitions:
            of = self.scope.definitions[name].of.replace("y", "r")
            return f"{name}({of})" if of else name
        return ""

    def read_function(self, syntax: ast.Call, name: str) -> Expression:
        needed = 2 if name in ("by_label", "max") else 1
        if len(syntax.args) != needed:
            self.fail(
                syntax,
                f"{name} takes {needed} argument{'s' * (needed > 1)}, not {len(syntax.args)}",
                allowed=self._usage(name),
            )
        arguments = [self.read(argument) for argument in syntax.args]
        match name:
            case "log":
                self.need_positive(syntax.args[0], arguments[0], "the logarithm")
                return tree.Log(arguments[0])
            case "exp":
                return tree.Exp(arguments[0])
            case "sg":
                return tree.StopGradient(arguments[0])
            case "max":
                return tree.Max(*arguments)
            case "by_label":
                if "y" not in self.scope.responses:
                    self.fail(
                        syntax,
                        "by_label stands only where the response is y",
                        cure="write the value of w and of l where each is meant",
                    )
                return tree.ByLabel("y", *arguments)
        return self.read_token_operation(syntax, name, arguments[0])

    def read_token_operation(self, syntax: ast.Call, name: str, body: Expression) -> Expression:
        if self.scope.token:
            self.fail(syntax, "a sum or product over tokens in a definition of one token")
        inner = [
            each for each in body.walk() if isinstance(each, (tree.TokenSum, tree.TokenProduct))
        ]
        if inner:
            self.fail(
                syntax,
                "a sum or product over tokens inside another one",
                allowed="one sum or product over t at a time",
            )
        whole = [each for each in body.walk() if isinstance(each, tree.Probability)]
        if whole:
            self.fail(
                syntax,
                "the probability of a whole response inside a sum or product over its tokens",
                cure=f"write {whole[0].model}({whole[0].response}, t) for one token",
            )
        mentioned = (
            tree.token_responses(body)
            or tree.responses(body)
            or (set(self.scope.responses) if len(self.scope.responses) == 1 else set())
        )
        if len(mentioned) != 1:
            self.fail(
                syntax,
                "a sum over the tokens of which response?"
                if not mentioned
                else "a sum over the tokens of two responses at once",
                allowed="exactly one response inside sum_t and prod_t",
                cure="write one sum for each response",
            )
        if name == "prod_t":
            self.need_positive(syntax.args[0], body, "a product over tokens")
        kind = tree.TokenSum if name == "sum_t" else tree.TokenProduct
        return kind(mentioned.pop(), body)

    def need_positive(self, syntax: ast.expr, node: Expression, what: str) -> None:
        if not node.positive:
            self.fail(
                syntax,
                f"{what} needs something that is positive by its form",
                allowed="probabilities, positive parameters, exp(...), and their sums, "
                "products, quotients and powers",
            )

    def read_quantity(self, syntax: ast.Call, name: str) -> Expression:
        usage = self._usage(name)
        arguments = syntax.args
        if not 1 <= len(arguments) <= 2:  # noqa: PLR2004 - a response and perhaps t
            self.fail(syntax, f"{name} takes a response, and perhaps t", allowed=usage)
        response = self.read_response(syntax, name, arguments[0])
        token = len(arguments) == 2  # noqa: PLR2004 - a response and t
        if token and not (isinstance(arguments[1], ast.Name) and arguments[1].id == TOKEN):
            self.fail(arguments[1], f"the second argument of {name} is t", allowed=usage)
        if name in MODELS:
            kind = tree.TokenProbability if token else tree.Probability
            return kind(name, response)
        if name == "length" and not token:
            return tree.Length(response)
        if name in DIVERGENCES and token:
            return tree.Divergence(*DIVERGENCES[name], response)
        if name in self.scope.weights and token:
            domain, by_label = self.scope.weights[name]
            return tree.Weight(name, response, domain, by_label)
        definition = self.scope.definitions.get(name)
        if definition and definition.of == ("y, t" if token else "y"):
            self.count_unfolded(syntax, definition.body)
            body = tree.at_responses(definition.body, {"y": response})
            return tree.Defined(name, response, token, body)
        self.fail(syntax, f"{name} is not called this way", allowed=usage)

    def read_response(self, syntax: ast.Call, name: str, argument: ast.expr) -> str:
        if isinstance(argument, ast.Name) and argument.id in self.scope.responses:
            return argument.id
        allowed = ", ".join(f"{name}({each})" for each in sorted(self.scope.responses))
        if isinstance(argument, ast.Name) and argument.id in RESPONSES:
            self.fail(
                argument,
                f"the response {argument.id} does not exist here",
                allowed=allowed,
                cure="a prior and definitions of y speak of y, a loss of w and l",
            )
        self.fail(syntax, f"{name} is taken at a response", allowed=allowed)
