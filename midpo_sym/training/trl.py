"""Any of the losses in TRL: a `DPOTrainer` that takes its loss as an argument.

    >>> from midpo_sym.losses import TDPOLoss
    >>> from midpo_sym.training.trl import PreferenceTrainer
    >>> trainer = PreferenceTrainer(
    ...     model, ref_model, loss=TDPOLoss(beta=0.1), args=args, train_dataset=dataset,
    ...     processing_class=tokenizer,
    ... )  # doctest: +SKIP

The loss comes from hidden states, so that no logits of a whole batch are ever in memory, and from
the forward of the wrapped model, so that DDP sees it. Data, collator, reference, PEFT, evaluation
and checkpoints are TRL's.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

try:
    from trl.trainer import dpo_trainer
except ModuleNotFoundError as absent:
    from midpo_sym.training.common.extras import missing

    raise missing("midpo_sym.training.trl", "TRL", "trl>=1.16,<1.17", "train") from absent

import torch
from torch import Tensor, nn

from midpo_sym.tensor import PreferenceLoss, read_head
from midpo_sym.tensor.entries.outcome import Empty
from midpo_sym.training.common.learning import BeforeStep, LearnsInLoss, learned
from midpo_sym.training.common.metrics import TokenMetrics, fixed_rewards, token_metrics
from midpo_sym.training.step import last_states

_OWN = {"completion_mask", "ref_chosen_logps", "ref_rejected_logps"}  # what no model takes
# What of a `DPOConfig` says which loss it is, and its value where it says nothing.
_LOSS_SETTINGS: dict[str, tuple[Any, ...]] = {
    "loss_type": (["sigmoid"], "sigmoid", None),
    "loss_weights": (None,),
    "ld_alpha": (None,),
    "use_weighting": (False,),
    "f_divergence_type": ("reverse_kl",),
}
_DEFAULT_BETA = 0.1


class PreferenceTrainer(LearnsInLoss, dpo_trainer.DPOTrainer):  # type: ignore[misc]  # TRL has none
    """TRL's `DPOTrainer` with another loss.

    Beside TRL's metrics it logs `policy_rewards/chosen`, `/rejected`, `/margins` and `/accuracies`:
    the rewards without what no policy moves, such as SimPO's ∓γ/2, as papers and TRL plot them. The
    `rewards` are those of the loss, whose difference is its argument.
    """

    def __init__(
        self,
        model: Any,
        ref_model: Any = None,
        *,
        loss: PreferenceLoss,
        args: Any = None,
        empty: Empty = "raise",
        with_token_metrics: bool = True,
        loss_inputs: Callable[[Mapping[str, Any]], Mapping[str, Tensor]] | None = None,
        loss_learning_rate: float | None = None,
        **others: Any,
    ) -> None:
        """Make a trainer.

        Args:
            model: as `DPOTrainer` takes it.
            ref_model: the same; not needed where the loss needs no reference.
            loss: of `midpo_sym.losses`, or of a module that `midpo generate` wrote. It has its own
                hyper-parameters; of those of `args`, `label_smoothing` alone counts.
            args: a `DPOConfig`.
            empty: what a response without a token does, "raise" or "skip" its pair.
            with_token_metrics: log entropy, token accuracy, mean logits and log-probabilities too,
                as TRL does. They cost one more product with the lm_head, without gradient.
            loss_inputs: from a batch to what else the loss needs, by name: token weights, data.
            loss_learning_rate: of what the loss learns itself, such as the prior of
                `LearnedPriorLoss`; that of `args` if None.
            **others: as `DPOTrainer` takes them.

        Raises:
            TypeError: the loss is none.
            ValueError: `args` name another loss or another β, or precompute sums of the reference
                where the loss needs more.
        """
        if not isinstance(loss, PreferenceLoss):
            raise TypeError(
                f"loss: expected a loss such as midpo_sym.losses.DPOLoss(beta=0.1), got "
                f"{loss!r:.60} of type {type(loss).__name__}"
            )
        _check_arguments(args, loss)
        self.loss, self.empty = loss, empty
        self.with_token_metrics, self.loss_inputs = with_token_metrics, loss_inputs
        self.loss_learning_rate = loss_learning_rate
        self._pairs_in_step: Tensor | None = None
        stands_in = not loss.needs.needs_ref and ref_model is None and not isinstance(model, str)
        if stands_in:
            ref_model = _NoReference(model.config)  # TRL would load one that nobody needs
        super().__init__(model, ref_model, args, **others)
        self.ref_model: Any = self.ref_model if loss.needs.needs_ref else None
        loss.to(self.accelerator.device)
        if learned(loss):
            self._check_learning()
            self.add_callback(BeforeStep(loss))

    def _check_learning(self) -> None:
        """Check that what the loss learns is trained as the model is.

        Raises:
            ValueError: an engine shards the optimiser, and knows the model's parameters only.
        """
        if self.is_deepspeed_enabled or self.is_fsdp_enabled:
            raise ValueError(
                f"loss={type(self.loss).__name__} has parameters of its own, which DeepSpeed and "
                "FSDP do not take beside a model; train it under DDP"
            )

    def get_batch_samples(self, *args: Any, **keywords: Any) -> Any:
        """Return the batches of a step, and note how many pairs count in all of them."""
        samples, number = super().get_batch_samples(*args, **keywords)
        counts = [_kept(each["completion_mask"]).sum() for each in samples]
        if counts:
            total = torch.stack(counts).sum().to(self.accelerator.device)
            self._pairs_in_step = self.accelerator.gather(total.unsqueeze(0)).sum()
        return samples, number

    def _compute_loss(self, model: Any, inputs: dict[str, Any], return_outputs: bool) -> Any:  # noqa: FBT001 - TRL's signature
        """Return the loss of a batch, and log what there is to log."""
        given = {name: each for name, each in inputs.items() if name not in _OWN}
        given["use_cache"] = False
        asked = {"output_router_logits": True} if self.aux_loss_enabled else {}
        mask = inputs["completion_mask"]
        labels = inputs["input_ids"].masked_fill(mask == 0, -100)
        reference = self._reference(given, inputs, labels.shape[1])
        outputs, hidden = last_states(model, {**given, **asked}, labels.shape[1])
        head = read_head(self.accelerator.unwrap_model(self.model))
        mode = "train" if self.model.training else "eval"
        whole = mode == "train" and self._pairs_in_step is not None
        more: Any = {} if self.loss_inputs is None else self.loss_inputs(inputs)
        loss, *rewards = self.loss.from_head(
            hidden,
            head,
            labels,
            **reference,
            **more,
            empty=self.empty,
            reduction="sum" if whole else "mean",
            label_smoothing=self.args.label_smoothing,
        )
        if whole:
            # The mean over the pairs of a step, however its batches and processes split them: both
            # the trainer and the processes average what they get.
            steps = self.current_gradient_accumulation_steps * self.accelerator.num_processes
            assert self._pairs_in_step is not None
            loss = loss * steps / self._pairs_in_step.clamp_min(1)
        log = self._metrics[mode]
        if self.aux_loss_enabled:
            loss = loss + self.router_aux_loss_coef * outputs.aux_loss
            log["aux_loss"].append(self._mean(outputs.aux_loss.detach().reshape(1)))
        self._log_rewards(log, labels, rewards)
        for name, each in getattr(self.loss, "logged", {}).items():
            log[name].append(self._mean(each.reshape(1)))
        self._log_tokens(log, mode, inputs)
        if self.with_token_metrics:
            self._log_token_metrics(log, token_metrics(hidden.detach(), head, labels))
        if not return_outputs:
            return loss
        with torch.no_grad():
            return loss, model(**given)

    def _reference(
        self, given: dict[str, Any], inputs: Mapping[str, Any], tokens: int
    ) -> dict[str, Any]:
        """Return what `from_head` takes of the reference."""
        if not self.loss.needs.needs_ref:
            return {}
        if self.precompute_ref_logps:
            sums = (inputs["ref_chosen_logps"], inputs["ref_rejected_logps"])
            return {"ref_logps": torch.cat([each.float() for each in sums])}
        with (
            torch.no_grad(),
            dpo_trainer.disable_gradient_checkpointing(
                self.model, self.args.gradient_checkpointing_kwargs
            ),
            self._reference_model() as (model, plain),
        ):
            _, hidden = last_states(model, given, tokens)
            return {"ref_hidden": hidden, "ref_head": read_head(plain)}

    @contextlib.contextmanager
    def _reference_model(self) -> Iterator[tuple[Any, Any]]:
        """Yield the model that is the reference, and what it is without its wrappers."""
        if self.ref_model is not None:
            yield self.ref_model, self.accelerator.unwrap_model(self.ref_model)
            return
        plain = self.accelerator.unwrap_model(self.model)
        if not dpo_trainer.is_peft_model(plain):
            raise ValueError(
                f"ref_model: missing, {type(self.loss).__name__} needs the reference; pass "
                "ref_model=, a model with adapters of PEFT, or precompute_ref_log_probs=True"
            )
        # TRL keeps a copy of an adapter that was trained before; a new one is switched off.
        name = "ref" if "ref" in plain.peft_config else None
        with dpo_trainer.use_adapter(plain, adapter_name=name):
            yield self.model, plain

    def _mean(self, values: Tensor) -> float:
        return float(self.accelerator.gather_for_metrics(values.float()).mean())

    def _ratio(self, part: Tensor, whole: Tensor) -> float:
        sums = self.accelerator.gather_for_metrics(torch.stack([part, whole]).float().unsqueeze(0))
        first, second = sums.sum(0).tolist()
        return first / second if second else 0.0

    def _log_rewards(self, log: Any, labels: Tensor, rewards: list[Tensor]) -> None:
        """Log the rewards of the loss, and what the policy moves of them."""
        named = {"rewards": tuple(rewards)}
        fixed = fixed_rewards(self.loss, labels)
        if fixed is not None:
            parts = zip(rewards, fixed, strict=True)
            first, second = (each - part.to(each.dtype) for each, part in parts)
            named["policy_rewards"] = (first, second)
        for name, (chosen, rejected) in named.items():
            log[f"{name}/chosen"].append(self._mean(chosen))
            log[f"{name}/rejected"].append(self._mean(rejected))
            log[f"{name}/accuracies"].append(self._mean((chosen > rejected).float()))
            log[f"{name}/margins"].append(self._mean(chosen - rejected))

    def _log_tokens(self, log: Any, mode: str, inputs: Mapping[str, Any]) -> None:
        """Log how many tokens were seen, as TRL counts them."""
        if mode == "train":
            number = self.accelerator.gather_for_metrics(inputs["attention_mask"].sum()).sum()
            self._total_train_tokens += int(number) // self._tp_size
        log["num_tokens"] = [self._total_train_tokens]

    def _log_token_metrics(self, log: Any, found: TokenMetrics) -> None:
        """Log what TRL logs of the tokens."""
        log["entropy"].append(self._ratio(found.entropy.sum(), found.live.sum()))
        halves = [each.chunk(2) for each in found]
        logps, _, logits, top, live = halves
        for k, side in enumerate(("chosen", "rejected")):
            log[f"logits/{side}"].append(self._ratio(logits[k].sum(), live[k].sum()))
            log[f"logps/{side}"].append(self._mean(logps[k].sum(-1)))
        log["mean_token_accuracy"].append(self._ratio(top[0].sum(), live[0].sum()))


class _NoReference(nn.Module):
    """Stands where a trainer wants a reference and the loss needs none."""

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.config = config

    def forward(self) -> None:
        """Do nothing: nobody asks."""


def _check_arguments(args: Any, loss: PreferenceLoss) -> None:
    """Check that the configuration of a trainer says nothing against the loss.

    Raises:
        ValueError: it does.
    """
    if args is None:
        return
    for name, allowed in _LOSS_SETTINGS.items():
        value = getattr(args, name, allowed[0])
        if value not in allowed:
            raise ValueError(
                f"args.{name} is {value!r}, which says another loss than loss={loss}; leave it "
                f"at {allowed[0]!r}"
            )
    beta = getattr(loss, "beta", None)
    if args.beta not in {_DEFAULT_BETA, beta}:
        raise ValueError(
            f"args.beta is {args.beta}, but loss={loss} has its own; leave args.beta out"
        )
    needs = loss.needs
    more = needs.kl or needs.statistics or learned(loss)
    if args.precompute_ref_log_probs and needs.needs_ref and more:
        raise ValueError(
            f"args.precompute_ref_log_probs: keeps sums of log-probabilities, but loss={loss} "
            "needs the reference itself; set it to False"
        )


def _kept(completion_mask: Tensor) -> Tensor:
    """Return which pairs have a token to learn from in both responses; bool (B,)."""
    chosen, rejected = completion_mask[:, 1:].bool().any(-1).chunk(2)
    return chosen & rejected
