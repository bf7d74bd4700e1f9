"""Train a tiny model in TRL with TDPO, from nothing and without a model hub: in seconds.

pip install '.[train]' && python examples/train_in_trl.py
"""

from __future__ import annotations

import copy
import tempfile

import torch
from datasets import Dataset
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from trl import DPOConfig

from midpo_sym.losses import TDPOLoss
from midpo_sym.training.trl import PreferenceTrainer

WORDS = ["<pad>", "<eos>", "<unk>", "is", "it", "good", "bad", "yes", "no", "?"]


def main(steps: int = 6) -> list[float]:
    """Train, print what the trainer logs of the rewards, and return the losses."""
    plain = Tokenizer(models.WordLevel({word: k for k, word in enumerate(WORDS)}, "<unk>"))
    plain.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    special = dict(zip(("pad_token", "eos_token", "unk_token"), WORDS, strict=False))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=plain, **special)
    rows = [
        {"prompt": "is it good ?", "chosen": " yes", "rejected": " no"},
        {"prompt": "is it bad ?", "chosen": " no it is good", "rejected": " yes"},
    ]
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(WORDS), hidden_size=16, intermediate_size=24, num_hidden_layers=1,
        num_attention_heads=2, num_key_value_heads=2, pad_token_id=0, eos_token_id=1,
    )  # fmt: skip
    model = LlamaForCausalLM(config)
    with tempfile.TemporaryDirectory() as folder:
        args = DPOConfig(
            folder, max_steps=steps, logging_steps=1, learning_rate=1e-2, use_cpu=True, bf16=False,
            per_device_train_batch_size=2, report_to="none", save_strategy="no", disable_tqdm=True,
            gradient_checkpointing=False,
        )  # fmt: skip
        trainer = PreferenceTrainer(
            model,
            copy.deepcopy(model),
            loss=TDPOLoss(beta=0.1),
            args=args,
            train_dataset=Dataset.from_list(rows),
            processing_class=tokenizer,
        )
        trainer.train()
    logged = [each for each in trainer.state.log_history if "loss" in each]
    for each in logged:
        print(f"loss {each['loss']:.4f}  margin {each['rewards/margins']:+.4f}")
    return [each["loss"] for each in logged]


if __name__ == "__main__":
    main()
