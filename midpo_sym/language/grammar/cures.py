"""What to write instead of what the language does not have, with the user's own arguments.

`Cures.instead` gives text that can stand where the refused part stands; a test reads every such
text. Nothing is ever put in place of what the user wrote: a cure is only said.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from midpo_sym.language.functions.table import DERIVED
from midpo_sym.language.grammar.scope import Scope
from midpo_sym.language.printing.names import GREEK
from midpo_sym.language.vocabulary import MODELS, QUANTITIES, RESPONSES

# Functions that people know from elsewhere. A small letter stands for an argument as it is, a
# capital one for the same in brackets where it needs them.
_FUNCTIONS: dict[str, dict[int, str]] = {
    "abs": {1: "abs({a})"},
    "clip": {3: "clip({a}, {b}, {c})"},
    "div": {2: "{A}/{B}"},
    "exp": {1: "exp({a})"},
    "exp2": {1: "2**{A}"},
    "expm1": {1: "exp({a}) - 1"},
    "len": {1: "length({r})"},
    "log": {1: "log({a})", 2: "log({a})/log({b})"},
    "log10": {1: "log({a})/log(10)"},
    "log1p": {1: "log(1 + {A})"},
    "log2": {1: "log({a})/log(2)"},
    "logsigmoid": {1: "logsigmoid({a})"},
    "max": {2: "max({a}, {b})", 3: "max({a}, max({b}, {c}))"},
    "mean_t": {1: "mean_t({a})"},
    "min": {2: "min({a}, {b})", 3: "min({a}, min({b}, {c}))"},
    "mul": {2: "{A}*{B}"},
    "neg": {1: "-{A}"},
    "pow": {2: "{A}**{B}"},
    "prod": {1: "prod_t({a})"},
    "relu": {1: "max(0, {a})"},
    "sg": {1: "sg({a})"},
    "sigmoid": {1: "sigmoid({a})"},
    "softplus": {1: "softplus({a})"},
    "sqrt": {1: "{A}**(1/2)"},
    "square": {1: "{A}**2"},
    "sub": {2: "{a} - {B}"},
    "sum": {1: "sum_t({a})"},
    "sum_t": {2: "sum_t({a})"},
    "tanh": {1: "(exp({a}) - exp(-{A}))/(exp({a}) + exp(-{A}))"},
}
# The same where there is no such function: in the words of the theory.
_WRITTEN_OUT: dict[str, dict[int, str]] = {
    "logsigmoid": {1: "-log(1 + exp(-{A}))"},
    "softplus": {1: "log(1 + exp({a}))"},
}
_SAME = {
    "absolute": "abs",
    "average": "mean_t",
    "avg": "mean_t",
    "clamp": "clip",
    "detach": "sg",
    "expit": "sigmoid",
    "fabs": "abs",
    "ln": "log",
    "log_expit": "logsigmoid",
    "log_sigmoid": "logsigmoid",
    "logistic": "sigmoid",
    "maximum": "max",
    "mean": "mean_t",
    "minimum": "min",
    "no_grad": "sg",
    "power": "pow",
    "product": "prod",
    "stop_grad": "sg",
    "stop_gradient": "sg",
    "stopgrad": "sg",
    "sum_over_t": "sum",
}
_QUANTITIES = {
    **dict.fromkeys(("pi_ref", "pi_0", "pi0", "pi_sft", "ref_policy", "reference", "piref"), "ref"),
    **dict.fromkeys(("pi_theta", "pi_policy", "policy", "pitheta", "pi_t"), "pi"),
    **dict.fromkeys(("pi_old", "pi_prev", "previous"), "prev"),
    **dict.fromkeys(("kl", "KL", "D_KL", "KL_ref_pi", "kl_ref_policy"), "kl_ref_pi"),
    **dict.fromkeys(("KL_pi_ref", "kl_policy_ref"), "kl_pi_ref"),
    **dict.fromkeys(("size", "n_tokens", "num_tokens"), "length"),
}
_LOGARITHMS = {
    **dict.fromkeys(("logp", "logpi", "log_pi", "logps", "logprob", "log_prob", "log_p"), "pi"),
    **dict.fromkeys(("log_ref", "logref", "log_pi_ref", "ref_logp", "ref_logps"), "ref"),
}
_REWARDS = frozenset({"r", "reward", "rewards", "r_theta", "implicit_reward"})
_RESPONSES = {
    **dict.fromkeys(("y_w", "yw", "y_chosen", "chosen", "winner", "y_plus", "W"), "w"),
    **dict.fromkeys(("y_l", "yl", "y_rejected", "rejected", "loser", "y_minus", "L"), "l"),
}
# Characters that mathematics is typed with, and how each is spelled here.
SPELLINGS = {
    **{letter: name for name, letter in GREEK.items() if name != "lambda"},
    **dict.fromkeys("−–—", "-"),
    **dict.fromkeys("×·⋅∗", "*"),
    **dict.fromkeys("÷∕", "/"),
    "λ": "lam",
    "π": "pi",
    "²": "**2",
    "³": "**3",
    "½": "(1/2)",
    "Σ": "sum_t",
    "Π": "prod_t",
    "∑": "sum_t",
    "∏": "prod_t",
    **dict.fromkeys("\N{NO-BREAK SPACE}\N{THIN SPACE}\N{NARROW NO-BREAK SPACE}", " "),
}
_OPERATORS: dict[type[ast.operator], str] = {
    ast.FloorDiv: "{A}/{B}",
    ast.MatMult: "{A}*{B}",
}
# What the language leaves out on purpose.
NOTHING = {
    **dict.fromkeys(
        ("atan", "arctan"),
        "write cauchy_cdf(a) for atan(a)/3.14... + 1/2; there is no other arctangent",
    ),
    "Z": "leave it out: a prior is given up to a factor that depends on the prompt only",
    "x": "leave it out: everything is said for one prompt",
}
_AT_RESPONSE = re.compile("(pi|ref|prev)_([wl])")
_PROMPT = frozenset({"x", "prompt"})
_POSITIVE = "max({a}, 1/1000000)"
# How many arguments the functions of the language take.
ARGUMENTS = {
    "log": 1,
    "exp": 1,
    "sum_t": 1,
    "prod_t": 1,
    "sg": 1,
    "by_label": 2,
    "max": 2,
    "cauchy_cdf": 1,
    **{name: len(function.variables) for name, function in DERIVED.items()},
}
# Those whose argument is of each token of a response.
OF_TOKENS = ("sum_t", "prod_t", *(name for name, each in DERIVED.items() if each.of_token))


class Cures:
    """The cures for one text.

    Attributes:
        text: the expression, of which nodes say where they stand.
        scope: the names that it may use.
        words: the functions that a cure may use, if they are not all.
        inside: whether what is cured stands inside a sum or product over tokens.
    """

    def __init__(self, text: str, scope: Scope, words: frozenset[str] | None = None) -> None:
        self.text = text
        self.scope = scope
        self.words = words
        self.inside = scope.token

    def instead(self, syntax: ast.expr) -> str:
        """Return what to write in place of a node, in brackets if it needs them there; or ""."""
        found = self._rewritten(syntax)
        changed = found and found != self._source(syntax)
        return self.fitted(syntax, found) if changed else ""

    def positive(self, syntax: ast.expr) -> str:
        """Return what keeps a node from zero."""
        return "" if self.words else self._filled(_POSITIVE, [syntax])

    def product(self, syntax: ast.Call) -> str:
        """Return the product that a call such as 2(a + b) stands for; "" if it has no factors."""
        if len(syntax.args) != 1 or self.response(syntax.args[0]):
            return ""
        return self.fitted(syntax, self._filled("{A}*{B}", [syntax.func, syntax.args[0]]))

    def response(self, syntax: ast.expr) -> str:
        """Return the response that is meant where one is needed; "" if that is not plain."""
        match syntax:
            case ast.BinOp(left=left, op=ast.BitOr()):
                return self.response(left)
            case ast.Name(id=name) if name in self.scope.responses:
                return name
            case ast.Name(id=name) if name in _RESPONSES or name in RESPONSES:
                meant = _RESPONSES.get(name, name)
                if meant in self.scope.responses:
                    return meant
                return "y" if self.scope.responses == {"y"} else ""
        return ""

    def usage(self, name: str) -> str:
        """Return what to write for a bare name that stands for a quantity; "" if it does not."""
        word = _QUANTITIES.get(name, name)
        usage = self.scope.usage(word).partition(" or ")[0]
        responses = sorted(self.scope.responses, reverse=True)
        if not responses or "(r" not in usage:
            return ""
        return f"write {' or '.join(usage.replace('(r', f'({each}') for each in responses)}"

    def declaration(self, name: str, called_with: list[ast.expr] | None = None) -> str:
        """Return the line that declares a name, and the table it belongs to."""
        if called_with is None:
            return f'under [parameters]: {name} = {{ domain = "positive", meaning = "..." }}'
        if len(called_with) > 1:
            return f'under [weights]: {name} = {{ domain = "nonnegative", meaning = "..." }}'
        return f'under [definitions]: {name} = {{ of = "y", is = "..." }}'

    def _rewritten(self, syntax: ast.expr) -> str:  # noqa: PLR0911 - one case for each kind of node
        match syntax:
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return self._call(name, arguments, syntax)
            case ast.Call(func=ast.Attribute(value=value, attr=name), args=arguments):
                if isinstance(value, ast.Name) and value.id in _MODULES:
                    return self._of_module(name, arguments, syntax)
                return self._of_module(name, [value, *arguments], syntax)
            case ast.Call(func=ast.Constant() | ast.BinOp() as factor, args=[other]):
                return self._filled("{A}*{B}", [factor, other])
            case ast.BinOp(left=left, op=op, right=right):
                if isinstance(op, ast.Pow) and isinstance(left, ast.Name):
                    return self._power_of_e(left.id, right)
                template = _OPERATORS.get(type(op), "")
                return self._filled(template, [left, right]) if template else ""
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self._repaired(operand)
            case ast.Subscript(value=ast.Name(id=name), slice=index) if self.scope.usage(name):
                arguments = index.elts if isinstance(index, ast.Tuple) else [index]
                return f"{name}({', '.join(map(self._repaired, arguments))})"
            case ast.List(elts=[inner]) | ast.Set(elts=[inner]):
                return self._repaired(inner)
            case ast.Name(id=name):
                return self._name(name)
        return ""

    def _call(self, name: str, arguments: list[ast.expr], syntax: ast.Call) -> str:
        if self._is_declared(name):
            return ""
        values = [*arguments, *(each.value for each in syntax.keywords)]
        if self.words is None:
            quantity = self._quantity(name, values)
            if quantity:
                return quantity
        known = _SAME.get(name, name)
        is_right = known == _spelled(syntax) and not syntax.keywords
        functions = _FUNCTIONS if self.words is None else _FUNCTIONS | _WRITTEN_OUT
        template = functions.get(known, {}).get(len(values), "")
        if is_right and len(values) == ARGUMENTS.get(known):
            return ""
        if not template or not self._is_written_with_words(template):
            return ""
        return self._filled(template, values)

    def _of_module(self, name: str, arguments: list[ast.expr], syntax: ast.Call) -> str:
        known = self.scope.usage(name)
        if known and arguments and not syntax.keywords:
            return f"{name}({', '.join(map(self._repaired, arguments))})"
        plain = ast.Call(func=ast.Name(id=name), args=arguments, keywords=[])
        return self._call(name, arguments, ast.copy_location(plain, syntax))

    def _quantity(self, name: str, arguments: list[ast.expr]) -> str:
        given = [each for each in arguments if not _is_prompt(each)]
        word = _QUANTITIES.get(name, name if name in QUANTITIES else "")
        response = self.response(given[0]) if given else ""
        if name in _LOGARITHMS and response:
            token = ", t" * (len(given) > 1)
            return f"log({_LOGARITHMS[name]}({response}{token}))"
        if name in _REWARDS and response and len(given) == 1:
            return self._reward(response)
        if not word or not response or len(given) > 2:  # noqa: PLR2004 - a response and t
            return ""
        if word == "length" or (word in MODELS and len(given) == 1):
            return f"{word}({response})"
        token = f"{word}({response}, t)"
        return token if self.inside or word in MODELS else f"sum_t({token})"

    def _reward(self, response: str) -> str:
        if "alpha" not in (*self.scope.parameters, *self.scope.definitions):
            return ""
        return f"alpha*log(pi({response})/ref({response}))"

    def _name(self, name: str) -> str:
        if self._is_declared(name) or self.words:
            return ""
        found = _AT_RESPONSE.fullmatch(name)
        if found and found[2] in self.scope.responses:
            return f"{found[1]}({found[2]})"
        word = _QUANTITIES.get(name, name)
        if word in MODELS and len(self.scope.responses) == 1:
            return f"{word}({next(iter(self.scope.responses))})"
        return ""

    def _power_of_e(self, name: str, power: ast.expr) -> str:
        if name not in ("e", "E") or self._is_declared(name):
            return ""
        return self._filled("exp({a})", [power])

    def _is_declared(self, name: str) -> bool:
        scope = self.scope
        return any(
            name in each
            for each in (scope.parameters, scope.weights, scope.data, scope.definitions)
        )

    def _is_written_with_words(self, template: str) -> bool:
        if self.words is None:
            return True
        used = {word.partition("(")[0] for word in _words_of(template)}
        return used <= self.words

    def _filled(self, template: str, arguments: list[ast.expr]) -> str:
        values = {}
        outside = self.inside
        self.inside |= template.startswith(OF_TOKENS)
        for letter, argument in zip("abc", arguments, strict=False):
            values[letter] = self._repaired(argument)
            values[letter.upper()] = self._factor(argument)
        self.inside = outside
        if "{length}" in template or "{r}" in template:
            response = self.response(arguments[0]) or self._response_in(arguments[0])
            if not response:
                return ""
            values |= {"r": response, "length": f"length({response})"}
        return template.format(**values)

    def _response_in(self, syntax: ast.expr) -> str:
        """Return the one response that a node speaks of, or ""."""
        names = {
            self.response(each)
            for each in ast.walk(syntax)
            if isinstance(each, ast.Name) and (each.id in RESPONSES or each.id in _RESPONSES)
        }
        return names.pop() if len(names) == 1 else ""

    def _factor(self, syntax: ast.expr) -> str:
        text = self._repaired(syntax)
        return text if _is_one_piece(text) else f"({text})"

    def _repaired(self, syntax: ast.expr) -> str:
        """Return the text of a node, with all parts in it that have a cure replaced."""
        found = self._rewritten(syntax)
        if found:
            return found
        text, here = "", syntax.col_offset
        for child in _outermost(syntax):
            cure = self.instead(child) or self._repaired(child)
            text += self.text[here : child.col_offset] + cure
            here = _end(child)
        return text + self.text[here : _end(syntax)]

    def _source(self, syntax: ast.expr) -> str:
        return self.text[syntax.col_offset : _end(syntax)]

    def fitted(self, syntax: ast.expr, text: str) -> str:
        """Return text in brackets, unless it stands between brackets or commas anyway."""
        before = self.text[: syntax.col_offset].rstrip()[-1:]
        after = self.text[_end(syntax) :].lstrip()[:1]
        between = before in ("", "(", ",") and after in ("", ")", ",")
        return text if between or _is_one_piece(text) else f"({text})"


_MODULES = frozenset({"np", "numpy", "torch", "math", "F", "nn", "jnp", "jax", "sp", "sympy"})


def _spelled(syntax: ast.Call) -> str:
    return syntax.func.id if isinstance(syntax.func, ast.Name) else ""


def _is_prompt(syntax: ast.expr) -> bool:
    return isinstance(syntax, ast.Name) and syntax.id in _PROMPT


def _is_one_piece(text: str) -> bool:
    """Return whether text is a name, a number or a single call."""
    try:
        syntax = ast.parse(text, mode="eval").body
    except SyntaxError:
        return False
    return isinstance(syntax, (ast.Name, ast.Constant, ast.Call))


def _outermost(syntax: ast.expr) -> Iterator[ast.expr]:
    """Yield the expressions right below a node, in the order of the text."""
    found = [each for each in ast.iter_child_nodes(syntax) if isinstance(each, ast.expr)]
    return iter(sorted(found, key=lambda each: each.col_offset))


def _words_of(template: str) -> list[str]:
    plain = "".join(each if each.isalnum() or each in "_(" else " " for each in template)
    return [each for each in plain.split() if each.endswith("(") and len(each) > 1]


def _end(syntax: ast.expr) -> int:
    return syntax.end_col_offset or syntax.col_offset + 1
