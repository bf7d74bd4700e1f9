"""The lm_head of models of transformers, with and without LoRA: as from the model's own logits."""

import importlib.util
import warnings
from types import SimpleNamespace

import pytest
import torch
from oracles.needs import missing
from oracles.tensor.literal import TDPO

from midpo_sym.tensor import read_head

MISSING = [name for name in ("transformers", "peft") if importlib.util.find_spec(name) is None]
SIZES = {
    "vocab_size": 61, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 1,
    "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8,
    "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2,
}  # fmt: skip
# The class of the configuration, that of the model, and what makes the case one.
MODELS = {
    "Llama": ("LlamaConfig", "LlamaForCausalLM", {}),
    "Qwen": ("Qwen3Config", "Qwen3ForCausalLM", {"tie_word_embeddings": True}),
    "Gemma 2": ("Gemma2Config", "Gemma2ForCausalLM", {"final_logit_softcapping": 0.3}),
    "Gemma 3": ("Gemma3TextConfig", "Gemma3ForCausalLM", {"final_logit_softcapping": 0.2}),
    "Granite": ("GraniteConfig", "GraniteForCausalLM", {"logits_scaling": 8.0}),
    "Cohere": ("CohereConfig", "CohereForCausalLM", {"logit_scale": 0.0625}),
    "Phi, with a bias": ("PhiConfig", "PhiForCausalLM", {}),
    "GPT-2, tied": ("GPT2Config", "GPT2LMHeadModel", {}),
}


@pytest.fixture(scope="module")
def peers():
    """The libraries, imported here: that takes seconds, and warns of their own state."""
    if MISSING:
        missing(f"{' and '.join(MISSING)} (pip install '.[peers]')")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import peft  # noqa: PLC0415 - see above
        import transformers  # noqa: PLC0415 - see above
    return SimpleNamespace(peft=peft, transformers=transformers)


def build(peers, name, **changes):
    config, model, settings = MODELS[name]
    torch.manual_seed(4)
    sizes = SIZES
    if config == "GPT2Config":
        sizes = {"vocab_size": 61, "n_embd": 32, "n_layer": 1, "n_head": 4}
        sizes |= {"bos_token_id": 1, "eos_token_id": 2}
    made = getattr(peers.transformers, config)(**(sizes | settings | changes))
    found = getattr(peers.transformers, model)(made).double().eval()
    bias = getattr(found.get_output_embeddings(), "bias", None)
    if bias is not None:
        torch.nn.init.normal_(bias)
    return found


def adapted(peers, model, **settings):
    """A model with an adapter on its lm_head whose second half is not zero, in training mode."""
    config = peers.peft.LoraConfig(r=3, lora_alpha=5, target_modules=["lm_head"], **settings)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that embeddings are tied
        found = peers.peft.get_peft_model(model, config).double()
    for name, weight in found.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight)
    return found


def run(model, ids):
    found = model(input_ids=ids, output_hidden_states=True)
    return found.hidden_states[-1], found.logits


def batch():
    ids = torch.randint(3, 60, (4, 6), generator=torch.Generator().manual_seed(5))
    labels = ids.clone()
    labels[:, :2] = labels[1, 5:] = -100
    return ids, labels


def compare(model, reference_states, reference_head, reference_logits):
    """Compare loss, rewards and every gradient of a model's parameters with those from logits."""
    ids, labels = batch()
    trained = [each for each in model.parameters() if each.requires_grad]
    assert trained
    torch.manual_seed(6)  # of the dropout
    hidden, logits = run(model, ids)
    wanted, *rewards = TDPO().from_logits(logits, labels, ref_logits=reference_logits)
    expected = torch.autograd.grad(wanted.mean(), trained, retain_graph=True, allow_unused=True)
    torch.manual_seed(6)
    found, *others = TDPO().from_head(
        hidden, model, labels, ref_hidden=reference_states, ref_head=reference_head
    )
    slopes = torch.autograd.grad(found, trained, allow_unused=True)
    for one, other in zip((found, *others), (wanted.mean(), *rewards), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-11, atol=1e-13)
    for one, other in zip(slopes, expected, strict=True):
        assert (one is None) == (other is None)
        if one is not None:
            torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-13)
    return slopes


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_read_as_it_computes(peers, name):
    model, reference = build(peers, name), build(peers, name)
    with torch.no_grad():
        for each in reference.parameters():
            each.mul_(1.5)
        states, logits = run(reference, batch()[0])
    compare(model, states, reference, logits)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("Llama", {}),
        ("Gemma 2", {"use_rslora": True}),
        ("Granite", {"lora_bias": True}),
        ("Phi, with a bias", {}),
    ],
)
def test_adapters_are_read_and_get_their_gradients(peers, name, settings):
    """The reference is the model without its adapter, read while that is disabled."""
    model = adapted(peers, build(peers, name, tie_word_embeddings=False), **settings)
    with torch.no_grad(), model.disable_adapter():
        reference = read_head(model)
        states, logits = run(model, batch()[0])
    slopes = compare(model, states, reference, logits)
    assert all(each.abs().max() > 0 for each in slopes)


@pytest.mark.slow
def test_several_adapters_and_their_dropout(peers):
    model = adapted(peers, build(peers, "Llama"), lora_dropout=0.4)
    other = peers.peft.LoraConfig(r=2, lora_alpha=7, target_modules=["lm_head"])
    model.add_adapter("second", other)
    model.base_model.set_adapter(["default", "second"])
    model = model.double().train()
    for name, weight in model.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(weight)
    linear = model.get_output_embeddings()
    hidden = torch.randn(4, 6, 32, dtype=torch.float64)
    found = []
    for logits in (linear, read_head(model).logits):
        torch.manual_seed(7)
        found.append(logits(hidden))
    torch.testing.assert_close(*found, rtol=1e-12, atol=1e-12)
    model.merge_adapter()
    torch.testing.assert_close(linear(hidden), read_head(model).logits(hidden))


@pytest.mark.slow
def test_what_is_trained_whole_beside_adapters_is_read(peers):
    config = peers.peft.LoraConfig(target_modules=["q_proj"], modules_to_save=["lm_head"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of transformers, about itself
        model = peers.peft.get_peft_model(build(peers, "Llama"), config)
    copy = model.get_output_embeddings().modules_to_save["default"]
    assert read_head(model).weight is copy.weight
    with model.disable_adapter():
        assert read_head(model).weight is model.get_output_embeddings().original_module.weight


@pytest.mark.slow
def test_dora_is_refused(peers):
    model = adapted(peers, build(peers, "Llama"), use_dora=True)
    with pytest.raises(ValueError, match="'default' is a variant of LoRA"):
        read_head(model)
