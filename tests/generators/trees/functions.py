"""Short ways to write expressions of the theory in tests: functions of indices, and their sums."""

from midpo_sym.kernel.hypotheses import Hypothesis
from midpo_sym.kernel.theorem import Answer, decide_indexed
from midpo_sym.language.build import parameter
from midpo_sym.language.indexed import Indexed, IndexSum


def function(name, domain="positive"):
    return lambda *indices: Indexed(name, indices, domain)


f, g, p, q, k2 = (function(name) for name in ("f", "g", "p", "q", "k"))
r, h, v = (function(name, "real") for name in ("r", "h", "v"))
of_three = Indexed("t", ("a", "a1", "a2"))
beta, gamma = parameter("beta", "positive"), parameter("gamma", "real")
NORMAL = Hypothesis(f("x", "y"), ("y",))


def total(index, body):
    return IndexSum(index, body)


def proved(left, right, *given):
    return decide_indexed(left, right, given).answer is Answer.EQUAL
