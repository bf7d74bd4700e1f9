"""MI-DPO itself, for any prior: a fixed one, one that depends on the policy, or a learned one."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import logsigmoid

from midpo_sym.tensor.checks import check_number, check_pairs


def mi_dpo_loss(
    chosen_logps: Tensor,
    rejected_logps: Tensor,
    chosen_log_prior: Tensor,
    rejected_log_prior: Tensor,
    *,
    beta: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """MI-DPO: −log σ(β log π(y_w)/ζ(y_w) − β log π(y_l)/ζ(y_l)).

    Paper: Tutunov et al. 2025 (arXiv 2501.01544), section 3.2, J_MI-DPO; β is its α.

    Gradients flow into all four tensors. A prior that is learned along with the policy needs a
    constraint, such as summing to one: without it the loss falls to 0 for every policy.

    Args:
        chosen_logps: log π(y_w), nats, summed over the tokens; shape (batch,).
        rejected_logps: log π(y_l), nats; shape (batch,).
        chosen_log_prior: log ζ(y_w), nats, up to a term that is the same for both responses of a
            pair; shape (batch,).
        rejected_log_prior: log ζ(y_l), nats, up to the same term; shape (batch,).
        beta: scale of the implicit reward, above 0.

    Returns:
        Losses, rewards of the chosen responses β log π(y_w)/ζ(y_w), rewards of the rejected ones;
        each of shape (batch,), in float32, or float64 if an argument is. The rewards are detached.

    Raises:
        TypeError: an argument is no tensor of a floating dtype, or β no number.
        ValueError: shapes or devices do not match, or β is out of range.
    """
    check_number("beta", beta, "positive")
    given = check_pairs(
        chosen_logps=chosen_logps,
        rejected_logps=rejected_logps,
        chosen_log_prior=chosen_log_prior,
        rejected_log_prior=rejected_log_prior,
    )
    chosen = beta * (given["chosen_logps"] - given["chosen_log_prior"])
    rejected = beta * (given["rejected_logps"] - given["rejected_log_prior"])
    return -logsigmoid(chosen - rejected), chosen.detach(), rejected.detach()
