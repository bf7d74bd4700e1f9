"""The links as torch: a row for each row of `vocabulary.LINKS`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TorchLink:
    """A link in generated code.

    Attributes:
        code: the losses, as an expression of the tensor `argument`.
        formula: the loss, in Unicode mathematics.
        name: what people call it, after "the".
        uses_torch: whether its code calls functions of the module `torch`.
    """

    code: str
    formula: str
    name: str
    uses_torch: bool = False


TORCH_LINKS = {
    "logsigmoid": TorchLink("-logsigmoid(argument)", "−log σ(argument)", "log-sigmoid"),
    "identity": TorchLink("-argument", "−argument", "identity link"),
    "hinge": TorchLink(
        "torch.clamp(1 - argument, min=0)", "max(0, 1 − argument)", "hinge loss", uses_torch=True
    ),
    "square": TorchLink("(1 - argument) ** 2", "(1 − argument)²", "square loss"),
    "sigmoid": TorchLink(
        "torch.sigmoid(-argument)", "1 − σ(argument)", "sigmoid loss", uses_torch=True
    ),
}
