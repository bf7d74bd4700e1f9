"""The atoms of sums over finite sets: no index is captured, and no two quantities are one atom."""

import pytest
from sympy import QQ
from sympy.polys.fields import FracField

from midpo_sym.kernel.finite_atoms import Fraction, Function, Index, Mark, Product, Sum, Value
from midpo_sym.kernel.finite_sets import _FiniteReader
from midpo_sym.kernel.forms import OutsideClassError, Work

FREE, OTHER = Index("y"), Index("y1")
ONE, TWO = Index("y", Mark.BOUND, 1), Index("y", Mark.BOUND, 2)


def k(*at):
    return Value("k", at, "positive")


def total(bound, *atoms):
    return Sum(bound, Product.of(dict.fromkeys(atoms, 1)))


class TestIndices:
    """Σ_1 k(1, y) depends on y alone, and y may become any index but the one that is bound."""

    def test_what_an_atom_depends_on(self):
        assert total((ONE,), k(ONE, FREE)).free == {FREE}
        assert total((ONE,), k(ONE, FREE)).depends({OTHER, FREE})
        assert not total((ONE,), k(ONE, FREE)).depends({ONE, OTHER})

    @pytest.mark.parametrize(
        ("atom", "height"),
        [(k(FREE), 0), (k(TWO), 2), (total((ONE,), k(ONE)), 1), (total((TWO,), k(TWO, ONE)), 2)],
    )
    def test_how_high_its_numbers_are(self, atom, height):
        assert atom.height == height

    def test_all_at_once(self):
        assert k(FREE, OTHER).renamed({FREE: OTHER, OTHER: FREE}) == k(OTHER, FREE)
        before, after = total((ONE,), k(ONE, FREE)), total((ONE,), k(ONE, TWO))
        assert before.renamed({FREE: TWO}) == after
        assert before.spelt({FREE: TWO}) == after.name

    def test_a_bound_index_stays(self):
        atom = total((ONE,), k(ONE, FREE))
        assert atom.renamed({ONE: TWO}) is atom
        assert atom.spelt({ONE: TWO}) == atom.name

    @pytest.mark.parametrize(
        "atom",
        [
            total((ONE,), k(ONE, FREE)),
            Function("min", Fraction.alone(k(ONE, FREE)), (ONE,)),
            Function("log", Fraction.alone(total((ONE,), k(ONE, FREE)))),
            k(ONE, FREE),
        ],
    )
    def test_none_is_captured_or_merged(self, atom):
        """Σ_1 k(1, y) is not Σ_1 k(1, 1) at y = 1, nor is k(1, y) k(1, 1)."""
        with pytest.raises(ValueError, match="there already"):
            atom.renamed({FREE: ONE})

    def test_two_do_not_become_one(self):
        with pytest.raises(ValueError, match="there already"):
            k(FREE, OTHER).renamed({FREE: TWO, OTHER: TWO})


class TestIdentity:
    """Atoms are equal if they are made of the same; names only label them."""

    DIFFERENT = (
        k(FREE),
        k(OTHER),
        k(ONE),
        k(FREE, OTHER),
        k(OTHER, FREE),
        Value("k", (), "positive"),
        Value("k", (FREE,), "real"),
        total((ONE,), k(ONE)),
        total((ONE,), k(ONE, FREE)),
        total((ONE,), k(FREE, ONE)),
        total((ONE,)),
        total((Index("x", Mark.BOUND, 1),)),
        Sum((ONE,), Product.of({k(ONE): 2})),
        Function("log", Fraction.alone(k(FREE))),
        Function("exp", Fraction.alone(k(FREE))),
        Function("1/", Fraction.alone(k(FREE))),
        Function("min", Fraction.alone(k(ONE)), (ONE,)),
        Function("log", Fraction(Fraction.alone(k(FREE)).under, Fraction.alone(k(FREE)).over)),
        Function("log", Fraction(((Product(()), QQ(2)),), ((Product(()), QQ(1)),))),
    )

    def test_no_two_are_one(self):
        assert len(set(self.DIFFERENT)) == len(self.DIFFERENT)

    def test_all_but_two_have_labels_of_their_own(self):
        """A function has one domain in a reading, which its label leaves out."""
        assert len({each.name for each in self.DIFFERENT}) == len(self.DIFFERENT) - 1

    def test_made_anew_they_are_the_same(self):
        one = Product.of({k(ONE): 1, k(FREE): 2})
        assert one == Product.of({k(FREE): 2, k(ONE): 1})
        assert hash(one) == hash(Product.of({k(FREE): 2, k(ONE): 1}))

    def test_an_atom_alone_is_the_variable_of_its_field(self):
        """k(y) is k(y)¹ / 1, so that log k(y) is one atom, however it is read."""
        variable = FracField(["k"], QQ).gens[0]
        assert Fraction.alone(k(FREE)) == Fraction.of(variable, (k(FREE),))

    def test_two_quantities_of_one_name_are_refused(self):
        """A label that does not tell two atoms apart proves nothing."""
        real = Value("k", (FREE,), "real")
        reader = _FiniteReader({real.name: real}, Work(), ())
        assert reader.variable(real)
        with pytest.raises(OutsideClassError, match="one name"):
            reader.variable(k(FREE))


class TestPositive:
    @pytest.mark.parametrize(
        ("atom", "positive"),
        [
            (k(FREE), True),
            (Value("r", (FREE,), "real"), False),
            (Value("r", (FREE,), "nonnegative"), False),
            (total((ONE,), k(ONE)), True),
            (total((ONE,)), True),
            (total((ONE,), Value("r", (ONE,), "real")), False),
            (Sum((ONE,), Product.of({Value("r", (ONE,), "real"): 2})), True),
            (Sum((ONE,), Product.of({Value("r", (ONE,), "real"): 3})), False),
            (Sum((ONE,), Product.of({k(ONE): 1, Value("r", (ONE,), "real"): 1})), False),
            (Function("exp", Fraction.alone(Value("r", (FREE,), "real"))), True),
            (Function("log", Fraction.alone(k(FREE))), False),
            (Function("1/", Fraction.alone(k(FREE))), True),
            (Function("1/", Fraction.alone(Value("r", (FREE,), "real"))), False),
            (Function("1/", Fraction(((Product(()), QQ(-1)),), ((Product(()), QQ(1)),))), False),
            (Function("min", Fraction.alone(k(ONE)), (ONE,)), False),
        ],
    )
    def test_what_is_positive(self, atom, positive):
        assert atom.positive is positive
