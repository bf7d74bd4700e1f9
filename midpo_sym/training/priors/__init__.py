"""Priors that are learned along with the policy, section 5.2 of the paper.

Without a constraint the loss of MI-DPO falls to 0 for every policy, unless the preferences contain
a cycle: a prior that is free explains them alone. So a prior here is normalised, starts as the
reference, and pays for what it is away from it; and a run whose prior does the policy's work says
so in the log.
"""

from midpo_sym.training.priors.constraints import PairOffsets, Turns, budget_penalty
from midpo_sym.training.priors.learned import LearnedPrior, LearnedPriorLoss, PriorTerms
from midpo_sym.training.priors.watch import PriorWatch

__all__ = [
    "LearnedPrior",
    "LearnedPriorLoss",
    "PairOffsets",
    "PriorTerms",
    "PriorWatch",
    "Turns",
    "budget_penalty",
]
