"""What is cheap to know of a loss, to rule out most pairs before anything is solved or proved.

A *profile* is which products of log-probabilities, lengths and the like a loss is made of, whatever
its parameters are: a loss that another one becomes at some values has no product that the other has
not. A *fingerprint* is its value at some tiny language models, in certified intervals: two that do
not meet prove that the losses differ at those values of the parameters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from sympy.polys.fields import FracElement

from midpo_sym.judges.jets import Ends, enclosed
from midpo_sym.judges.tiny import TinyModels, points
from midpo_sym.judges.witness import Meter, TooMuchWorkError
from midpo_sym.kernel.forms import (
    NormalForm,
    OutsideClassError,
    Reading,
    ZeroDenominatorError,
)
from midpo_sym.kernel.responses import read
from midpo_sym.language import tree
from midpo_sym.language.links import VARIABLE, Link
from midpo_sym.language.substitute import unfold
from midpo_sym.language.tree import Expression
from midpo_sym.prover.derivation.rebuild import without_plain_sums
from midpo_sym.prover.equivalence.changes import ONE
from midpo_sym.prover.equivalence.proposals import bent, remainder, shape
from midpo_sym.prover.equivalence.sides import Side
from midpo_sym.prover.shapes.bounds import Slopes

_POINTS = 8
_ENOUGH = 3  # points at which losses look alike
_BITS = 64
_WORK = 20_000  # nodes that the fingerprint of a loss may take
_GENERIC = Fraction(1, 3)  # of each parameter of a link
_FAR = 64  # from zero, where a link is what it is far out
_FLAT = 1e-3  # a slope that is none

Product = tuple[str, ...]  # what it is in, and its factors with their exponents
Fingerprint = tuple[Ends | None, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """The products that a loss is made of.

    Attributes:
        links: the links that are no polynomials, without the names of parameters.
        products: of the arguments of these, of what is left, and inside opaque functions.
        without_given: the same, with weights and data taken for numbers.
        arguments: those of the arguments of all links alone.
        ends: how the links that are no polynomials go on far out, in the words of `ends_of`.
    """

    links: tuple[str, ...]
    products: frozenset[Product]
    without_given: frozenset[Product]
    arguments: frozenset[Product]
    ends: tuple[str, ...]

    def may_become(self, other: Profile) -> bool:
        """Return whether this loss may be another one at special values of its parameters."""
        fewer = set(other.links) <= set(self.links) and len(other.links) < len(self.links)
        if self.links != other.links and not fewer:
            return False  # where there are fewer, the weights of the others may be zero
        plain = other.products <= self.products
        return plain or other.products <= self.without_given

    def bends_like(self, other: Profile) -> bool:
        """Return whether the links are maxima of the same arguments: they may differ by a scale."""
        kinked = all("max(" in link for link in (*self.links, *other.links))
        return bool(self.links) and kinked and self.arguments == other.arguments

    def goes_on_like(self, other: Profile) -> bool:
        """Return whether the links, of the same arguments, may be the same, written otherwise."""
        return bool(self.links) and self.arguments == other.arguments and self.ends == other.ends

    def with_models(self, models: Mapping[str, str]) -> frozenset[Product]:
        """Return the products with one model in the place of another, or with 1."""
        found = {
            tuple(_with_model(factor, models) for factor in product) for product in self.products
        }
        return frozenset(each for each in found if "" not in each)


def profile(side: Side) -> Profile | None:
    """Return the profile of a loss; None if it has no normal form."""
    objective = side.objective
    kinked = bent(objective)
    parts = [("=", remainder(objective))]
    for term in kinked:
        name = shape(term.link)
        parts += [(name, term.argument), (f"{name} weight", term.weight)]
    arguments = [("", term.argument) for term in objective.terms]
    try:
        plain, numbers, alone = (
            frozenset(_products(each, given=given))
            for each, given in ((parts, True), (parts, False), (arguments, True))
        )
    except (OutsideClassError, ZeroDenominatorError):
        return None
    links = tuple(sorted(shape(term.link) for term in kinked))
    constant = {("=",)}
    ends = tuple(sorted(ends_of(term.link) for term in kinked))
    return Profile(links, plain - constant, numbers - constant, alone, ends)


def ends_of(link: Link) -> str:
    """Return how a link goes on far out, and whether it has a corner: no proof, but a hint.

    What is the same up to a factor, and a scale of the argument or its sign, has the same words.

    >>> from midpo_sym.language.links import LINKS
    >>> ends_of(LINKS["logsigmoid"]), ends_of(LINKS["hinge"])
    ('flat and straight', 'flat and straight with a corner')
    """
    body = unfold(link.body)
    generic = {node.name: _GENERIC for node in body.walk() if isinstance(node, tree.Parameter)}
    slopes = Slopes(body, generic)
    words = sorted(_going(slopes, sign) for sign in (-1, 1))
    corner = any(isinstance(node, tree.Max) for node in body.walk())
    return " and ".join(words) + (" with a corner" if corner else "")


def _going(slopes: Slopes, sign: int) -> str:
    """Return how a link goes on in one direction, by its slope far out and twice as far."""
    found = [slopes.over(slopes.of(sign * far, sign * far)) for far in (_FAR, 2 * _FAR)]
    near, far = (None if each is None else abs(float(each.mid)) for each in found)
    if near is None or far is None:
        return "unclear"
    if near < _FLAT:
        return "flat"
    straight = abs(far / near - 1) < _FLAT
    return "straight" if straight else "bent"


def _products(parts: Iterable[tuple[str, Expression]], *, given: bool) -> Iterator[Product]:
    for name, node in parts:
        reading = read((node,))
        yield from _of_form(name, reading.forms[0], reading, given=given)


def _of_form(name: str, form: NormalForm, reading: Reading, *, given: bool) -> Iterator[Product]:
    form = without_plain_sums(form)
    for place, part in (("", form.constant), *form.sums.items()):
        for product in _of_fraction(part, form, given=given):
            yield (f"{name}{place}", *product)
    for atom in form.present():
        if atom.opaque:
            function, arguments = reading.inside.get(atom.name, ("", ()))
            for constant, sums in arguments:
                inner = NormalForm(constant, sums, form.atoms)
                yield from _of_form(f"{name}{function}/", inner, reading, given=given)


def _of_fraction(value: FracElement, form: NormalForm, *, given: bool) -> Iterator[Product]:
    """Yield the products in a fraction, those of its denominator turned over if it is one."""
    names = [_name(symbol.name, form, given=given) for symbol in value.field.symbols]

    def factors(monomial: Sequence[int], sign: int) -> dict[str, int]:
        found: dict[str, int] = {}
        for known, exponent in zip(names, monomial, strict=True):
            if known and exponent:
                found[known] = found.get(known, 0) + sign * exponent
        return found

    below = {tuple(sorted(factors(m, -1).items())) for m, _ in value.denom.terms()}
    for monomial, _ in value.numer.terms():
        found = factors(monomial, 1)
        if len(below) == 1:
            for known, exponent in next(iter(below)):
                found[known] = found.get(known, 0) + exponent
            yield tuple(f"{k}^{e}" for k, e in sorted(found.items()) if e)
        else:
            yield ("?",)


def _name(name: str, form: NormalForm, *, given: bool) -> str:
    """Return what a variable is in a product; "" of a parameter, and of a number if asked for."""
    atom = form.atoms.get(name)
    if atom is None or isinstance(atom.leaf, tree.Parameter):
        return VARIABLE.name if atom is not None and atom.leaf == VARIABLE else ""
    if isinstance(atom.leaf, (tree.Weight, tree.Datum)):
        return name[2:] if given else ""  # without the letter of the side
    if atom.opaque:
        return name.partition("(")[0]
    return name


def _with_model(factor: str, models: Mapping[str, str]) -> str:
    """Return a factor with one model in the place of another; "" if it is log 1."""
    for model, other in models.items():
        if f"log({model}(" in factor:
            return "" if other == ONE else factor.replace(f"log({model}(", f"log({other}(")
    return factor


def fingerprints(sides: Sequence[Side]) -> list[Fingerprint]:
    """Return the values of losses at the same points, parameters of one name having one value."""
    losses = [_by_name(side) for side in sides]
    where = [*points(*losses, tries=_POINTS)]
    return [_fingerprint(loss, where) for loss in losses]


def _by_name(side: Side) -> Expression:
    """Return a loss whose parameters are called by their names and domains, the scale by itself."""

    def renamed(node: Expression) -> Expression:
        match node:
            case tree.Parameter(name=name, domain=domain) if name in side.declared:
                plain = "" if node == side.scale else side.declared[name].name
                return replace(node, name=_joined(plain, domain))
            case tree.Weight(name=name, domain=domain) | tree.Datum(name=name, domain=domain):
                label = "label" if node.by_label else ""
                return replace(node, name=_joined(side.declared[name].name, domain, label))
        return tree.over(node, [renamed(child) for child in node.children()])

    return renamed(side.loss)


def _joined(*words: str) -> str:
    return "_".join(words).replace(" ", "_")


def _fingerprint(loss: Expression, where: Iterable[TinyModels]) -> Fingerprint:
    meter = Meter(_WORK)
    found: list[Ends | None] = []
    for models in where:
        try:
            ends = enclosed((loss,), models, of="value", bits=_BITS, meter=meter)
        except TooMuchWorkError:
            ends = None
        found.append(ends[0] if ends else None)
    return tuple(found)


def differ(one: Fingerprint, other: Fingerprint) -> bool:
    """Return whether fingerprints prove that two losses differ."""
    return any(
        a is not None and b is not None and (a[1] < b[0] or b[1] < a[0])
        for a, b in zip(one, other, strict=True)
    )


def look_alike(one: Fingerprint, other: Fingerprint) -> bool:
    """Return whether fingerprints meet at points enough to expect that the losses are the same."""
    known = sum(a is not None and b is not None for a, b in zip(one, other, strict=True))
    return known >= _ENOUGH and not differ(one, other)
