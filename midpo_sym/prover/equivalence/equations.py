"""When two losses would be equal: equations between their parameters, read off normal forms.

A difference is a polynomial in what does not depend on parameters: log-probabilities, lengths,
divergences. It vanishes if all its coefficients do, which are fractions in the parameters alone.
Functions that are opaque in a normal form, such as `log(1 + exp(...))`, are taken in pairs, one of
each side: they are the same if their arguments are. Whoever solves the equations has the kernel
decide about the losses themselves, so nothing here has to be believed.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from sympy.polys.fields import FracElement, FracField
from sympy.polys.rings import PolyElement

from midpo_sym.kernel.forms import (
    Atom,
    Form,
    NormalForm,
    OutsideClassError,
    Reading,
    ZeroDenominatorError,
)
from midpo_sym.kernel.responses import read
from midpo_sym.language import tree
from midpo_sym.language.links import VARIABLE
from midpo_sym.language.tree import Expression
from midpo_sym.prover.derivation.rebuild import without_plain_sums

FACTOR, OFFSET, SCALE = "_factor", "_offset", "_scale"
_SCALES = tuple(f"{SCALE}_{k}" for k in range(3))  # of maxima: max(0, s a) = s max(0, a)
UNKNOWN = {FACTOR: "positive", OFFSET: "real", SCALE: "positive"} | dict.fromkeys(
    _SCALES, "positive"
)
_MOST_PAIRINGS = 24
REFUSED = (ValueError, OutsideClassError, ZeroDenominatorError)

Equation = tuple[Expression, Expression]  # two sides, the left one made of names of A alone
Monomial = tuple[int, ...]


@dataclass(frozen=True)
class System:
    """Equations between parameters, for every way to take opaque functions in pairs.

    Attributes:
        field: of the fractions.
        atoms: its variables.
        variables: the variable of each unknown, by its name.
        alternatives: what has to be zero, for each way.
    """

    field: FracField
    atoms: Mapping[str, Atom]
    variables: Mapping[str, FracElement]
    alternatives: tuple[tuple[FracElement, ...], ...]


def system(
    equations: Sequence[Equation], *, weights: bool = False, lengths: bool = False
) -> System:
    """Return the equations between parameters that make all of some equations true.

    Args:
        equations: pairs of expressions.
        weights: whether weights and data are unknown as well, each a number.
        lengths: whether the number of tokens of y_w is a number like a parameter.

    Raises:
        OutsideClassError: an expression has no normal form.
        ZeroDenominatorError: an expression divides by something that is always zero.
    """
    extra = tuple(tree.Parameter(name, domain) for name, domain in UNKNOWN.items())
    nodes = tuple(node for pair in equations for node in pair)
    differences = tuple(tree.add(left, tree.Neg(right)) for left, right in equations)
    reading = read((*differences, *nodes, *extra))
    return _Builder(reading, len(equations), weights=weights, lengths=lengths).system()


class _Builder:
    def __init__(self, reading: Reading, count: int, *, weights: bool, lengths: bool) -> None:
        self.reading = reading
        self.atoms = reading.forms[0].atoms
        self.field: FracField = reading.forms[0].constant.field
        self.place = {symbol.name: k for k, symbol in enumerate(self.field.symbols)}
        self.parameters: dict[str, list[int]] = {}
        for name, atom in self.atoms.items():
            known = self._unknown(atom, weights=weights, lengths=lengths)
            if known:
                self.parameters.setdefault(known, []).append(self.place[name])
        self.inner = {k for places in self.parameters.values() for k in places}
        self.first = {k: places[0] for places in self.parameters.values() for k in places}
        self.forms = [without_plain_sums(form) for form in reading.forms[:count]]
        left, right = (
            self._opaque(reading.forms[count + start : 3 * count : 2]) for start in (0, 1)
        )
        self.left, self.right = sorted(left - right), sorted(right - left)

    def _unknown(self, atom: Atom, *, weights: bool, lengths: bool) -> str:
        """Return the name of an atom that is a number to be solved for; "" of any other."""
        leaf = atom.leaf
        if isinstance(leaf, tree.Parameter) and leaf != VARIABLE:
            return leaf.name
        if weights and isinstance(leaf, (tree.Weight, tree.Datum)):
            return leaf.name
        return "|y_w|" if lengths and leaf == tree.Length("w") else ""

    def _opaque(self, forms: Sequence[NormalForm]) -> set[str]:
        """Return the names of the opaque atoms in forms, and of those inside them."""
        found: set[str] = set()
        waiting = [atom.name for form in forms for atom in form.present() if atom.opaque]
        while waiting:
            name = waiting.pop()
            if name in found:
                continue
            found.add(name)
            _, arguments = self.reading.inside.get(name, ("", ()))
            inside = [NormalForm(c, sums, dict(self.atoms)) for c, sums in arguments]
            waiting += [atom.name for form in inside for atom in form.present() if atom.opaque]
        return found

    def system(self) -> System:
        variables = {name: self.field.gens[k[0]] for name, k in self.parameters.items()}
        found = [alternative for pairing in self._pairings() if (alternative := self._of(pairing))]
        return System(self.field, self.atoms, variables, tuple(dict.fromkeys(found)))

    def _function(self, name: str) -> str:
        return self.reading.inside.get(name, ("", ()))[0]

    def _pairings(self) -> Iterator[dict[str, str]]:
        """Yield ways to put opaque atoms of the left in the place of those of the right."""
        choices: list[list[dict[str, str]]] = []
        for function in sorted({*map(self._function, self.left)}):
            ours = [name for name in self.left if self._function(name) == function]
            theirs = [name for name in self.right if self._function(name) == function]
            size = min(len(ours), len(theirs), 4)
            choices.append(
                [
                    dict(zip(chosen, permuted, strict=True))
                    for chosen in itertools.combinations(theirs, size)
                    for permuted in itertools.permutations(ours, size)
                ]
            )
        full = itertools.islice(itertools.product(*choices), _MOST_PAIRINGS)
        merged = [{k: v for part in parts for k, v in part.items()} for parts in full]
        yield from merged
        if {} not in merged:
            yield {}

    def _of(self, pairing: dict[str, str]) -> tuple[FracElement, ...]:
        """Return what has to be zero if the opaque atoms of a pairing are the same."""
        maxima = [name for name in pairing if self._function(name) == "max"]
        scales = dict(zip(maxima, _SCALES, strict=False))
        coefficients: list[FracElement] = []
        forms = [*self.forms]
        for theirs, ours in pairing.items():
            arguments = [self.reading.inside[name][1] for name in (ours, theirs)]
            forms += self._arguments(arguments[0], arguments[1], scales.get(theirs, ""))
        for form in forms:
            for part in (form.constant, *form.sums.values()):
                coefficients += self._coefficients(part.numer, pairing, scales)
        return tuple(dict.fromkeys(each for each in coefficients if each))

    def _arguments(
        self, ours: Sequence[Form], theirs: Sequence[Form], scale: str
    ) -> list[NormalForm]:
        """Return the differences of the arguments of two functions; those of a max times a scale.

        The sides of a max stand in the order of their texts, in which a zero comes first.
        """
        found = []
        for (c, sums), (other, more) in zip(ours, theirs, strict=True):
            times = self.field.gens[self.place[scale]] if scale else self.field.one
            both = sorted({*sums, *more})
            zero = self.field.zero
            parts = {s: sums.get(s, zero) - times * more.get(s, zero) for s in both}
            form = NormalForm(c - times * other, parts, dict(self.atoms))
            found.append(without_plain_sums(form))
        return found

    def _coefficients(
        self, numerator: PolyElement, pairing: Mapping[str, str], scales: Mapping[str, str]
    ) -> list[FracElement]:
        """Return the coefficients of a polynomial in all but the parameters."""
        moved = {self.place[theirs]: self.place[ours] for theirs, ours in pairing.items()}
        scaled = {self.place[theirs]: self.place[name] for theirs, name in scales.items()}
        found: dict[Monomial, FracElement] = {}
        ring = self.field.ring
        for monomial, number in numerator.terms():
            outer = [0] * len(monomial)
            inner = [0] * len(monomial)
            divisor = [0] * len(monomial)
            for k, exponent in enumerate(monomial):
                if not exponent:
                    continue
                if k in self.inner:
                    inner[self.first[k]] += exponent
                    continue
                outer[moved.get(k, k)] += exponent
                if k in scaled:
                    divisor[scaled[k]] += exponent
            piece = self.field(ring.from_dict({tuple(inner): number}))
            if any(divisor):
                piece /= self.field(ring.from_dict({tuple(divisor): ring.domain.one}))
            key = tuple(outer)
            found[key] = found.get(key, self.field.zero) + piece
        return list(found.values())


class Systems:
    """Equations between parameters for some proposals, each read when it is first asked for."""

    def __init__(
        self, proposed: Iterable[tuple[Equation, ...]], *, weights: bool = False, lengths: bool
    ) -> None:
        self.waiting = iter(proposed)
        self.weights = weights
        self.lengths = lengths
        self.known: list[System] = []

    def __iter__(self) -> Iterator[System]:
        yield from self.known
        for equations in self.waiting:
            with suppress(*REFUSED):
                self.known.append(system(equations, weights=self.weights, lengths=self.lengths))
                yield self.known[-1]
