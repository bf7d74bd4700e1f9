"""One syntax tree of Python to one expression: a whitelist of nodes, and exact numbers."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from fractions import Fraction

from midpo_sym.language import tree
from midpo_sym.language.constants import MAX_BITS, combine
from midpo_sym.language.functions.table import DERIVED, call
from midpo_sym.language.grammar.cures import ARGUMENTS, OF_TOKENS
from midpo_sym.language.grammar.limits import MAX_DIGITS, MAX_EXPONENT, MAX_LEVELS, MAX_NODES
from midpo_sym.language.grammar.numerals import cure_for_decimal, exact_value
from midpo_sym.language.grammar.plain import kind
from midpo_sym.language.grammar.refusals import ALLOWED, OF_KIND, Refusals, too_deep
from midpo_sym.language.grammar.scope import Scope
from midpo_sym.language.quantities.data import PAIR, RESPONSE
from midpo_sym.language.quantities.statistics import STATISTICS
from midpo_sym.language.tree import Expression
from midpo_sym.language.vocabulary import (
    FUNCTIONS,
    MODELS,
    QUANTITIES,
    RESPONSES,
    TOKEN,
)

_OF_VALUE: dict[type, str] = {
    **dict.fromkeys((str, bytes), "take the quotes away"),
    **dict.fromkeys((type(None), type(...)), "write out what is meant"),
}


class Reader(Refusals):
    """Reads one syntax tree of Python into one expression."""

    operators: Mapping[type[ast.operator], Callable[[Expression, Expression], Expression]] = {
        ast.Add: tree.add,
        ast.Sub: lambda left, right: tree.add(left, tree.Neg(right)),
        ast.Mult: tree.mul,
        ast.Div: tree.Div,
        ast.Pow: tree.Pow,
    }

    def __init__(self, text: str, indent: int, scope: Scope) -> None:
        super().__init__(text, indent, scope)
        self.values: dict[ast.expr, Fraction | None] = {}  # of what is made of numbers alone
        self.unfolded = 0  # nodes that definitions have brought in

    def read_all(self, syntax: ast.expr) -> Expression:
        try:
            node = self.read(syntax)
        except (RecursionError, ValueError):  # the tree's own limits; all else is checked before
            raise too_deep(self.indent, len(self.text)) from None
        if node.depth > MAX_LEVELS or node.size > MAX_NODES:
            raise too_deep(self.indent, len(self.text))
        if not self.scope.token and tree.token_responses(node):
            self.fail(
                syntax,
                "the token position t outside a sum or product over tokens",
                cure="wrap it in sum_t(...) or prod_t(...)",
            )
        return node

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
        self.fail(
            syntax,
            f"{kind(syntax)} is not part of the language",
            allowed=ALLOWED,
            cure=OF_KIND.get(type(syntax), ""),
            instead=self.cures.instead(syntax),
        )

    def read_number(self, syntax: ast.Constant) -> Expression:
        value = syntax.value
        if isinstance(value, float):
            self.fail(
                syntax,
                "a decimal number is not exact",
                allowed="whole numbers and their quotients",
                cure=cure_for_decimal(value),
                instead=self.cures.fitted(syntax, exact_value(value)),
            )
        if isinstance(value, bool) or not isinstance(value, int):
            self.fail(
                syntax,
                f"{kind(syntax)} is not part of the language",
                allowed="whole numbers",
                cure=_OF_VALUE.get(type(value), ""),
                instead=str(int(value)) if isinstance(value, bool) else "",
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
        if name in scope.data and scope.data[name][0] is not RESPONSE:
            return self.read_datum(syntax, name)
        if name == TOKEN:
            self.fail(
                syntax,
                "the token position t stands only inside a quantity",
                allowed="pi(y, t), kl_ref_pi(y, t), ...",
                cure="write position(y, t), if the place of the token y_t is meant",
            )
        meant = self.cures.response(syntax)
        if name in RESPONSES or meant:
            self.fail(
                syntax,
                f"the response {name} is not a number",
                allowed=f"pi({meant or name}), length({meant or name}), ...",
                cure=f"say what of it is meant, such as pi({meant})" if meant else "",
            )
        usage = self.scope.usage(name)
        if usage:
            self.fail(
                syntax,
                f"{name} is called without its argument",
                allowed=usage,
                cure="" if self.cures.instead(syntax) else self.cures.usage(name),
                instead=self.cures.instead(syntax),
            )
        self.unknown(syntax, name)

    def read_datum(self, syntax: ast.Name, name: str) -> Expression:
        """Read a number of the pair or of the batch."""
        arity, domain, by_label = self.scope.data[name]
        if arity is not PAIR:
            return tree.Datum(name, (), domain, by_label)
        if not self.scope.responses >= {"w", "l"}:
            self.fail(
                syntax,
                f"{name} is a number of the pair, and what stands here is of one response",
                allowed="numbers of the response or of the batch",
                cure="a prior that knows the other response is none: leave it to the loss, "
                "and midpo prove says which prior the rest has",
            )
        return tree.Datum(name, ("w", "l"), domain, by_label)

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
            raise too_deep(self.indent + syntax.col_offset, 1)

    def read_operation(self, syntax: ast.BinOp) -> Expression:
        build = self.operators.get(type(syntax.op))
        if build is None:
            self.fail(
                syntax,
                f"the operator {kind(syntax.op)} is not part of the language",
                allowed="+ - * / **",
                cure="" if self.cures.instead(syntax) else "write it with these alone",
                instead=self.cures.instead(syntax),
            )
        if isinstance(syntax.op, ast.Pow) and self.cures.instead(syntax):
            message = f"unknown name {self.text[: syntax.left.end_col_offset][-1:]!r}"
            self.fail(syntax, message, instead=self.cures.instead(syntax))
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
                cure=self.cure_of_sign(syntax.left),
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
        function = syntax.func
        if not isinstance(function, ast.Name):
            self.fail(
                function,
                f"{kind(function)} cannot be called",
                allowed="the words of the language",
                cure=self.cure_of(syntax),
            )
        name = function.id
        if syntax.keywords or any(isinstance(each, ast.Starred) for each in syntax.args):
            self.fail(
                syntax,
                "arguments are given by position",
                allowed="f(a, b)",
                instead=self.cures.instead(syntax),
            )
        if name in FUNCTIONS:
            return self.read_function(syntax, name)
        if name in QUANTITIES or name in self.scope.weights or name in self.scope.definitions:
            return self.read_quantity(syntax, name)
        if name in self.scope.data:
            if self.scope.data[name][0] is RESPONSE:
                return self.read_quantity(syntax, name)
            message = f"{name} is one number for {self.scope.data[name][0].each}"
            self.fail(syntax, message, allowed=name, instead=name)
        if name in self.scope.parameters:
            message = f"the parameter {name} takes no argument"
            self.fail(syntax, message, allowed=name, instead=self.cures.product(syntax) or name)
        instead = self.cures.instead(syntax)
        if instead:
            self.fail(syntax, f"unknown name {name[:40]!r}", instead=instead)
        self.unknown(function, name, syntax.args)

    def read_function(self, syntax: ast.Call, name: str) -> Expression:
        needed = ARGUMENTS[name]
        if len(syntax.args) != needed:
            self.fail(
                syntax,
                f"{name} takes {needed} argument{'s' * (needed > 1)}, not {len(syntax.args)}",
                allowed=self.scope.usage(name),
                instead=self.cures.instead(syntax),
            )
        outside = self.cures.inside
        self.cures.inside |= name in OF_TOKENS
        arguments = [self.read(argument) for argument in syntax.args]
        self.cures.inside = outside
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
            case "cauchy_cdf":
                return tree.CauchyCdf(arguments[0])
            case "by_label":
                if "y" not in self.scope.responses:
                    self.fail(
                        syntax,
                        "by_label stands only where the response is y",
                        cure="write the value of w and of l where each is meant",
                    )
                return tree.ByLabel("y", *arguments)
        if name in OF_TOKENS:
            return self.read_token_operation(syntax, name, arguments[0])
        return self.read_derived(syntax, name, arguments)

    def read_derived(
        self, syntax: ast.Call, name: str, arguments: list[Expression], response: str = ""
    ) -> Expression:
        """Return a call of a function that stands for its definition."""
        try:
            node = call(name, *arguments, of=response)
        except ValueError:  # larger than trees may be
            raise too_deep(self.indent + syntax.col_offset, 1) from None
        self.count_unfolded(syntax, node.body)
        return node

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
                allowed=f"exactly one response inside {name}",
                cure="write one sum for each response",
            )
        if name == "prod_t":
            self.need_positive(syntax.args[0], body, "a product over tokens")
        if name in DERIVED:
            return self.read_derived(syntax, name, [body], mentioned.pop())
        kind = tree.TokenSum if name == "sum_t" else tree.TokenProduct
        return kind(mentioned.pop(), body)

    def read_quantity(self, syntax: ast.Call, name: str) -> Expression:
        usage = self.scope.usage(name)
        arguments = syntax.args
        if not 1 <= len(arguments) <= 2:  # noqa: PLR2004 - a response and perhaps t
            message = f"{name} takes a response, and perhaps t"
            self.fail(syntax, message, allowed=usage, instead=self.cures.instead(syntax))
        response = self.read_response(name, arguments[0])
        self.check_label(syntax, name, response)
        token = len(arguments) == 2  # noqa: PLR2004 - a response and t
        if token and not (isinstance(arguments[1], ast.Name) and arguments[1].id == TOKEN):
            self.fail(
                arguments[1],
                f"the second argument of {name} is t",
                allowed=usage,
                cure=self.cure_of(syntax),
            )
        if name in MODELS:
            kind = tree.TokenProbability if token else tree.Probability
            return kind(name, response)
        if name == "length" and not token:
            return tree.Length(response)
        if name == "position" and token:
            return tree.Position(response)
        if name in STATISTICS and token:
            return tree.Statistic(name, response)
        if name in self.scope.weights and token:
            domain, by_label = self.scope.weights[name]
            return tree.Weight(name, response, domain, by_label)
        if name in self.scope.data and not token:
            _, domain, by_label = self.scope.data[name]
            return tree.Datum(name, (response,), domain, by_label)
        definition = self.scope.definitions.get(name)
        if definition and definition.of == ("y, t" if token else "y"):
            self.count_unfolded(syntax, definition.body)
            body = tree.at_responses(definition.body, {"y": response})
            return tree.Defined(name, response, token, body)
        self.fail(
            syntax,
            f"{name} is not called this way",
            allowed=usage,
            instead=self.cures.instead(syntax),
        )
