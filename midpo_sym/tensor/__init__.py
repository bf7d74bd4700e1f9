"""Torch kernels of the losses: statistics of responses, from logits or from hidden states.

The pipeline of one training step, stage by stage:

1. `response_statistics` (from logits) or `linear_statistics` (from hidden states and the weight of
   the lm_head) turn a batch into `ResponseStatistics`: per-token log-probabilities, log-ratios,
   divergences, lengths.
2. `PreferenceLoss.from_statistics` turns the statistics of the chosen and the rejected responses
   into losses and implicit rewards. Every generated module inherits it.
3. `PreferenceLoss.from_hidden` does both in a single pass where the loss allows it, and
   `PreferenceLoss.from_head` does so with the lm_head as a module, which `read_head` reads.

Needs torch and nothing else of this package.
"""

try:
    import torch as _torch  # noqa: F401  # only to tell whether it is there
except ModuleNotFoundError as missing:
    message = (
        "midpo_sym.tensor needs PyTorch 2.6 or later: pip install 'torch>=2.6', or in a checkout "
        "pip install '.[torch]'"
    )
    raise ImportError(message) from missing

from midpo_sym.tensor.checks import (
    check_data,
    check_nonzero,
    check_number,
    check_pairs,
    check_tokens,
    check_weights,
)
from midpo_sym.tensor.framework import mi_dpo_loss
from midpo_sym.tensor.heads.output import OutputHead
from midpo_sym.tensor.heads.read import read_head
from midpo_sym.tensor.kernels.vocabulary import weigh
from midpo_sym.tensor.linear import linear_statistics
from midpo_sym.tensor.logarithms import cauchy_cdf, log_cauchy_cdf, log_sum_exp
from midpo_sym.tensor.logits import response_statistics
from midpo_sym.tensor.loss import PreferenceLoss
from midpo_sym.tensor.needs import Needs
from midpo_sym.tensor.padding import fill_padding
from midpo_sym.tensor.statistics import ResponseStatistics
from midpo_sym.tensor.steady.context import gather_responses
from midpo_sym.tensor.steady.shard import VocabularyShard

__all__ = [
    "Needs",
    "OutputHead",
    "PreferenceLoss",
    "ResponseStatistics",
    "VocabularyShard",
    "cauchy_cdf",
    "check_data",
    "check_nonzero",
    "check_number",
    "check_pairs",
    "check_tokens",
    "check_weights",
    "fill_padding",
    "gather_responses",
    "linear_statistics",
    "log_cauchy_cdf",
    "log_sum_exp",
    "mi_dpo_loss",
    "read_head",
    "response_statistics",
    "weigh",
]
