"""A study: losses and learned priors, trained on worlds, compared, and reported.

See site/decisions/0043-experiments.md.
"""

from __future__ import annotations

from midpo_sym.lab.study.arms import Arm, Trial, arms
from midpo_sym.lab.study.comparing import Comparison, compare, holm, rejections
from midpo_sym.lab.study.config import SHIPPED, Study, read_study
from midpo_sym.lab.study.executing import Progress, chosen_trials, execute
from midpo_sym.lab.study.predictions import Prediction, Score, read_predictions, score
from midpo_sym.lab.study.reporting import report
from midpo_sym.lab.study.results import Results, read_results
from midpo_sym.lab.study.running import runs, shards
from midpo_sym.lab.study.shards import Shard, provenance

__all__ = [
    "SHIPPED",
    "Arm",
    "Comparison",
    "Prediction",
    "Progress",
    "Results",
    "Score",
    "Shard",
    "Study",
    "Trial",
    "arms",
    "chosen_trials",
    "compare",
    "execute",
    "holm",
    "provenance",
    "read_predictions",
    "read_results",
    "read_study",
    "rejections",
    "report",
    "runs",
    "score",
    "shards",
]
