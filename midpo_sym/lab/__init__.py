"""A laboratory of finite problems: MI-DPO with tables in place of language models.

Everything here is on finite sets of prompts and answers, in NumPy, and solved to a stated accuracy.
It measures; it proves nothing about language models. See site/decisions/0009-laboratory.md.
"""

from __future__ import annotations

try:
    import numpy as np  # noqa: F401 - asked for here, so that the error can say what to install
except ImportError as error:
    raise ImportError(
        "midpo_sym.lab needs NumPy and Matplotlib: in a checkout, pip install '.[lab]'"
    ) from error

from midpo_sym.lab.alternation import Alternation, alternate
from midpo_sym.lab.checks import LabError, NotConvergedError
from midpo_sym.lab.experiment import Bench, Row, Settings, Worth, benches, worths
from midpo_sym.lab.optimum import Optimum, optimum
from midpo_sym.lab.priors import Algorithm, expressible, read_algorithm
from midpo_sym.lab.problems import Problem, problems

__all__ = [
    "Algorithm",
    "Alternation",
    "Bench",
    "LabError",
    "NotConvergedError",
    "Optimum",
    "Problem",
    "Row",
    "Settings",
    "Worth",
    "alternate",
    "benches",
    "expressible",
    "optimum",
    "problems",
    "read_algorithm",
    "worths",
]
