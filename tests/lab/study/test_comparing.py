"""The paired test: against all signs enumerated, and by hand."""

from itertools import product

import numpy as np
import pytest

from midpo_sym.lab.study import compare, holm, rejections


def enumerated(values):
    """Return Wilcoxon's two-sided p-value by going through all signs."""
    values = np.array([each for each in values if each])
    sizes = np.abs(values)
    ranks = np.array([(sizes < each).sum() + ((sizes == each).sum() + 1) / 2 for each in sizes])
    sums = np.array(
        [ranks[np.array(signs)].sum() for signs in product([False, True], repeat=len(ranks))]
    )
    there = ranks[values > 0].sum()
    return min(1.0, 2 * min((sums <= there).mean(), (sums >= there).mean()))


def test_five_differences_of_one_sign_show_nothing():
    """2/2⁵ = 1/16: with six it is 1/32."""
    assert compare([1, 2, 3, 4, 5]).p_value == pytest.approx(1 / 16)
    assert compare([1, 2, 3, 4, 5, 6]).p_value == pytest.approx(1 / 32)
    assert compare([1, 2, 3, 4, 5]).low == -np.inf
    assert compare([1, 2, 3, 4, 5, 6]).low == 1


@pytest.mark.parametrize("seed", range(4))
def test_the_p_value_is_that_of_all_signs(seed):
    generator = np.random.default_rng(seed)
    values = generator.integers(-4, 9, 9)  # with ties and zeros
    assert compare([float(each) for each in values]).p_value == pytest.approx(enumerated(values))


def test_the_interval_is_without_zero_where_the_test_rejects():
    """Of ten different sizes: the interval is the test turned round."""
    generator = np.random.default_rng(5)
    for shift in np.linspace(-2, 2, 21):
        values = generator.standard_normal(10) + shift
        found = compare(list(values))
        assert (found.p_value <= 0.05) == (found.low > 0 or found.high < 0)
        assert found.low <= found.estimate <= found.high


def test_the_estimate_is_the_median_of_means_of_two():
    """Of 0, 1, 5: 0, 1/2, 1, 5/2, 3, 5; the middle is 7/4."""
    assert compare([0.0, 1.0, 5.0]).estimate == pytest.approx(7 / 4)


@pytest.mark.slow
def test_the_level_is_kept_whatever_the_sizes():
    """Under the null each sign is as probable as the other: of all 2¹⁰ at most 5 % are rejected."""
    sizes = np.arange(1, 11) ** 1.5
    found = [compare(list(sizes * signs)).p_value <= 0.05 for signs in product([-1, 1], repeat=10)]
    assert 0.03 < np.mean(found) <= 0.05


def test_nothing_and_zeros_show_nothing():
    assert compare([]).p_value == 1
    assert compare([0.0, 0.0]).p_value == 1


def test_holm_by_hand():
    """0.01·4, 0.02·3, 0.03·2, 0.5·1, each at least the one before."""
    found = holm({"a": 0.02, "b": 0.01, "c": 0.5, "d": 0.03})
    assert found == pytest.approx({"a": 0.06, "b": 0.04, "c": 0.5, "d": 0.06})
    assert list(found) == ["a", "b", "c", "d"]


def test_rejections_count_whole_groups():
    """Six positive ones reject, six of both signs do not, and five are no group."""
    values = [1, 2, 3, 4, 5, 6, 1, -2, 3, -4, 5, -6, 1, 2, 3, 4, 5]
    assert rejections(values, 6, 0.05) == (1, 2)
