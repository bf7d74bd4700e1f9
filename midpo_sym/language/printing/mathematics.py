"""Tree to mathematics: LaTeX, and Unicode for a terminal."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping

from midpo_sym.language import indexed, tree
from midpo_sym.language.functions.calls import shown
from midpo_sym.language.printing.names import SUBSCRIPTS, default_symbol
from midpo_sym.language.printing.printer import ATOM, POWER, SUM, TERM, Printer, Symbol
from midpo_sym.language.printing.responses import (
    prefix_latex,
    response_latex,
    response_unicode,
    token_latex,
    token_unicode,
)
from midpo_sym.language.quantities.statistics import Operator, Statistic
from midpo_sym.language.tree import Expression
from midpo_sym.language.vocabulary import MODELS, TOKEN

_BINDERS = (indexed.IndexSum, indexed.Least, indexed.Differential)
_BARE = (tree.Probability, tree.TokenProbability, tree.Normaliser)  # log a, without brackets


class MathPrinter(Printer):
    """What LaTeX and Unicode share: the symbols of declared names."""

    sign = "-"
    notation = "latex"

    def __init__(self, symbols: Mapping[str, Symbol] | None = None) -> None:
        self.symbols = symbols or {}

    def print(self, node: Expression, level: int = SUM) -> str:
        return super().print(shown(node), level)

    def print_call(self, node: tree.Call) -> str:
        opened, closed = getattr(node.function, self.notation)
        return f"{opened}{', '.join(map(self.print, node.arguments))}{closed}"

    def symbol(self, name: str) -> Symbol:
        """Return the symbol of a declared name."""
        return self.symbols.get(name) or default_symbol(name)

    def level(self, node: Expression) -> int:
        """Return how tightly a node binds: one that starts with a sign, as loosely as a sum."""
        if _without_sign(node) is not None:
            return SUM
        opens = (tree.TokenSum, tree.TokenProduct, tree.Log, *_BINDERS)
        if isinstance(node, opens) or indexed.largest(node) is not None:
            return TERM
        return super().level(node)

    def print_position(self, _: tree.Position) -> str:
        return TOKEN

    def print_neg(self, node: tree.Neg) -> str:
        least = indexed.largest(node)
        if least is not None:
            return self.print_largest(least.index, next(least.body.children()))
        return self.sign + self.print(node.body, TERM)

    @abstractmethod
    def print_largest(self, index: str, body: Expression) -> str:
        """Return the largest value of a node over an index."""

    def print_add(self, node: tree.Add) -> str:
        pieces = [self.print(node.terms[0])]
        for term in node.terms[1:]:
            size = _without_sign(term)
            pieces += [self.plus if size is None else self.minus, self.print(size or term, TERM)]
        return "".join(pieces)

    def print_mul(self, node: tree.Mul) -> str:
        size = _without_sign(node)
        if size is not None:
            return self.sign + self.print(size, TERM)
        return self.juxtapose(self.factors(node))

    @abstractmethod
    def juxtapose(self, factors: list[str]) -> str:
        """Return a product of strings."""

    def factors(self, node: tree.Mul) -> list[str]:
        """Return the factors of a product; one that reads on to its right stands bare only last."""
        last = len(node.factors) - 1
        return [
            self.print(factor, SUM if place == last and _opens(factor) else POWER)
            for place, factor in enumerate(node.factors)
        ]


class LatexPrinter(MathPrinter):
    """LaTeX, for plain amsmath."""

    def level(self, node: Expression) -> int:
        if isinstance(node, tree.Div) and _without_sign(node) is None:
            return ATOM  # a fraction needs no brackets
        return super().level(node)

    def bracket(self, string: str) -> str:
        return rf"\left({string}\right)"

    def print_parameter(self, node: tree.Parameter) -> str:
        return self.symbol(node.name).latex

    def model(self, name: str) -> str:
        """Return the symbol of a language model."""
        return MODELS[name].latex

    def print_length(self, node: tree.Length) -> str:
        return f"|{response_latex(node.response)}|"

    def print_probability(self, node: tree.Probability) -> str:
        return rf"{self.model(node.model)}({response_latex(node.response)}\mid x)"

    def print_tokenprobability(self, node: tree.TokenProbability) -> str:
        token = token_latex(node.response)
        return rf"{self.model(node.model)}({token}\mid x, {prefix_latex(node.response)})"

    def operator(self, operator: Operator) -> str:
        """Return the symbol of what is taken of next-token distributions."""
        return operator.latex

    def print_statistic(self, node: tree.Statistic) -> str:
        given = rf"(\cdot\mid x, {prefix_latex(node.response)})"
        models = r"\,\Vert\,".join(self.model(name) + given for name in node.row.models)
        return rf"{self.operator(node.row.operator)}\!\left({models}\right)"

    def print_weight(self, node: tree.Weight) -> str:
        return f"{self.symbol(node.name).latex}({token_latex(node.response)})"

    def print_datum(self, node: tree.Datum) -> str:
        symbol = self.symbol(node.name).latex
        return f"{symbol}({', '.join(map(response_latex, node.of))})" if node.of else symbol

    def print_normaliser(self, _: tree.Normaliser) -> str:
        return "Z(x)"

    def juxtapose(self, factors: list[str]) -> str:
        result = ""
        for string in factors:
            result += (r"\cdot " if string[0].isdigit() else r"\,") if result else ""
            result += string
        return result

    def print_div(self, node: tree.Div) -> str:
        size = _without_sign(node)
        if size is not None:
            return self.sign + self.print(size, TERM)
        return rf"\frac{{{self.print(node.numerator)}}}{{{self.print(node.denominator)}}}"

    def print_pow(self, node: tree.Pow) -> str:
        base = self.print(node.base, ATOM)
        if self.level(node.base) == ATOM and isinstance(node.base, (tree.Div, tree.ByLabel)):
            base = self.bracket(base)
        elif isinstance(node.base, (tree.Parameter, tree.Defined, tree.Datum)) and "^" in base:
            base = f"{{{base}}}"  # LaTeX has no double superscript
        return f"{base}^{{{self.print(node.exponent)}}}"

    def print_log(self, node: tree.Log) -> str:
        if isinstance(node.body, (tree.Div, *_BARE)):
            return rf"\log {self.print(node.body)}"
        return rf"\log\!{self.bracket(self.print(node.body))}"

    def print_exp(self, node: tree.Exp) -> str:
        return rf"\exp\!{self.bracket(self.print(node.body))}"

    def print_max(self, node: tree.Max) -> str:
        return rf"\max\!{self.bracket(f'{self.print(node.left)}, {self.print(node.right)}')}"

    def print_cauchycdf(self, node: tree.CauchyCdf) -> str:
        return rf"F_{{\mathrm{{Cauchy}}}}\!{self.bracket(self.print(node.body))}"

    def print_tokensum(self, node: tree.TokenSum) -> str:
        limit = f"|{response_latex(node.response)}|"
        return rf"\sum_{{t=1}}^{{{limit}}} {self.print(node.body, TERM)}"

    def print_tokenproduct(self, node: tree.TokenProduct) -> str:
        limit = f"|{response_latex(node.response)}|"
        return rf"\prod_{{t=1}}^{{{limit}}} {self.print(node.body, TERM)}"

    def print_bylabel(self, node: tree.ByLabel) -> str:
        response = response_latex(node.response)
        rows = [
            rf"{self.print(value)} & \text{{if }} {response} \text{{ is {label}}}"
            for value, label in ((node.chosen, "chosen"), (node.rejected, "rejected"))
        ]
        return rf"\begin{{cases}}{rows[0]}\\{rows[1]}\end{{cases}}"

    def print_stopgradient(self, node: tree.StopGradient) -> str:
        return rf"\operatorname{{sg}}\!{self.bracket(self.print(node.body))}"

    def print_defined(self, node: tree.Defined) -> str:
        symbol = self.symbol(node.name).latex
        if not node.response:
            return symbol
        return f"{symbol}({(token_latex if node.token else response_latex)(node.response)})"

    def print_indexed(self, node: indexed.Indexed) -> str:
        given = _given(node.indices, index_latex, r" \mid ")
        return f"{self.symbol(node.name).latex}({given})"

    def print_applied(self, node: indexed.Applied) -> str:
        symbol = self.symbol(node.name).latex
        given = _given(node.actuals, index_latex, r" \mid ")
        return f"{symbol}({given})" if given else symbol

    def print_indexsum(self, node: indexed.IndexSum) -> str:
        return rf"\sum_{{{index_latex(node.index)}}} {self.print(node.body, TERM)}"

    def print_least(self, node: indexed.Least) -> str:
        return rf"\min_{{{index_latex(node.index)}}} {self.print(node.body, TERM)}"

    def print_largest(self, index: str, body: Expression) -> str:
        return rf"\max_{{{index_latex(index)}}} {self.print(body, TERM)}"

    def print_differential(self, node: indexed.Differential) -> str:
        name = self.symbol(node.name).latex
        body = self.bracket(self.print(node.body))
        if not node.along:
            return rf"\frac{{\partial}}{{\partial {name}}} {body}"
        return rf"\mathrm{{D}}_{{{name}}}\!{body}[{self.symbol(node.along).latex}]"


class UnicodePrinter(MathPrinter):
    """Unicode mathematics on one line, for a terminal."""

    minus = " − "
    sign = "−"
    notation = "unicode"

    def bracket(self, string: str) -> str:
        return f"({string})"

    def print_parameter(self, node: tree.Parameter) -> str:
        return self.symbol(node.name).unicode

    def print_length(self, node: tree.Length) -> str:
        return f"|{response_unicode(node.response)}|"

    def print_probability(self, node: tree.Probability) -> str:
        return f"{MODELS[node.model].unicode}({response_unicode(node.response)})"

    def print_tokenprobability(self, node: tree.TokenProbability) -> str:
        return f"{MODELS[node.model].unicode}({token_unicode(node.response)})"

    def print_statistic(self, node: tree.Statistic) -> str:
        return f"{of_models(node.row)}({token_unicode(node.response)})"

    def print_weight(self, node: tree.Weight) -> str:
        return f"{self.symbol(node.name).unicode}({token_unicode(node.response)})"

    def print_datum(self, node: tree.Datum) -> str:
        symbol = self.symbol(node.name).unicode
        return f"{symbol}({', '.join(map(response_unicode, node.of))})" if node.of else symbol

    def print_normaliser(self, _: tree.Normaliser) -> str:
        return "Z(x)"

    def juxtapose(self, factors: list[str]) -> str:
        return "·".join(factors)

    def print_div(self, node: tree.Div) -> str:
        size = _without_sign(node)
        if size is not None:
            return self.sign + self.print(size, TERM)
        numerator = self.print(node.numerator, POWER if _ends_open(node.numerator) else TERM)
        return f"{numerator}/{self.print(node.denominator, POWER)}"

    def print_pow(self, node: tree.Pow) -> str:
        return f"{self.print(node.base, ATOM)}^{self.print(node.exponent, ATOM)}"

    def print_log(self, node: tree.Log) -> str:
        if isinstance(node.body, _BARE):
            return f"log {self.print(node.body)}"
        return f"log({self.print(node.body)})"

    def print_exp(self, node: tree.Exp) -> str:
        return f"exp({self.print(node.body)})"

    def print_max(self, node: tree.Max) -> str:
        return f"max({self.print(node.left)}, {self.print(node.right)})"

    def print_cauchycdf(self, node: tree.CauchyCdf) -> str:
        return f"F_Cauchy({self.print(node.body)})"

    def print_tokensum(self, node: tree.TokenSum) -> str:
        return f"Σ_t {self.print(node.body, TERM)}"

    def print_tokenproduct(self, node: tree.TokenProduct) -> str:
        return f"Π_t {self.print(node.body, TERM)}"

    def print_bylabel(self, node: tree.ByLabel) -> str:
        return f"[chosen: {self.print(node.chosen)}; rejected: {self.print(node.rejected)}]"

    def print_stopgradient(self, node: tree.StopGradient) -> str:
        return f"sg({self.print(node.body)})"

    def print_defined(self, node: tree.Defined) -> str:
        symbol = self.symbol(node.name).unicode
        if not node.response:
            return symbol
        place = (token_unicode if node.token else response_unicode)(node.response)
        return f"{symbol}({place})"

    def print_indexed(self, node: indexed.Indexed) -> str:
        return f"{self.symbol(node.name).unicode}({_given(node.indices, _index_unicode, '|')})"

    def print_applied(self, node: indexed.Applied) -> str:
        symbol, given = self.symbol(node.name).unicode, _given(node.actuals, _index_unicode, "|")
        return f"{symbol}({given})" if given else symbol

    def print_indexsum(self, node: indexed.IndexSum) -> str:
        return f"Σ_{_index_unicode(node.index)} {self.print(node.body, TERM)}"

    def print_least(self, node: indexed.Least) -> str:
        return f"min_{_index_unicode(node.index)} {self.print(node.body, TERM)}"

    def print_largest(self, index: str, body: Expression) -> str:
        return f"max_{_index_unicode(index)} {self.print(body, TERM)}"

    def print_differential(self, node: indexed.Differential) -> str:
        name, body = self.symbol(node.name).unicode, self.bracket(self.print(node.body))
        along = f"[{self.symbol(node.along).unicode}]" if node.along else ""
        return f"∂{body}/∂{name}{along}"


def of_models(row: Statistic) -> str:
    """Return a statistic as Unicode mathematics, such as KL(π_ref‖π)."""
    models = "‖".join(MODELS[name].unicode for name in row.models)
    return f"{row.operator.unicode}({models})"


def to_latex(node: Expression, symbols: Mapping[str, Symbol] | None = None) -> str:
    """Return a tree as LaTeX; `symbols` says how declared names are written."""
    return LatexPrinter(symbols).print(node)


def to_unicode(node: Expression, symbols: Mapping[str, Symbol] | None = None) -> str:
    """Return a tree as Unicode mathematics on one line."""
    return UnicodePrinter(symbols).print(node)


def _without_sign(node: Expression) -> Expression | None:
    """Return the node without the sign it starts with, if it starts with one: (−a) b is −(a b)."""
    match node:
        case tree.Neg(body=body):
            return None if indexed.largest(node) is not None else body
        case tree.Mul(factors=(first, *rest)):
            size = _without_sign(first)
            return None if size is None else tree.product([size, *rest])
        case tree.Div(numerator=numerator, denominator=denominator):
            size = _without_sign(numerator)
            return None if size is None else tree.Div(size, denominator)
    return None


def _ends_open(node: Expression) -> bool:
    """Return whether a quotient bar after a node would seem to belong to its last factor only."""
    return _ends_open(node.factors[-1]) if isinstance(node, tree.Mul) else _opens(node)


def _opens(node: Expression) -> bool:
    """Return whether a node reads on to its right without brackets: log a, a sum over t."""
    opens = (tree.Log, tree.TokenSum, tree.TokenProduct, *_BINDERS)
    node = shown(node)
    return isinstance(node, opens) or indexed.largest(node) is not None


def _given(indices: tuple[str, ...], spell: Callable[[str], str], bar: str) -> str:
    """Return indices as they are printed: an answer, given the prompt, if there are just those."""
    names = [spell(each) for each in indices]
    if [each[:1] for each in indices] == ["x", "y"]:
        return bar.join(reversed(names))
    return ", ".join(names)


def index_latex(index: str) -> str:
    """Return an index: a letter, and perhaps a number below it."""
    return index[0] + f"_{index[1:]}" * (len(index) > 1)


def _index_unicode(index: str) -> str:
    return index.translate(SUBSCRIPTS)
