"""The trainer of TRL with our losses: DPO through it is TRL's own run."""

import copy
import importlib.util
import warnings
from types import SimpleNamespace

import pytest
import torch
from oracles.needs import missing

from midpo_sym import losses

MISSING = [
    name
    for name in ("trl", "transformers", "peft", "datasets", "accelerate")
    if importlib.util.find_spec(name) is None
]
PAIRS = 8
SETTINGS = (
    "gradient_accumulation_steps", "precompute_ref_log_probs", "beta",
    "per_device_train_batch_size",
)  # fmt: skip
STEPS = 20


@pytest.fixture(scope="module")
def peers():
    """The libraries, imported here: that takes seconds, and warns of their own state."""
    if MISSING:
        missing(f"{' and '.join(MISSING)} (pip install '.[train]')")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import datasets  # noqa: PLC0415 - see above
        import peft  # noqa: PLC0415 - see above
        import tokenizers  # noqa: PLC0415 - see above
        import transformers  # noqa: PLC0415 - see above
        import trl  # noqa: PLC0415 - see above

        from midpo_sym.training import trl as ours  # noqa: PLC0415 - see above
    return SimpleNamespace(
        datasets=datasets,
        peft=peft,
        tokenizers=tokenizers,
        transformers=transformers,
        trl=trl,
        ours=ours,
    )


@pytest.fixture
def made(peers, tmp_path, monkeypatch):
    """A tiny model, its reference, sixteen pairs of token ids, and a way to train."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    warnings.simplefilter("ignore")
    words = {f"w{k}": k for k in range(60)} | {"<pad>": 60, "<eos>": 61, "<unk>": 62}
    plain = peers.tokenizers.Tokenizer(peers.tokenizers.models.WordLevel(words, unk_token="<unk>"))
    plain.pre_tokenizer = peers.tokenizers.pre_tokenizers.Whitespace()
    tokenizer = peers.transformers.PreTrainedTokenizerFast(
        tokenizer_object=plain, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>"
    )
    torch.manual_seed(3)
    config = peers.transformers.LlamaConfig(
        vocab_size=64, hidden_size=16, intermediate_size=24, num_hidden_layers=1,
        num_attention_heads=2, num_key_value_heads=2, pad_token_id=60, eos_token_id=61,
    )  # fmt: skip
    model = peers.transformers.LlamaForCausalLM(config)
    reference = copy.deepcopy(model)
    with torch.no_grad():
        for each in reference.parameters():
            each.add_(0.05 * torch.randn_like(each))

    def words_of(low, high):
        count = int(torch.randint(low, high, ()))
        return " ".join(f"w{k}" for k in torch.randint(60, (count,)).tolist())

    rows = [
        {"prompt": words_of(2, 5), "chosen": " " + words_of(1, 6), "rejected": " " + words_of(1, 6)}
        for _ in range(PAIRS)
    ]
    dataset = peers.datasets.Dataset.from_list(rows)

    def train(kind, *, steps=STEPS, data=dataset, with_reference=True, policy=model, **keywords):
        settings = {name: keywords.pop(name) for name in SETTINGS if name in keywords}
        settings = {"per_device_train_batch_size": 2, "beta": 0.1, **settings}
        args = peers.trl.DPOConfig(
            str(tmp_path), max_steps=steps, logging_steps=1, learning_rate=1e-2, report_to="none",
            use_cpu=True, save_strategy="no", disable_tqdm=True, bf16=False,
            gradient_checkpointing=False, seed=5, max_length=None, **settings,
        )  # fmt: skip
        policy = copy.deepcopy(policy)
        extra = {"ref_model": copy.deepcopy(reference)} if with_reference else {}
        trainer = kind(
            policy, args=args, train_dataset=data, processing_class=tokenizer, **extra, **keywords
        )
        trainer.train()
        return trainer, [each for each in trainer.state.log_history if "loss" in each]

    return SimpleNamespace(
        train=train, dataset=dataset, model=model, reference=reference, peers=peers
    )


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
