"""A tiny model, pairs, and a way to train it in TRL; imports take seconds, and wait for a test."""

import copy
import dataclasses
import importlib.util
import warnings
from types import SimpleNamespace

import pytest
import torch
from oracles.needs import missing

MISSING = [
    name
    for name in ("trl", "transformers", "peft", "datasets", "accelerate")
    if importlib.util.find_spec(name) is None
]
PAIRS = 8
STEPS = 20


@pytest.fixture(scope="session")
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

    def train(
        kind,
        *,
        steps=STEPS,
        data=dataset,
        with_reference=True,
        policy=model,
        resumed=None,
        **keywords,
    ):
        settings = {
            "per_device_train_batch_size": 2, "beta": 0.1, "max_steps": steps, "logging_steps": 1,
            "learning_rate": 1e-2, "report_to": "none", "use_cpu": True, "save_strategy": "no",
            "disable_tqdm": True, "bf16": False, "gradient_checkpointing": False, "seed": 5,
            "max_length": None,
        }  # fmt: skip
        known = {each.name for each in dataclasses.fields(peers.trl.DPOConfig)}
        settings |= {name: keywords.pop(name) for name in tuple(keywords) if name in known}
        args = peers.trl.DPOConfig(str(tmp_path), **settings)
        policy = copy.deepcopy(policy)
        extra = {"ref_model": copy.deepcopy(reference)} if with_reference else {}
        trainer = kind(
            policy, args=args, train_dataset=data, processing_class=tokenizer, **extra, **keywords
        )
        trainer.train(resume_from_checkpoint=resumed)
        return trainer, [each for each in trainer.state.log_history if "loss" in each]

    return SimpleNamespace(
        train=train, dataset=dataset, model=model, reference=reference, peers=peers
    )
