"""The sign of a coefficient: what its form shows, and what is left to decide it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

from midpo_sym.judges import intervals
from midpo_sym.judges.jets import Ends
from midpo_sym.judges.tiny import points
from midpo_sym.judges.witness import Meter
from midpo_sym.language import tree
from midpo_sym.language.sign import can_be_positive
from midpo_sym.language.tree import Expression
from midpo_sym.prover.gradients.chain_rule import SWITCH
from midpo_sym.prover.gradients.products import Product

_POINTS = 40  # at which both signs of what decides one are looked for
_WORK = 20_000


@dataclass(frozen=True, slots=True)
class Sign:
    """The sign of a coefficient is `direction` times the signs of `zeros` and of `decides`.

    Attributes:
        direction: 1 or −1; 0 if the coefficient is zero.
        zeros: factors that are never negative, and zero somewhere perhaps.
        decides: a factor that may have either sign; None if there is none.
        changes: whether it is proved to have both signs; None if that is not known.
    """

    direction: int
    zeros: tuple[Expression, ...] = ()
    decides: Expression | None = None
    changes: bool | None = None

    @property
    def is_strict(self) -> bool:
        """Return whether it is the same everywhere, and never zero."""
        return bool(self.direction) and not self.zeros and self.decides is None

    def times(self, other: Sign) -> Sign:
        """Return the sign of the product of two coefficients."""
        left = [each for each in (self.decides, other.decides) if each is not None]
        return Sign(
            self.direction * other.direction,
            tuple(dict.fromkeys((*self.zeros, *other.zeros))),
            tree.product(left) if left else None,
            None if len(left) > 1 else self.changes if self.decides else other.changes,
        )


def sign_of(product: Product) -> Sign:
    """Return the sign of a product, by the form of its factors."""
    if not product.number:
        return Sign(0)
    direction = 1 if product.number > 0 else -1
    zeros: list[Expression] = []
    undecided: list[Expression] = []
    for factor, divides in [
        *((e, False) for e in product.over),
        *((e, True) for e in product.under),
    ]:
        kind = kind_of(factor)
        if kind is None:
            undecided.append(factor)
            continue
        direction *= -1 if kind < 0 else 1
        if abs(kind) == 1 and not divides:
            zeros.append(factor if kind > 0 else tree.Neg(factor))
    decides = tree.product(undecided) if undecided else None
    return Sign(direction, tuple(dict.fromkeys(zeros)), decides, _changes(decides))


def sign_of_sum(products: list[Product]) -> Sign:
    """Return the sign of a sum, by the signs of its terms where they agree."""
    signs = [sign_of(each) for each in products]
    signs = [each for each in signs if each.direction]
    if not signs:
        return Sign(0)
    if len(signs) == 1:
        return signs[0]
    directions = {each.direction for each in signs}
    if len(directions) == 1 and all(each.decides is None for each in signs):
        shared = [set(each.zeros) for each in signs]
        zeros = () if not all(shared) else tuple(tree_sorted(reduce(set.intersection, shared)))
        if zeros or not all(shared):
            return Sign(directions.pop(), zeros)
    whole = tree.total([each.tree for each in products])
    return Sign(1, (), whole, _changes(whole))


def common(products: list[Product]) -> Product:
    """Return the factors that all products share, and that are positive by their form."""
    first = products[0]
    shared = [f for f in dict.fromkeys(first.over) if all(f in each.over for each in products)]
    return Product(over=tuple(f for f in shared if kind_of(f) == 2))  # noqa: PLR2004 - see kind_of


def tree_sorted(nodes: set[Expression]) -> list[Expression]:
    """Return nodes in an order that does not depend on the run."""
    return sorted(nodes, key=str)


def kind_of(node: Expression) -> int | None:  # noqa: C901, PLR0911 - one case for each kind of node
    """Return ±2 for a number that is never zero, ±1 for one that may be; None for either sign."""
    if node.positive:
        return 2
    match node:
        case tree.Defined(name=name) if name.startswith(SWITCH):
            return 1
        case tree.Defined(body=body) | tree.Call(body=body) | tree.StopGradient(body=body):
            return kind_of(body)
        case tree.Neg(body=body):
            return _times(-2, kind_of(body))
        case tree.Add(terms=terms):
            kinds = [kind_of(each) for each in terms]
            signs = {each and each > 0 for each in kinds}
            if None not in kinds and len(signs) == 1:
                return max((each for each in kinds if each), key=abs)
        case tree.Mul(factors=factors):
            kinds = [kind_of(each) for each in factors]
            return reduce(_times, kinds)
        case tree.Div(numerator=over, denominator=under):
            return _times(kind_of(over), _never_zero(kind_of(under)))
        case tree.Pow(exponent=tree.Number(value=power)) if power % 2 == 0:
            return 1
        case tree.Log(body=body) if body.below_one:
            return -2
        case tree.Max(left=left, right=right):
            kinds = [kind_of(left), kind_of(right)]
            if any(each and each > 0 for each in kinds) or tree.Number(0) in (left, right):
                return 1
        case tree.Statistic(row=row) if row.domain != "real":
            return 1
    if getattr(node, "domain", "") in ("nonnegative", "unit") or not can_be_positive(
        tree.Neg(node)
    ):
        return 1
    return None if can_be_positive(node) else -1


def _times(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return None
    size = min(abs(one), abs(other))
    return size if one * other > 0 else -size


def _never_zero(kind: int | None) -> int | None:
    """Return the kind of a number that is known not to be zero."""
    return None if kind is None else 2 if kind > 0 else -2


def _changes(node: Expression | None) -> bool | None:
    """Return whether a number of whole responses has both signs, at points of tiny models."""
    if node is None or tree.token_responses(node):
        return None
    seen: set[int] = set()

    def tell(ends: list[Ends]) -> bool | None:
        low, high = ends[0]
        seen.update([1] * (low > 0), [-1] * (high < 0))
        return True if len(seen) > 1 else None

    where = points(node, tries=_POINTS)
    told = intervals.hunt((node,), where, tell, of="value", meter=Meter(_WORK)).told
    return True if told else None
