"""What is said of the gradient of a loss: its coefficients, their signs, and what a step does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from midpo_sym.language import indexed, tree
from midpo_sym.language.functions.table import call
from midpo_sym.language.printing.printer import Symbol
from midpo_sym.language.tree import Expression
from midpo_sym.language.vocabulary import MODELS
from midpo_sym.prover.gradients.chain_rule import Flow, switch_symbols, switched_on
from midpo_sym.prover.gradients.gradient import Coefficient, Gradient, Line
from midpo_sym.prover.gradients.logits import slope_of_log, slope_of_statistic
from midpo_sym.prover.gradients.motion import OTHER, Motion, norm
from midpo_sym.prover.gradients.products import Product
from midpo_sym.prover.gradients.signs import Sign, common
from midpo_sym.targets.wording.notation import LATEX, UNICODE, Notation, Symbols


@dataclass(frozen=True, slots=True)
class Calculus:
    """How formulas with gradients are written, `{}` standing for what they are of.

    Attributes:
        notation: how expressions are.
        partial: the partial derivative of the loss.
        nabla: the gradient.
        product: the inner product of two gradients.
        square: the squared length of a gradient.
        sum: a sum over the tokens of a response.
        by_logit: the derivative by the logit of u.
        by_prefix: the derivative of the loss by a logit.
        mean: a sum over the vocabulary.
        indicator: 1 where u is the token, else 0.
        times: between two factors.
    """

    notation: Notation
    partial: str
    nabla: str
    product: str
    square: str
    sum: str
    by_logit: str
    by_prefix: str
    mean: str
    indicator: str
    times: str

    def show(self, node: Expression, symbols: Symbols) -> str:
        """Return an expression, its switches as conditions, and max(a, −a) as |a|."""
        node = _named(node)
        return self.notation.show(node, {**symbols, **switch_symbols(node, symbols)})

    def off(self, node: Expression, symbols: Symbols) -> str:
        """Return that an expression is zero; of a switch, where it is off."""
        return self._compared(node, symbols, {">": "<", "<": ">"}, "=")

    def on(self, node: Expression, symbols: Symbols) -> str:
        """Return that an expression is not zero; of a switch, where it is on."""
        return self._compared(node, symbols, {">": ">", "<": "<"}, self.notation.unequal)

    def _compared(
        self, node: Expression, symbols: Symbols, of_switch: dict[str, str], of_other: str
    ) -> str:
        switch = switched_on(node)
        what, relation = (node, of_other) if switch is None else (switch[0], of_switch[switch[1]])
        return self.notation.math.format(f"{self.show(what, symbols)} {relation} 0")

    def gradient(self, node: Expression, symbols: Symbols) -> str:
        """Return the gradient of a node, with brackets where it needs them."""
        text = self.notation.show(node, symbols)
        plain = isinstance(node, (tree.Log, tree.Statistic, tree.Defined, tree.Parameter))
        return _filled(self.nabla, text if plain else f"({text})")


PLAIN = Calculus(
    UNICODE,
    partial="∂L/∂{}",
    nabla="∇{}",
    product="⟨{}, {}⟩",
    square="‖{}‖²",
    sum="Σ_t ",
    by_logit="∂{}/∂z_u",
    by_prefix="∂L/∂z({})",
    mean="Σ_u ",
    indicator="1[u = {}]",
    times="·",
)
TEX = Calculus(
    LATEX,
    partial=r"\frac{\partial L}{\partial {}}",
    nabla=r"\nabla {}",
    product=r"\langle {}, {}\rangle",
    square=r"\lVert {}\rVert^2",
    sum=r"\sum_t ",
    by_logit=r"\frac{\partial {}}{\partial z_u}",
    by_prefix=r"\frac{\partial L}{\partial z({})}",
    mean=r"\sum_u ",
    indicator=r"\mathbf{1}[u = {}]",
    times=r"\,",
)
LOSS = tree.Parameter("L")
ZERO = "zero: no gradient flows from this loss into the policy"

Sides = tuple[str, list[str]]  # of an equation, the right one by its summands


def _filled(template: str, *parts: str) -> str:
    """Return a template, which may have braces of LaTeX, with its `{}` filled from the left."""
    for part in parts:
        template = template.replace("{}", part, 1)
    return template


def coefficient(each: Coefficient, symbols: Symbols, calculus: Calculus) -> tuple[str, str]:
    """Return both sides of the equation of a coefficient."""
    left = _filled(calculus.partial, calculus.notation.show(each.coordinate, symbols))
    return left, calculus.show(each.value, symbols)


def sign(found: Sign, symbols: Symbols, calculus: Calculus) -> str:
    """Return the sign of a coefficient, and where it is zero or changes."""
    if not found.direction:
        return "zero"
    words = ("positive", "negative") if found.direction > 0 else ("negative", "positive")
    zero = " or ".join(calculus.off(each, symbols) for each in found.zeros)
    if found.decides is None:
        if not zero:
            return f"always {words[0]}"
        return f"never {words[1]}; zero where {zero}"
    node = found.decides
    shown = calculus.show(node, symbols)
    math = calculus.notation.math
    said = f"{words[0]} where {math.format(f'{shown} > 0')}, {words[1]} where it is below zero"
    if zero:
        said += f"; zero where {zero}"
    return f"{said}; both occur" if found.changes else said


def _named(node: Expression) -> Expression:
    """Return an expression with |a| for max(a, −a)."""
    node = tree.over(node, [_named(child) for child in node.children()])
    match node:
        case tree.Max(left=left, right=tree.Neg(body=body)) if left == body:
            return call("abs", left)
    return node


def line(found: Line, loss: Expression, symbols: Symbols, calculus: Calculus) -> Sides:
    """Return both sides of a line of a derivation."""
    whole_loss = LOSS if found.before == loss else found.before
    return calculus.gradient(whole_loss, symbols), _pieces(found.flows, symbols, calculus)


def whole(gradient: Gradient, symbols: Symbols, calculus: Calculus) -> Sides:
    """Return both sides of the gradient as a whole."""
    flows = tuple(
        Flow(outer, inner, each.coordinate, each.response)
        for each in gradient.coefficients
        for outer, inner in each.terms
    )
    return calculus.gradient(LOSS, symbols), _pieces(flows, symbols, calculus)


def _pieces(flows: tuple[Flow, ...], symbols: Symbols, calculus: Calculus) -> list[str]:
    """Return the summands of the right side of a gradient, each with its sign."""
    return signed([_piece(each, symbols, calculus) for each in flows], calculus)


def signed(pieces: list[str], calculus: Calculus) -> list[str]:
    """Return texts of summands, each but the first with a sign and a space before it."""
    minus = _minus(calculus)
    first, *rest = pieces or ["0"]
    return [
        first,
        *(
            f"{minus} {each[len(minus) :]}" if each.startswith(minus) else f"+ {each}"
            for each in rest
        ),
    ]


def _piece(flow: Flow, symbols: Symbols, calculus: Calculus) -> str:
    gradient = calculus.gradient(flow.coordinate, symbols)
    if flow.response:
        inner = _before(flow.inner, symbols, calculus)
        gradient = f"{calculus.sum}{inner}{gradient}"
    return _before(flow.outer, symbols, calculus) + gradient


def _before(product: Product, symbols: Symbols, calculus: Calculus) -> str:
    """Return a factor as it stands before a gradient."""
    minus = _minus(calculus)
    if product.number in (1, -1) and not product.over and not product.under:
        return "" if product.number == 1 else minus
    node = product.tree
    text = calculus.show(node, symbols)
    if isinstance(node, (tree.Add, tree.Log)) or (isinstance(node, tree.Div) and calculus is PLAIN):
        text = f"({text})"
    elif isinstance(node, tree.Neg) and isinstance(node.body, tree.Div) and calculus is PLAIN:
        text = f"{minus}({text[len(minus) :]})"
    return text + calculus.times


def logits(gradient: Gradient, symbols: Symbols, calculus: Calculus) -> Iterator[tuple[str, str]]:
    """Yield the derivative of each kind of coordinate by the logits before its token."""
    if gradient.coefficients:
        slope_of_log()  # the kernel's theorem of what is said here
    seen: set[str] = set()
    for each in gradient.coefficients:
        node = each.coordinate
        kind = node.name if isinstance(node, tree.Statistic) else ""
        if kind in seen:
            continue
        seen.add(kind)
        coordinate = tree.at_responses(node, {each.response: "y"})
        left = _filled(calculus.by_logit, calculus.notation.show(coordinate, symbols))
        own = calculus.notation.show(_POLICY, _models())
        if not kind:
            token = "y_t" if calculus is TEX else "y,t"
            yield left, f"{_filled(calculus.indicator, token)} {_minus(calculus)} {own}"
            continue
        at, _ = slope_of_statistic(kind)
        yield left, calculus.notation.show(at(coordinate, "u"), _models())


_POLICY = indexed.Indexed("pi", ("u",), "positive")


def _models() -> dict[str, Symbol]:
    return {name: Symbol(row.latex, row.unicode) for name, row in MODELS.items()}


def _minus(calculus: Calculus) -> str:
    return calculus.notation.show(tree.Neg(tree.Number(1)), {})[0]


def motion(found: Motion, symbols: Symbols, calculus: Calculus) -> str:
    """Return when log π of a response falls, whatever the parameters of the policy are."""
    math = calculus.notation.math.format
    log = calculus.notation.show(tree.Log(tree.Probability("pi", found.response)), symbols)
    falls = f"{math(log)} falls if and only if"
    if found.other is None:
        assert found.own is not None
        return f"{falls} {math(f'{calculus.show(found.own, symbols)} > 0')}"
    sign, product, square = found.sign, *_products(found.response, symbols, calculus)
    if found.own is not None and found.ratio is None:
        pieces = [
            f"{_before(Product.of(each), symbols, calculus)}{of}"
            for each, of in ((found.own, square), (found.other, product))
        ]
        return f"{falls} {math(' '.join(signed(pieces, calculus)) + ' > 0')}"
    times = "" if found.ratio is None else _before(Product.of(found.ratio), symbols, calculus)
    relation = ">" if sign.direction > 0 else "<"
    if sign.decides is None:
        right = "0" if found.ratio is None else f"{times}{square}"
        said = f"{product} {relation} {right}"
    else:
        apart = (
            product if found.ratio is None else f"({product} {_minus(calculus)} {times}{square})"
        )
        before = _before(Product.of(sign.decides), symbols, calculus)
        said = f"{before}{apart} {relation} 0"
    return f"{falls} {math(said)}{_unless_zero(sign, symbols, calculus)}"


def _unless_zero(found: Sign, symbols: Symbols, calculus: Calculus) -> str:
    """Return that what makes a coefficient zero is not zero."""
    return "".join(f" and {calculus.on(each, symbols)}" for each in found.zeros)


def _products(response: str, symbols: Symbols, calculus: Calculus) -> tuple[str, str]:
    """Return the inner product of two gradients, and the squared length of the first."""
    own, across = (
        calculus.gradient(tree.Log(tree.Probability("pi", each)), symbols)
        for each in (response, OTHER[response])
    )
    return _filled(calculus.product, own, across), _filled(calculus.square, own)


def of_tabular(found: Motion, symbols: Symbols, calculus: Calculus) -> str:
    """Return what log π of a response does under a step of a tabular policy; "" if it depends."""
    math, sign = calculus.notation.math.format, found.sign
    log = math(calculus.notation.show(tree.Log(tree.Probability("pi", found.response)), symbols))
    where = (
        "" if found.unless is None else f" where {_at_least_one(found.unless, symbols, calculus)}"
    )
    if found.tabular == "rises" or (found.tabular and _never_negative(found)):
        return f"{log} never falls{where}"
    if found.tabular == "falls":
        return f"{log} falls{where or ', always'}"
    if not found.tabular or found.other is None:
        return ""  # it depends, or is said already
    nonzero = _unless_zero(sign, symbols, calculus)
    condition = nonzero.removeprefix(" and ")
    if sign.decides is not None:
        relation = "<" if sign.direction > 0 else ">"
        condition = math(f"{calculus.show(sign.decides, symbols)} {relation} 0") + nonzero
    return f"{log} falls if and only if {condition}{where and ',' + where}"


def _never_negative(found: Motion) -> bool:
    """Return whether the coefficient before the other response is never below zero."""
    return found.other is not None and found.sign.decides is None and found.sign.direction > 0


def _at_least_one(ratio: Expression, symbols: Symbols, calculus: Calculus) -> str:
    """Return that a ratio is one or more: of a positive divisor, that what is above it is more."""
    product = Product.of(ratio)
    above, below = Product(abs(product.number), product.over), Product(over=product.under)
    sides: tuple[Expression, Expression] = (ratio, tree.Number(1))
    if all(each.positive for each in product.under) and product.number > 0:
        sides = (above.tree, below.tree)
    sign = "≥" if calculus is PLAIN else r"\ge"
    left, right = (calculus.show(each, symbols) for each in sides)
    return calculus.notation.math.format(f"{left} {sign} {right}")


def tabular_products(symbols: Symbols, calculus: Calculus) -> str:
    """Return what the products of gradients are for a tabular policy."""
    math = calculus.notation.math.format
    length = calculus.notation.show(norm("w"), symbols)
    product, square = _products("w", symbols, calculus)
    return (
        f"{math(f'{square} = {length}')}, and {math(f'{product} < {square}')}: of the prefixes, "
        "each with its logits, the responses share those up to the first token in which they "
        "differ, and neither begins with the other"
    )


def general(gradient: Gradient, response: str, symbols: Symbols, calculus: Calculus) -> str:
    """Return when log π of a response falls, for coefficients that go by the token."""
    math = calculus.notation.math.format
    own = tree.Log(tree.Probability("pi", response))
    nabla = calculus.gradient(own, symbols)
    summands = [
        (outer, inner, each.coordinate)
        for each in gradient.coefficients
        for outer, inner in each.terms
    ]
    without = common([outer for outer, _, _ in summands]).inverse()
    pieces = []
    for outer, inner, coordinate in summands:
        product = _filled(calculus.product, nabla, calculus.gradient(coordinate, symbols))
        before = _before(outer.times(without), symbols, calculus)
        pieces.append(f"{before}{calculus.sum}{_before(inner, symbols, calculus)}{product}")
    text = " ".join(signed(pieces, calculus))
    return (
        f"{math(calculus.notation.show(own, symbols))} falls if and only if {math(f'{text} > 0')}"
    )


def general_tabular(response: str, symbols: Symbols, calculus: Calculus) -> str:
    """Return when log π of a response falls under a step of a tabular policy, by its logits.

    The rate is −Σ_t ⟨∇log π(y_t), ∂L/∂z⟩ over the prefixes of the response; ∇log π(v) is e_v − π.
    """
    math, minus = calculus.notation.math.format, _minus(calculus)
    log = calculus.notation.show(tree.Log(tree.Probability("pi", response)), symbols)
    policy = calculus.notation.show(_POLICY, _models())
    slope, mean = calculus.by_prefix, f"{calculus.mean}{policy}{calculus.times}"
    token = f"y_{response},t" if calculus is PLAIN else f"y_{{{response},t}}"
    said = f"{calculus.sum}({_filled(slope, token)} {minus} {mean}{_filled(slope, 'u')}) > 0"
    return (
        f"{math(log)} falls if and only if {math(said)}, with the logits z of the prefix before t, "
        "to which both responses contribute where it is a prefix of both"
    )
