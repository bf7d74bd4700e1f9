"""The trainer of TRL with our losses: DPO through it is TRL's own run."""

import copy

import pytest

from midpo_sym import losses

SAME = (
    "loss", "grad_norm", "rewards/margins", "rewards/accuracies", "rewards/chosen",
    "rewards/rejected", "entropy", "mean_token_accuracy", "logps/chosen", "logps/rejected",
    "logits/chosen", "logits/rejected", "num_tokens",
)  # fmt: skip


def compare(ours, its, names=SAME, tolerance=1e-5):
    assert len(ours) == len(its)
    for step, (one, other) in enumerate(zip(ours, its, strict=True)):
        for name in names:
            # TRL's log is rounded by nobody, and float32 sums differ in their order.
            wanted = pytest.approx(other[name], rel=tolerance, abs=tolerance)
            assert one[name] == wanted, (step, name)


@pytest.mark.slow
def test_dpo_is_trls_own_run(made):
    kind = made.peers.ours.PreferenceTrainer
    _, ours = made.train(kind, loss=losses.DPOLoss(beta=0.1))
    _, its = made.train(made.peers.trl.DPOTrainer)
    compare(ours, its)
    assert ours[0]["policy_rewards/margins"] == ours[0]["rewards/margins"]
    assert ours[-1]["loss"] < ours[0]["loss"]


@pytest.mark.slow
@pytest.mark.parametrize("setting", ["adapters", "precomputed", "accumulated"])
def test_dpo_is_trls_own_run_too_with(setting, made):
    """Adapters switched off for the reference, its sums computed before, steps in two parts."""
    keywords = {}
    if setting == "adapters":
        keywords |= {"with_reference": False}
        keywords["peft_config"] = made.peers.peft.LoraConfig(
            r=2, target_modules=["q_proj", "down_proj"], task_type="CAUSAL_LM"
        )
    elif setting == "precomputed":
        keywords["precompute_ref_log_probs"] = True
    else:
        keywords["gradient_accumulation_steps"] = 2
    kind = made.peers.ours.PreferenceTrainer
    _, ours = made.train(kind, steps=4, loss=losses.DPOLoss(beta=0.1), **copy.deepcopy(keywords))
    _, its = made.train(made.peers.trl.DPOTrainer, steps=4, **keywords)
    compare(ours, its)


@pytest.mark.slow
def test_a_step_in_unequal_parts_is_one_step(made):
    """Three pairs as two and one: the mean over pairs, and not the mean of means."""
    kind, data = made.peers.ours.PreferenceTrainer, made.dataset.select(range(3))
    settings = {"steps": 2, "data": data, "loss": losses.TDPOLoss(beta=0.3)}
    _, whole = made.train(kind, per_device_train_batch_size=3, **settings)
    _, parts = made.train(kind, gradient_accumulation_steps=2, **settings)
    compare(parts, whole, names=("loss", "grad_norm"))


@pytest.mark.slow
def test_rewards_without_the_margin(made):
    """SimPO needs no reference, and its rewards carry ∓γ/2; by hand from the first batch."""
    loss = losses.SimPOLoss(beta=2.0, gamma=1.0)
    kind = made.peers.ours.PreferenceTrainer
    trainer, log = made.train(kind, steps=1, loss=loss, with_reference=False)
    assert trainer.ref_model is None
    first = log[0]
    assert first["rewards/margins"] == pytest.approx(first["policy_rewards/margins"] - 1, abs=1e-5)


@pytest.mark.slow
def test_what_contradicts_the_loss_is_refused(made):
    kind = made.peers.ours.PreferenceTrainer
    with pytest.raises(ValueError, match=r"args\.beta is 0\.5, but loss=DPOLoss"):
        made.train(kind, loss=losses.DPOLoss(beta=0.2), beta=0.5)
    with pytest.raises(ValueError, match=r"keeps sums of log-probabilities"):
        made.train(kind, loss=losses.TDPOLoss(), precompute_ref_log_probs=True)
    with pytest.raises(TypeError, match="loss: expected a loss such as"):
        made.train(kind, loss="dpo")
