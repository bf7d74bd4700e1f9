"""LoRA on every layer of a model that caps its logits, the lm_head included: seconds, from nothing.

pip install '.[train]' && python examples/lora_with_softcap.py

`from_head` reads the cap and the adapter of the model itself; passing `model.lm_head.weight` would
lose both without a sign. The reference is the same model with its adapters switched off.
"""

from __future__ import annotations

import torch
from peft import LoraConfig, get_peft_model
from transformers import Gemma2Config, Gemma2ForCausalLM

from midpo_sym.losses import TDPOLoss
from midpo_sym.training.step import pair_loss

PAIRS, PROMPT, TOKENS, VOCABULARY, CAP = 4, 2, 7, 30, 5.0


def main(steps: int = 8) -> list[float]:
    """Train, print the losses, and return them."""
    torch.manual_seed(0)
    config = Gemma2Config(
        vocab_size=VOCABULARY, hidden_size=16, intermediate_size=24, num_hidden_layers=1,
        num_attention_heads=2, num_key_value_heads=2, head_dim=8, final_logit_softcapping=CAP,
        tie_word_embeddings=False,
    )  # fmt: skip
    targets = ["q_proj", "v_proj", "lm_head"]
    model = get_peft_model(
        Gemma2ForCausalLM(config), LoraConfig(r=2, target_modules=targets, task_type="CAUSAL_LM")
    )
    ids = torch.randint(VOCABULARY, (2 * PAIRS, TOKENS))
    ids[PAIRS:, :PROMPT] = ids[:PAIRS, :PROMPT]  # a pair has one prompt
    labels = ids.clone()
    labels[:, :PROMPT] = -100
    batch = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": labels}
    learned = [each for each in model.parameters() if each.requires_grad]
    optimizer = torch.optim.AdamW(learned, lr=2e-2)
    found = []
    for _ in range(steps):
        loss, chosen, rejected = pair_loss(TDPOLoss(beta=0.5), model, batch)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        found.append(loss.item())
        print(f"loss {found[-1]:.4f}  margin {(chosen - rejected).mean():+.4f}")
    head = model.get_output_embeddings()
    moved = head.lora_B["default"].weight.detach().abs().max()
    print(f"logits are capped at {config.final_logit_softcapping:g}; lm_head adapter {moved:.3f}")
    return found


if __name__ == "__main__":
    main()
