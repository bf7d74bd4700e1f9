"""Names in a generated file: of its function and class, its tensors, and what it needs itself.

Tensors are called what TRL calls them: `chosen_logps`, `ref_chosen_logps`, and so on.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from midpo_sym.language.quantities.statistics import STATISTICS
from midpo_sym.language.vocabulary import MODELS
from midpo_sym.plan.losses import Plan
from midpo_sym.plan.operations import Kind, Statistic, Sum

LABELS = {"w": "chosen", "l": "rejected"}
FILLED = "filled_"  # what stands before the name of a statistic whose padding repeats a token
# What the generated code calls things by; a hyper-parameter of such a name would hide them.
_CODE = frozenset({
    "Needs", "PreferenceLoss", "ResponseStatistics", "Tensor", "abs", "argument", "bias",
    "cauchy_cdf", "log_cauchy_cdf",
    "check_data", "check_nonzero", "check_number", "check_pairs", "check_tokens", "check_weights",
    "chosen", "fill_padding", "float", "forward", "from_head", "from_hidden", "from_logits",
    "from_statistics", "given", "head", "hidden", "labels", "link", "log_sum_exp",
    "logit_scale", "logits", "logsigmoid", "mask", "math", "max", "min", "needs",
    "overwrite_logits", "reduction", "rejected", "self", "softcap",
    "super", "torch", "tuple", "weigh", "weight", "weights_of",
})  # fmt: skip
# The public attributes of torch.nn.Module, which a hyper-parameter of a module would replace.
MODULE_NAMES = frozenset({
    "T_destination", "add_module", "apply", "bfloat16", "buffers", "call_super_init", "children",
    "compile", "cpu", "cuda", "double", "dump_patches", "eval", "extra_repr", "float", "forward",
    "get_buffer", "get_extra_state", "get_parameter", "get_submodule", "half", "ipu",
    "load_state_dict", "modules", "mtia", "named_buffers", "named_children", "named_modules",
    "named_parameters", "parameters", "register_backward_hook", "register_buffer",
    "register_forward_hook", "register_forward_pre_hook", "register_full_backward_hook",
    "register_full_backward_pre_hook", "register_load_state_dict_post_hook",
    "register_load_state_dict_pre_hook", "register_module", "register_parameter",
    "register_state_dict_post_hook", "register_state_dict_pre_hook", "requires_grad_",
    "set_extra_state", "set_submodule", "share_memory", "state_dict", "to", "to_empty", "train",
    "training", "type", "xpu", "zero_grad",
})  # fmt: skip
# Statistics that have these names already.
_OF_VOCABULARY = frozenset(
    name for row in STATISTICS.values() for name in (row.name, row.operator.name)
)
_STATISTICS = _OF_VOCABULARY | {"lengths", "logps", "logratios", "mask", "positions", "rewards"}
_STARTS = ("_", "chosen_", "rejected_", "ref_", "prev_", FILLED)
_WEIGHT_STARTS = (*_STARTS, "weighted_", *sorted(f"{name}_" for name in STATISTICS))
_WEIGHT_ENDS = ("_lengths",)  # by which the checks know lengths


def is_taken_from_parameters(name: str) -> bool:
    """Return whether a hyper-parameter of this name would hide something in the generated code."""
    return name in _CODE | MODULE_NAMES or name.startswith(_STARTS)


def is_taken_from_weights(name: str) -> bool:
    """Return whether a weight or a datum of this name would be taken for something else."""
    return (
        name in _CODE | _STATISTICS
        or name.startswith(_WEIGHT_STARTS)
        or name.endswith(_WEIGHT_ENDS)
    )


def function_name(id_: str) -> str:
    """Return the name of the function of a specification."""
    return id_ if id_.endswith("_loss") else f"{id_}_loss"


def module_name(title: str, id_: str) -> str:
    """Return the name of the class: of the title, or of the id where that has no such name."""
    text = unicodedata.normalize("NFKC", re.sub(r"\(.*?\)", "", title))
    words = re.findall(r"[A-Za-z0-9]+", text)
    name = "".join(word[0].upper() + word[1:] for word in words)
    if not name or not name.isidentifier() or not text.isascii():
        name = "".join(word.capitalize() for word in id_.split("_"))
    name = name if name.endswith("Loss") else f"{name}Loss"
    return f"My{name}" if name in _CODE else name  # PreferenceLoss is its base class


@dataclass(frozen=True, slots=True)
class Names:
    """The names in the code of one loss.

    Attributes:
        declared: of hyper-parameters, weights and data, by their names in the specification.
        vocabulary: the statistics of next-token distributions that the loss has.
        shared: of the sums over tokens that have one.
    """

    declared: Mapping[str, str]
    vocabulary: tuple[str, ...] = ()
    shared: Mapping[Sum, str] = field(default_factory=dict)

    def statistic(self, each: Statistic) -> str:
        """Return the name of a statistic."""
        if not each.response:  # of the pair or of the batch
            return self.stem(each)
        label = LABELS[each.response]
        if each.kind is Kind.LOG_PROBABILITY and not MODELS[each.of[0]].trained:
            return f"{each.of[0]}_{label}_{self.stem(each)}"
        return f"{label}_{self.stem(each)}"

    def stem(self, each: Statistic) -> str:
        """Return the name of a statistic without its model and its response."""
        match each.kind:
            case Kind.LOG_PROBABILITY:
                return "logps"
            case Kind.LOG_RATIO:
                return "logratios"
            case Kind.VOCABULARY:
                return stem_of(each.of[0], self.vocabulary)
            case Kind.WEIGHT | Kind.DATUM:
                return self.declared[each.of[0]]
            case Kind.LENGTH:
                return "lengths"
            case Kind.POSITION:
                return "positions"

    def filled(self, each: Statistic) -> str:
        """Return the name of a statistic whose padding repeats a token."""
        return FILLED + self.statistic(each)

    def mask(self, response: str) -> str:
        """Return the name of the mask of a response."""
        return f"{LABELS[response]}_mask"


def stem_of(name: str, vocabulary: Collection[str]) -> str:
    """Return what a statistic of next-token distributions is called, among those of a loss.

    It is called like its operator if it is the only one of that: `kl`, or `kl_ref_pi` beside
    `kl_pi_ref`.
    """
    operator = STATISTICS[name].operator
    alike = [each for each in vocabulary if STATISTICS[each].operator == operator]
    return name if len(alike) > 1 else operator.name


def names_of(plan: Plan) -> Names:
    """Return the names in the code of a plan."""
    derivation = plan.result.derivation
    declared = {each.name: each.torch for each in derivation.parameters}
    declared |= {each.name: each.torch for each in derivation.weights}
    declared |= {each.name: each.torch for each in derivation.data}
    names = Names(declared, plan.vocabulary)
    return replace(names, shared=_names_of_sums(plan.shared, names))


def _names_of_sums(sums: tuple[Sum, ...], names: Names) -> dict[Sum, str]:
    """Return a name for each sum: of what is weighed in it, and a number from the second on."""
    found: dict[Sum, str] = {}
    times: dict[str, int] = {}
    for each in sums:
        stems = [
            names.stem(node)
            for node in each.walk()
            if isinstance(node, Statistic)
            and node.response == each.response
            and node.kind not in {Kind.WEIGHT, Kind.DATUM, Kind.LENGTH, Kind.POSITION}
        ]
        what = "_".join(dict.fromkeys(stems)) or "sum"
        name = f"{LABELS[each.response]}_weighted_{what}"
        times[name] = times.get(name, 0) + 1
        found[each] = name if times[name] == 1 else f"{name}{times[name]}"
    return found
