"""Maxima by cases, and normal forms read into the tower. Trusted, like `theorem`.

max(a, b) is a where a ≥ b, and b where b ≥ a (A14). Each choice of signs for what the maxima
compare is a case; at every point one of them holds, and a difference that is zero in all of them is
zero. A maximum of tokens falls into cases token by token: [u ≥ 0] is then a generator of its own.
"""

from __future__ import annotations

from collections.abc import Callable

from sympy.polys.fields import FracElement
from sympy.polys.rings import PolyElement

from midpo_sym.kernel.forms import (
    CAUCHY,
    MAX_WORK,
    Form,
    Inside,
    NormalForm,
    OutsideClassError,
    Work,
    ZeroDenominatorError,
)
from midpo_sym.kernel.tower.generators import (
    SIZES,
    Generator,
    Restart,
    Roots,
    TooSmall,
    Tower,
)

MAX_CASES = 64
_RESTARTS = 12
_MAX_POWER = 8  # of what is under logarithms, where a sum of logarithms is compared with zero
_DEPTH = 8
Test = Callable[[Tower, FracElement], bool]


def in_every_case(form: NormalForm, inside: Inside, test: Test, work: int = 1) -> bool:
    """Return whether a test holds of a normal form, read into the tower, in every case.

    False says nothing: it may be too much work, or outside of what the tower knows.

    Args:
        form: the normal form.
        inside: what its opaque atoms are.
        test: of its value in the tower.
        work: how many times `MAX_WORK` it may take.
    """
    roots: Roots = {}
    sizes = (size for size in SIZES if 2 * size > 3 * len(form.atoms))
    size, meter = next(sizes, SIZES[-1]), Work(MAX_WORK * work)
    for _ in range(_RESTARTS):
        try:
            return _Cases(form, inside, Tower(form.atoms, size, roots, meter)).all(test)
        except TooSmall:
            size = next(sizes, 0)
            if not size:
                return False
        except Restart:
            continue
        except (OutsideClassError, ZeroDenominatorError):
            return False
    return False


class _Undecided(Exception):  # noqa: N818 - not an error: asks for two cases
    """Asks for the sign of something."""

    def __init__(self, key: PolyElement, *, token: bool) -> None:
        self.key = key
        self.token = token


class _Cases:
    """Reads a normal form into the tower, case by case.

    Attributes:
        signs: the case: 1 for what is taken to be at least zero, −1 for what is at most zero.
        images: what atoms are in this case.
        facts: what is not negative in this case.
    """

    def __init__(self, form: NormalForm, inside: Inside, tower: Tower) -> None:
        self.form = form
        self.names = list(form.atoms)
        self.inside = inside
        self.tower = tower
        self.signs: dict[PolyElement, int] = {}
        self.images: dict[str, FracElement] = {}
        self.facts: list[FracElement] = []

    def all(self, test: Test) -> bool:
        """Return whether a test holds in every case in which nothing is divided by zero."""
        waiting: list[dict[PolyElement, int]] = [{}]
        shown = False
        for _ in range(MAX_CASES):
            if not waiting:
                return shown
            self.signs, self.images, self.facts = waiting.pop(), {}, []
            try:
                value = self.scalar((self.form.constant, self.form.sums))
            except _Undecided as asked:
                waiting += [{**self.signs, asked.key: sign} for sign in (1, -1)]
                continue
            except ZeroDenominatorError:  # such points are excluded by the theorem's denominators
                continue
            if not test(self.tower, value):
                return False
            shown = True
        return False

    def scalar(self, form: Form) -> FracElement:
        """Return c + Σ_s Σ_t r_s(t) as an element."""
        total = self.lift(form[0])
        for response, r in form[1].items():
            total = self.tower.plus(total, self.tower.sum(response, self.of_token(r)))
        return total

    def lift(self, value: FracElement) -> FracElement:
        return self.tower.value(value, self.image)

    def image(self, place: int) -> FracElement:
        """Return what an atom of the normal form is in the tower."""
        name = self.names[place]
        if name not in self.images:
            function, arguments = self.inside.get(name, ("", ()))
            values = [self.scalar(each) for each in arguments]
            match function:
                case "":
                    found = self.tower.leaf(self.form.atoms[name])
                case "exp":
                    found = self.tower.exp(values[0])
                case "log":
                    found = self.tower.log(values[0])
                case "max":
                    found = self.larger(*values)
                case _ if function == CAUCHY:
                    raise OutsideClassError("the tower has no arctangent")
                case _:  # a sum over tokens
                    found = values[0]
            self.images[name] = found
        return self.images[name]

    # Cases token by token

    def of_token(self, r: FracElement) -> FracElement:
        """Return r(t); with maxima of tokens, as its value in one case and what others add."""
        before = self.signs, self.images, self.facts
        try:
            return self.lift(r)
        except _Undecided as asked:
            if not asked.token:
                raise
            values = []
            for sign in (1, -1):
                self.signs = {**before[0], asked.key: sign}
                self.images, self.facts = dict(before[1]), [*before[2]]
                values.append(self.of_token(r))
            if not all(map(self.is_everywhere, values)):
                raise OutsideClassError("what has no value at the tokens of another case") from None
            key = self.tower.polynomial(asked.key)
            step = self.tower.generator(Generator("step", key, token=True, nonnegative=True))
            apart = self.tower.plus(values[0], -values[1])
            return self.tower.plus(values[1], self.tower.times(step, apart))
        finally:
            self.signs, self.images, self.facts = before

    def is_everywhere(self, value: FracElement) -> bool:
        """Return whether an element has a value at all tokens, by its form."""
        tower = self.tower
        below = [*tower.below(value)]
        for made in tower.inside(value):
            if made.token and made.of is not None:
                if made.kind == "log":
                    below += [made.of.numer, made.of.denom]
                if not self.is_everywhere(made.of):
                    return False
        return all(
            tower.is_positive(each)
            for each in below
            if any(made.token for made in tower.inside(tower.polynomial(each)))
        )

    # Maxima

    def larger(self, one: FracElement, other: FracElement) -> FracElement:
        """Return the maximum of two elements in this case."""
        apart = self.tower.plus(one, -other)
        if not apart:
            return one
        apart = self.tower.thawed(apart)
        if not apart:
            raise OutsideClassError("a maximum of equal values whose gradients may differ")
        return one if self.sign(apart) > 0 else other

    def sign(self, value: FracElement) -> int:
        """Return the sign that an element has in this case; of what may be zero, either."""
        sign, key = self.signed(value)
        if key is None:
            return sign
        if key not in self.signs:
            found = self.implied(value)
            if found:
                return found
            token = any(each.token for each in self.tower.inside(self.tower.polynomial(key)))
            raise _Undecided(key, token=token)
        found = sign * self.signs[key]
        if value * found not in self.facts:
            self.facts.append(value * found)
        return found

    def signed(self, value: FracElement, depth: int = 0) -> tuple[int, PolyElement | None]:
        """Return a sign, and a polynomial; their product has the sign of an element.

        The polynomial is left out where the element is not negative by its form, or its opposite.
        Factors that are not negative by their form do not count (A13).
        """
        tower = self.tower
        other = self.exponential(value) if depth < _DEPTH else None
        if other is not None:
            return self.signed(other, depth + 1)
        sign, rest = 1, tower.one
        for polynomial in (value.numer, value.denom) if value else ():
            content, factors = tower.factors(polynomial)
            sign = -sign if content < 0 else sign
            for factor, power in factors:
                if power % 2 and not tower.is_nonnegative(factor):
                    rest = tower.times(rest, tower.polynomial(factor))
        if rest == tower.one:
            return sign, None
        other = self.exponential(rest) if depth < _DEPTH else None
        other = self.logarithm(rest.numer) if other is None and depth < _DEPTH else other
        if other is None:
            return sign, rest.numer
        turn, key = self.signed(other, depth + 1)
        return sign * turn, key

    def logarithm(self, polynomial: PolyElement) -> FracElement | None:
        """Return log a − log b for a − b, with a and b of one term; it has its sign (A14)."""
        tower = self.tower
        terms = [tower.monomial(m, c) for m, c in polynomial.terms()]
        if len(terms) != 2:  # noqa: PLR2004 - a and b
            return None
        above, below = sorted(terms, key=lambda each: each.numer.LC < 0)
        if not tower.is_positive(above.numer) or not tower.is_positive(-below.numer):
            return None
        return self.tower.plus(tower.log(above), -tower.log(-below))

    def exponential(self, value: FracElement) -> FracElement | None:
        """Return a/b − 1 for log a − log b, one of which is of a sum; it has its sign (A14)."""
        tower = self.tower
        logs = [
            (size, made.of)
            for size, unit in tower.terms(value)
            for made in [tower.single(unit)]
            if made and made.kind == "log" and made.of
        ]
        sums = any(len(of.numer) > 1 or len(of.denom) > 1 for _, of in logs)
        if not sums or any(n.denominator != 1 or abs(n) > _MAX_POWER for n, _ in logs):
            return None
        return tower.plus(tower.exp(value), -tower.one)

    def implied(self, value: FracElement) -> int:
        """Return the sign that follows from those of this case, or 0."""
        for sign in (1, -1):
            wanted = value * sign
            for place, one in enumerate(self.facts):
                if self.is_nonnegative(self.tower.plus(wanted, -one)):
                    return sign
                for other in self.facts[:place]:
                    both = self.tower.plus(one, other)
                    if both and self.is_nonnegative(self.tower.over(wanted, both)):
                        return sign
        return 0

    def is_nonnegative(self, value: FracElement) -> bool:
        """Return whether an element is not negative by its form (A13)."""
        tower, sign = self.tower, -1 if value.numer.LC < 0 else 1
        above, below = value.numer * sign, value.denom * sign
        return tower.is_nonnegative(above) and tower.is_positive(below)
