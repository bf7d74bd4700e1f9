"""A derivation on its page: a few lines, and below each its steps."""

from midpo_sym import api
from midpo_sym.site.parts.derivation import chains


def test_a_person_s_lines_have_all_steps_below_them_in_order():
    """SimPO: r(y_w) = α/|y_w| log π(y_w) + α log Z − γ/2, and of y_l "likewise"."""
    result = api.prove("simpo")
    reward, argument = chains(result)
    numbers = [
        line.number
        for chain in (reward, argument)
        for stage in chain.stages
        for line in stage.lines
    ]
    steps = result.steps
    count = len(steps.reward) + len(steps.framework) + len(steps.target)
    assert [each for each in numbers if each] == list(range(1, count + 1))
    assert len(reward.stages) + len(argument.stages) <= 6
    for stage in (*reward.stages, *argument.stages):
        assert stage.lines[-1].latex == stage.latex
    *ours, other = reward.stages
    assert "likewise" in other.said
    assert "<math" in other.said
    assert not any("likewise" in each.said for each in ours)
    assert ours[-1].lines[-1].sympy == (
        "alpha*log(Z) + alpha*log(Product(pi_w[t], (t, 1, n_w)))/n_w - gamma/2"
    )
