"""A new statistic is one row: one that is added to the table is known everywhere else."""

import subprocess
import sys

import pytest

SCRIPT = '''
from midpo_sym.language.quantities import statistics as table

row = table.Statistic(
    "sum_of_cubes",
    table.Operator("sum_of_cubes", "a sum of cubes", r"\\mathrm{S}_3", "S₃", "sum of cubes"),
    ("pi", "ref"),
    "pi**2*ref",
    "sum of pi(v)**2*ref(v)",
    domain="positive",
)
table.STATISTICS[row.name] = row

from midpo_sym.lab import read_algorithm
from midpo_sym.lab import problems
from midpo_sym.lab.priors import prior_of
from midpo_sym.language.printing.mathematics import to_latex, to_unicode
from midpo_sym.language.vocabulary import QUANTITIES, RESERVED
from midpo_sym.prover.prove import prove_derivation
from midpo_sym.site.live import program as live
from midpo_sym.spec.reading.losses import loads
from midpo_sym.targets.coq.emit import emit
from midpo_sym.targets.torch.files import render, render_without_running

TEXT = """
title = "T"
summary = "S."
[parameters]
alpha = { domain = "positive", meaning = "scale", default = "1/2" }
[prior]
zeta = "ref(y)*exp(sum_t(sum_of_cubes(y, t)))"
[loss]
argument = "alpha*(R(w) - C(w)) SIGN alpha*(R(l) - C(l))"
[definitions]
R = { of = "y", is = "log(pi(y)/ref(y))" }
C = { of = "y", is = "sum_t(sum_of_cubes(y, t))" }
"""
assert "sum_of_cubes" in QUANTITIES and "sum_of_cubes" in RESERVED
(right,) = prove_derivation(loads(TEXT.replace("SIGN", "-"), "own.toml"))
(wrong,) = prove_derivation(loads(TEXT.replace("SIGN", "+"), "own.toml"))
print(right.verdict.status.value, right.gradient.status.value, wrong.verdict.status.value)
assert wrong.witness is not None
leaf = next(n for n in right.statement.argument.walk() if type(n).__name__ == "Statistic")
print(to_unicode(leaf), to_latex(leaf))
for each in (render(right), render_without_running(right)):
    print([line for line in each.splitlines() if "weigh(" in line or "exp()" in line])
program = live.loss_program(right.statement)
print(sorted(each.name for each in live.sliders(right.derivation, program)))
print(emit(right).reason)
problem = problems(3, 1, 2)[0]
algorithm = read_algorithm(right.derivation)
print(sorted(prior_of(algorithm, problem, problem.reference).statistics), algorithm.linear)
'''


@pytest.mark.slow
def test_a_row_that_is_added_is_known_everywhere():
    found = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert found.returncode == 0, found.stderr
    given = r"(\cdot\mid x, y_{w,<t})"
    reference = rf"\pi_{{\mathrm{{ref}}}}{given}"
    assert found.stdout.splitlines() == [
        "proved proved refuted",
        rf"S₃(π‖π_ref)(y_w,t) \mathrm{{S}}_3\!\left(\pi{given}\,\Vert\,{reference}\right)",
        *["['    return weigh(log_ref, (2 * log_pi).exp()).sum(-1)']"] * 2,
        "['alpha', 'length_l', 'length_w', 'logp_pi_l', 'sum_of_cubes_l', 'sum_of_cubes_w']",
        "no lemma of the Coq library says that sum_of_cubes is positive",
        "['sum_of_cubes'] False",
    ]
