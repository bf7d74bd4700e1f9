"""Normal form to tree: the shortest way to say what a normal form says.

Not trusted: whoever shows a rebuilt tree has the kernel compare it with where it came from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, ParamSpec

from sympy import Symbol
from sympy.polys.fields import FracElement
from sympy.polys.rings import PolyElement

from midpo_sym.kernel.atoms import Leaf
from midpo_sym.kernel.forms import Atom, NormalForm
from midpo_sym.language import tree
from midpo_sym.language.printing.text import to_text
from midpo_sym.language.tree import Expression
from midpo_sym.prover.derivation import factors

_MODELS_FIRST = ("pi", "ref", "prev")
# What is factored at most: terms, degrees in all variables, degree in one of them.
_MAX_TERMS, _MAX_TOTAL_DEGREE, _MAX_DEGREE = 60, 60, 4_096


class NotReadableError(Exception):
    """The normal form has an opaque atom, which is not expressible, or is too large for a tree."""


@dataclass(frozen=True, slots=True)
class Term:
    """coefficient × node; the coefficient has no token in it."""

    coefficient: FracElement
    node: Expression
    response: str


P = ParamSpec("P")


def _of_bounded_size(build: Callable[P, Expression]) -> Callable[P, Expression]:
    """Return a function that says of a tree deeper or larger than trees may be: not readable."""

    @wraps(build)
    def bounded(*arguments: P.args, **options: P.kwargs) -> Expression:
        try:
            return build(*arguments, **options)
        except ValueError:
            raise NotReadableError from None

    return bounded


@_of_bounded_size
def rebuild(form: NormalForm, *, by_response: bool) -> Expression:
    """Return a tree with a given normal form.

    Args:
        form: the normal form.
        by_response: whether to write w before l, or to factor out what they share.

    Raises:
        NotReadableError: it has an opaque atom.
    """
    form = without_plain_sums(form)
    groups: list[tuple[FracElement, list[Expression]]] = []
    for term in sorted(terms_of(form), key=_order if by_response else _order_of_node):
        sign, coefficient = _signed(term.coefficient)
        node = tree.Neg(term.node) if sign < 0 else term.node
        for shared, nodes in groups:
            same_side = not by_response or term.response == _response(nodes[0])
            if shared == coefficient and same_side:
                nodes.append(node)
                break
        else:
            groups.append((coefficient, [node]))
    pieces = [
        _scaled(coefficient, nodes, form, keep_order=by_response) for coefficient, nodes in groups
    ]
    if form.constant:
        pieces += _constant(form)
    return tree.total(pieces if by_response else _positive_first(pieces))


@_of_bounded_size
def rational(value: FracElement, atoms: dict[str, Atom]) -> Expression:
    """Return a fraction as a tree, its numerator and denominator in factors.

    Raises:
        NotReadableError: it has an opaque atom.
    """
    numerator, denominator = (_factored(part, atoms) for part in (value.numer, value.denom))
    return numerator if denominator == tree.Number(1) else tree.Div(numerator, denominator)


@_of_bounded_size
def expanded(value: FracElement, atoms: dict[str, Atom]) -> Expression:
    """Return a fraction as a sum over the terms of its numerator: 1 − 1/|y|, not (|y| − 1)/|y|.

    Raises:
        NotReadableError: it has an opaque atom.
    """
    field = value.field
    pieces = []
    for monomial, coefficient in value.numer.terms():
        piece = field(field.ring.from_dict({monomial: coefficient})) / field(value.denom)
        sign, size = _signed(piece)
        node = rational(size, atoms)
        pieces.append(node if sign > 0 else tree.Neg(node))
    return tree.total(_positive_first(pieces))


def terms_of(form: NormalForm) -> Iterator[Term]:
    """Yield the terms with a token quantity; those without are `without_plain_sums`'s business.

    Raises:
        NotReadableError: it has an opaque atom.
    """
    for response, r in sorted(form.sums.items(), reverse=True):
        field = r.field
        token = [form.atoms[str(s)].token if str(s) in form.atoms else False for s in field.symbols]
        if any(atom.token for atom in form.atoms_of(field(r.denom))):
            yield Term(field.one, tree.TokenSum(response, rational(r, form.atoms)), response)
            continue
        grouped: dict[tuple[int, ...], FracElement] = {}
        for monomial, coefficient in r.numer.terms():
            inner = tuple(e if t else 0 for e, t in zip(monomial, token, strict=True))
            outer = tuple(0 if t else e for e, t in zip(monomial, token, strict=True))
            piece = field(field.ring.from_dict({outer: coefficient})) / field(r.denom)
            grouped[inner] = grouped.get(inner, field.zero) + piece
        for inner, coefficient in grouped.items():
            body = _monomial(inner, field(r.denom), form.atoms)
            yield Term(coefficient, _folded(response, body), response)


def without_plain_sums(form: NormalForm) -> NormalForm:
    """Return the form with Σ_t k written as k |y|, so that equal forms are written alike."""
    constant, sums = form.constant, dict(form.sums)
    for response, r in form.sums.items():
        field = r.field
        if any(atom.token for atom in form.atoms_of(field(r.denom))):
            continue
        token = [form.atoms[str(s)].token if str(s) in form.atoms else False for s in field.symbols]
        plain = {
            monomial: coefficient
            for monomial, coefficient in r.numer.terms()
            if not any(e and t for e, t in zip(monomial, token, strict=True))
        }
        if plain:
            k = field(field.ring.from_dict(plain)) / field(r.denom)
            constant += k * field(Symbol(f"|y_{response}|"))
            sums[response] = r - k
    return NormalForm(constant, {s: r for s, r in sums.items() if r}, form.atoms)


def with_stop_gradients(form: NormalForm) -> NormalForm:
    """Return a form whose held atoms stand for sg of their leaves."""
    atoms = {
        name: replace(atom, leaf=tree.StopGradient(atom.leaf))
        if isinstance(atom, Leaf) and atom.frozen
        else atom
        for name, atom in form.atoms.items()
    }
    return NormalForm(form.constant, form.sums, atoms)


def _folded(response: str, body: Expression) -> Expression:
    """Return Σ_t body, as log π(y) where it is Σ_t log π(y_t)."""
    match body:
        case tree.Log(body=tree.TokenProbability(model=model)):
            return tree.Log(tree.Probability(model, response))
        case tree.StopGradient(body=tree.Log(body=tree.TokenProbability(model=model))):
            return tree.StopGradient(tree.Log(tree.Probability(model, response)))
    return tree.TokenSum(response, body)


def _monomial(exponents: tuple[int, ...], like: FracElement, atoms: dict[str, Atom]) -> Expression:
    factors: list[Expression] = []
    for symbol, exponent in zip(like.field.symbols, exponents, strict=True):
        if exponent:
            leaf = atoms[str(symbol)].leaf
            if leaf is None:
                raise NotReadableError
            factors.append(leaf if exponent == 1 else tree.Pow(leaf, tree.Number(exponent)))
    # Weights before what they weigh.
    before = (tree.Weight, tree.Position, tree.Datum, tree.Parameter)
    factors.sort(key=lambda each: not isinstance(each, before))
    return tree.product(factors)


def _constant(form: NormalForm) -> list[Expression]:
    """Return the part without tokens, as terms, or as factors where there are some."""
    whole = rational(form.constant, form.atoms)
    if isinstance(whole, tree.Mul) and any(isinstance(each, tree.Add) for each in whole.factors):
        return [whole]
    sum_of_terms = expanded(form.constant, form.atoms)
    return list(sum_of_terms.terms) if isinstance(sum_of_terms, tree.Add) else [sum_of_terms]


def _scaled(
    coefficient: FracElement, nodes: list[Expression], form: NormalForm, *, keep_order: bool
) -> Expression:
    """Return coefficient × (sum of nodes); in kept order the first node's sign is taken out."""
    negative = isinstance(nodes[0], tree.Neg) and (keep_order or len(nodes) == 1)
    if negative:
        nodes = [node.body if isinstance(node, tree.Neg) else tree.Neg(node) for node in nodes]
    body = tree.total(_ratios(nodes) if keep_order else _positive_first(nodes))
    if coefficient != coefficient.field.one:
        factor = rational(coefficient, form.atoms)
        body = tree.Mul((*factor.factors, body)) if isinstance(factor, tree.Mul) else factor * body
    return tree.Neg(body) if negative else body


def _ratios(nodes: list[Expression]) -> list[Expression]:
    """Write log a − log b as log(a/b), under a sum over tokens as well."""
    result: list[Expression] = []
    for node in nodes:
        for place, earlier in enumerate(result):
            joined = _ratio(earlier, node.body) if isinstance(node, tree.Neg) else None
            if joined:
                result[place] = joined
                break
        else:
            result.append(node)
    return result


def _ratio(left: Expression, right: Expression) -> Expression | None:
    match left, right:
        case tree.Log(body=a), tree.Log(body=b) if not isinstance(a, tree.Div):
            return tree.Log(tree.Div(a, b))
        case tree.TokenSum(response=one, body=a), tree.TokenSum(response=other, body=b):
            joined = _ratio(a, b) if one == other else None
            return tree.TokenSum(one, joined) if joined else None
        case tree.Mul(factors=one), tree.Mul(factors=other):
            joined = _ratio(one[-1], other[-1]) if one[:-1] == other[:-1] else None
            return tree.Mul((*one[:-1], joined)) if joined else None
    return None


def _positive_first(nodes: list[Expression]) -> list[Expression]:
    return sorted(nodes, key=lambda node: isinstance(node, tree.Neg))


def _signed(value: FracElement) -> tuple[int, FracElement]:
    """Return the sign that makes the lowest term positive, so that 1 − η wins over η − 1."""
    sign = 1
    for polynomial in (value.numer, value.denom):
        lowest = min(polynomial.terms(), key=lambda term: (sum(term[0]), term[0]))
        sign *= 1 if lowest[1] > 0 else -1
    return sign, value * sign


def factor_list(polynomial: PolyElement) -> tuple[Any, list[tuple[PolyElement, int]]]:
    """Return content and factors of a polynomial; of a large one, the variables that divide it.

    Factoring takes ever longer with terms and degrees; what is not factored is right all the same.

    Raises:
        NotReadableError: a degree is so large that nobody reads it.
    """
    degrees = polynomial.degrees()
    if max(degrees, default=0) > _MAX_DEGREE:
        raise NotReadableError
    if len(polynomial) <= _MAX_TERMS and sum(degrees) <= _MAX_TOTAL_DEGREE:
        return factors.factor_list(polynomial)
    content, rest = polynomial.primitive()
    rest, found = factors.without_monomial(rest)
    return content, [*found, *([] if rest == polynomial.ring.one else [(rest, 1)])]


def _factored(polynomial: PolyElement, atoms: dict[str, Atom]) -> Expression:
    content, found = factor_list(polynomial)
    sign = 1
    pieces: list[Expression] = []
    for factor, power in found:
        lowest = min(factor.terms(), key=lambda term: (sum(term[0]), term[0]))
        if lowest[1] < 0:
            factor, sign = -factor, sign * (-1) ** power  # noqa: PLW2901 - same factor
        node = _expanded(factor, atoms)
        pieces.append(node if power == 1 else tree.Pow(node, tree.Number(power)))
    content *= sign
    pieces.sort(key=lambda piece: (isinstance(piece, tree.Add), to_text(piece)))
    size = abs(content)
    if size.numerator != 1 or not pieces:
        pieces.insert(0, tree.Number(int(size.numerator)))
    node = tree.product(pieces)
    if size.denominator != 1:
        node = tree.Div(node, tree.Number(int(size.denominator)))
    return tree.Neg(node) if content < 0 else node


def _expanded(polynomial: PolyElement, atoms: dict[str, Atom]) -> Expression:
    like = polynomial.ring.to_field()(polynomial)
    terms = []
    for monomial, coefficient in sorted(
        polynomial.terms(), key=lambda term: (sum(term[0]), [-e for e in term[0]])
    ):
        node = _monomial(monomial, like, atoms) if any(monomial) else None
        size = abs(coefficient)
        number: Expression = tree.Number(int(size.numerator))
        if size.denominator != 1:
            number = tree.Div(number, tree.Number(int(size.denominator)))
        if node is None:
            node = number
        elif size != 1:
            node = tree.mul(number, node)
        terms.append(tree.Neg(node) if coefficient < 0 else node)
    return tree.total(_positive_first(terms))


def _response(node: Expression) -> str:
    return max(tree.responses(node), default="")


def _order_of_node(term: Term) -> tuple[int, int, str]:
    kinds = (tree.Probability, tree.TokenProbability)
    models = [each.model for each in term.node.walk() if isinstance(each, kinds)]
    rank = _MODELS_FIRST.index(models[0]) if models else len(_MODELS_FIRST)
    return rank, -ord(term.response), to_text(term.node)


def _order(term: Term) -> tuple[int, int, int, str]:
    return -ord(term.response), *_order_of_node(term)
