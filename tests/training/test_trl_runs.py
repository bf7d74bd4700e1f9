"""What a run of the trainer is besides its steps: evaluation, checkpoints, processes."""

import copy
import math

import pytest
import torch
from oracles import processes
from torch.testing import assert_close

from midpo_sym import losses
from midpo_sym.training.priors import LearnedPrior, LearnedPriorLoss, Turns


def parameters(trainer):
    return {name: each.detach().clone() for name, each in trainer.model.named_parameters()}


@pytest.mark.slow
def test_evaluation_is_trls_own(made):
    """Loss and metrics of held-out pairs, a last batch of one pair included."""
    held_out = made.dataset.select(range(3))
    settings = {
        "steps": 2, "eval_dataset": held_out, "eval_strategy": "steps", "eval_steps": 1,
        "per_device_eval_batch_size": 2,
    }  # fmt: skip
    ours, _ = made.train(
        made.peers.ours.PreferenceTrainer, loss=losses.DPOLoss(beta=0.1), **settings
    )
    its, _ = made.train(made.peers.trl.DPOTrainer, **settings)
    logs = [
        [each for each in trainer.state.log_history if "eval_loss" in each]
        for trainer in (ours, its)
    ]
    assert len(logs[0]) == len(logs[1]) == 2
    for mine, wanted in zip(*logs, strict=True):
        for name in wanted.keys() - {"eval_runtime", "eval_steps_per_second"}:
            if "per_second" not in name:
                assert mine[name] == pytest.approx(wanted[name], rel=1e-5, abs=1e-6), name
        assert mine["eval_policy_rewards/margins"] == mine["eval_rewards/margins"]


@pytest.mark.slow
def test_a_run_that_is_resumed_is_one_that_was_not_interrupted(made):
    kind = made.peers.ours.PreferenceTrainer
    settings = {"steps": 4, "save_strategy": "steps", "save_steps": 2}
    whole, log = made.train(kind, loss=losses.TDPOLoss(beta=0.3), **settings)
    first = f"{whole.args.output_dir}/checkpoint-2"
    again, both = made.train(kind, loss=losses.TDPOLoss(beta=0.3), resumed=first, **settings)
    for mine, wanted in zip(both, log, strict=True):
        assert mine["loss"] == pytest.approx(wanted["loss"], abs=1e-7)
    wanted = parameters(whole)
    for name, each in parameters(again).items():
        assert_close(each, wanted[name], rtol=0, atol=0)


@pytest.mark.slow
def test_layers_that_are_computed_again_change_nothing(made):
    """Gradient checkpointing, with the reference by adapters: they stay off in its forward only."""
    adapters = made.peers.peft.LoraConfig(r=2, target_modules=["q_proj"], task_type="CAUSAL_LM")
    runs = [
        made.train(
            made.peers.ours.PreferenceTrainer, steps=3, loss=losses.TDPOLoss(beta=0.3),
            with_reference=False, peft_config=copy.deepcopy(adapters),
            gradient_checkpointing=each,
        )[1]
        for each in (False, True)
    ]  # fmt: skip
    for mine, wanted in zip(*runs, strict=True):
        for name in ("loss", "grad_norm"):
            assert mine[name] == pytest.approx(wanted[name], rel=1e-5, abs=1e-6)


def learned_prior(**keywords):
    torch.manual_seed(1)
    prior = LearnedPrior(16, rank=2, budget=math.inf)  # a budget is of a process's own batch
    return LearnedPriorLoss(prior=prior, beta=0.3, **keywords)


@pytest.mark.slow
def test_a_learned_prior_is_trained_and_resumed(made):
    """In turns of two steps: the policy moves in the first two, the prior in the next."""
    kind, settings = made.peers.ours.PreferenceTrainer, {"save_strategy": "steps", "save_steps": 1}
    settings |= {"steps": 3, "loss_learning_rate": 0.1}
    whole, log = made.train(kind, loss=learned_prior(turns=Turns(2)), **settings)
    assert log[0]["prior/divergence"] == log[2]["prior/divergence"] == 0
    states = [
        torch.load(f"{whole.args.output_dir}/checkpoint-{step}/loss.pt") for step in (1, 2, 3)
    ]
    for name, each in states[0].items():
        assert torch.equal(each, states[1][name])
    assert not torch.equal(states[1]["prior.up.weight"], states[2]["prior.up.weight"])
    resumed = f"{whole.args.output_dir}/checkpoint-2"
    again, _ = made.train(kind, loss=learned_prior(turns=Turns(2)), resumed=resumed, **settings)
    for name, each in again.loss.state_dict().items():
        assert torch.equal(each, states[2][name])
    for name, each in parameters(again).items():
        assert torch.equal(each, parameters(whole)[name])


def one_process(_, made, loss, keywords):
    from accelerate.state import AcceleratorState  # noqa: PLC0415 - is there if TRL is

    AcceleratorState._reset_state(reset_partial_state=True)
    trainer, log = made.train(made.peers.ours.PreferenceTrainer, steps=3, loss=loss, **keywords)
    assert isinstance(trainer.model_wrapped, torch.nn.parallel.DistributedDataParallel)
    learned = {**parameters(trainer), **dict(trainer.loss.named_parameters())}
    return log, {name: each.tolist() for name, each in learned.items()}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("loss", "accumulated"),
    [(losses.TDPOLoss(beta=0.3), 1), (losses.TDPOLoss(beta=0.3), 2), (None, 1)],
    ids=["fixed prior", "in two parts", "learned prior"],
)
def test_two_processes_are_one(loss, accumulated, made):
    """Under DDP, at the same batch of a step: losses, gradients, metrics, the model at the end."""
    loss = learned_prior() if loss is None else loss
    first = copy.deepcopy(loss)
    kind = made.peers.ours.PreferenceTrainer
    alone, log = made.train(kind, steps=3, loss=loss, per_device_train_batch_size=4)
    split = {
        "per_device_train_batch_size": 2 // accumulated,
        "gradient_accumulation_steps": accumulated,
    }
    found = processes.run(2, one_process, made, first, split)
    wanted = {**parameters(alone), **dict(alone.loss.named_parameters())}
    for both, model in found:
        for name, each in model.items():
            assert_close(torch.tensor(each), wanted[name], rtol=0, atol=1e-6)
        for mine, each in zip(both, log, strict=True):
            for name in ("loss", "grad_norm", "rewards/margins", "entropy", "num_tokens"):
                assert mine[name] == pytest.approx(each[name], rel=1e-5, abs=1e-6), name
