"""What libraries mean by a hyper-parameter, translated; and configurations that say another loss.

Each row of the table says how a library's parameters give those of the paper, which are those of
`midpo_sym.losses`, and back. The rows were read in the code of the versions that they name; some
are claims of the atlas (`midpo prove --atlas cpo_simpo`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

Values = dict[str, float]


@dataclasses.dataclass(frozen=True)
class Convention:
    """How one library writes one loss.

    Attributes:
        names: its parameters.
        to_paper: from its parameters to the paper's.
        from_paper: back; what the library has beside them, such as a switch, included.
        fixed: numbers that make it this loss, whatever their default is there.
        per_token: whether its log-probabilities are means over the tokens where the paper's, and
            ours, are sums.
    """

    names: tuple[str, ...]
    to_paper: Callable[[Values], Values]
    from_paper: Callable[[Values], Values]
    fixed: Mapping[str, object] = dataclasses.field(default_factory=dict)
    per_token: bool = False


def _renamed(**names: str) -> Convention:
    """Return the convention that differs from the paper by names only: paper's = its."""
    return Convention(
        tuple(names.values()),
        lambda given: {ours: given[its] for ours, its in names.items()},
        lambda given: {its: given[ours] for ours, its in names.items()},
    )


def _simpo_by_ratio(beta: str) -> Convention:
    return Convention(
        (beta, "gamma_beta_ratio"),
        lambda given: {"beta": given[beta], "gamma": given["gamma_beta_ratio"] * given[beta]},
        lambda given: {beta: given["beta"], "gamma_beta_ratio": given["gamma"] / given["beta"]},
        per_token=True,
    )


def _with(convention: Convention, *, per_token: bool = False, **fixed: object) -> Convention:
    return dataclasses.replace(convention, fixed=fixed, per_token=per_token)


# By loss and library: "paper" is ours. The defaults of the libraries are no part of it.
CONVENTIONS: dict[tuple[str, str], Convention] = {
    ("simpo", "paper"): _renamed(beta="beta", gamma="gamma"),
    ("simpo", "simpo-repo"): _simpo_by_ratio("beta"),
    ("simpo", "trl"): _with(
        _renamed(beta="beta", gamma="simpo_gamma"),
        per_token=True,
        loss_type="simpo",
        cpo_alpha=0.0,
    ),
    ("simpo", "llama-factory"): _with(
        _renamed(beta="pref_beta", gamma="simpo_gamma"),
        per_token=True,
        pref_loss="simpo",
        pref_ftx=0.0,
    ),
    ("simpo", "liger"): _with(
        _renamed(beta="beta", gamma="gamma"), per_token=True, compute_nll_loss=False
    ),
    ("dpo", "paper"): _renamed(beta="beta"),
    ("dpo", "trl"): _with(_renamed(beta="beta"), loss_type="sigmoid"),
    ("dpo", "llama-factory"): _with(_renamed(beta="pref_beta"), pref_loss="sigmoid", pref_ftx=0.0),
    ("dpo", "liger"): _with(_renamed(beta="beta"), compute_nll_loss=False),
}


def convert(
    loss: str, parameters: Mapping[str, float], *, source: str = "paper", to: str = "paper"
) -> dict[str, object]:
    """Return hyper-parameters of a loss as another library writes them.

        >>> convert("simpo", {"beta": 2, "gamma_beta_ratio": 0.25}, source="simpo-repo", to="trl")
        {'beta': 2, 'simpo_gamma': 0.5, 'loss_type': 'simpo', 'cpo_alpha': 0.0}

    Args:
        loss: "simpo" or "dpo".
        parameters: by the names of the source.
        source: whose they are: "paper", "simpo-repo", "trl", "llama-factory", "liger".
        to: whose they become.

    Raises:
        ValueError: a loss, a library or a parameter is unknown, missing, or says another loss.
    """
    first, second = _convention(loss, source), _convention(loss, to)
    given = dict(parameters)
    for name, value in first.fixed.items():
        if given.pop(name, value) != value:
            raise ValueError(
                f"{name}: {parameters[name]!r} is another loss than {loss} in {source}; expected "
                f"{value!r}"
            )
    if set(given) != set(first.names):
        raise ValueError(
            f"parameters: expected {', '.join(first.names)} of {loss} in {source}, got "
            f"{', '.join(given) or 'none'}"
        )
    return {**second.from_paper(first.to_paper(given)), **second.fixed}


def check_configuration(loss: str, configuration: object, *, library: str = "trl") -> None:
    """Check that a trainer's configuration says a loss, and nothing beside it.

        >>> from types import SimpleNamespace
        >>> check_configuration("simpo", SimpleNamespace(loss_type="simpo", cpo_alpha=1.0))
        Traceback (most recent call last):
            ...
        ValueError: cpo_alpha: is 1.0, which adds a likelihood term; simpo in trl has 0.0

    Args:
        loss: "simpo" or "dpo".
        configuration: a `CPOConfig`, `DPOConfig`, or whatever has these attributes.
        library: whose it is.

    Raises:
        ValueError: it says another loss, or more; or the loss or library is unknown.
    """
    for name, wanted in _convention(loss, library).fixed.items():
        if not hasattr(configuration, name):
            raise ValueError(
                f"{name}: missing in {type(configuration).__name__}, expected {wanted!r}: is this "
                f"the configuration of {loss} in {library}?"
            )
        found = getattr(configuration, name)
        if found not in (wanted, [wanted]):
            adds = name in {"cpo_alpha", "pref_ftx", "compute_nll_loss"}
            what = "adds a likelihood term" if adds else "says another loss"
            raise ValueError(
                f"{name}: is {found!r}, which {what}; {loss} in {library} has {wanted!r}"
            )


def _convention(loss: str, library: str) -> Convention:
    if (loss, library) in CONVENTIONS:
        return CONVENTIONS[loss, library]
    losses = list(dict.fromkeys(name for name, _ in CONVENTIONS))
    if loss not in losses:
        raise ValueError(f"loss: expected one of {', '.join(losses)}, got {loss!r}")
    known = ", ".join(each for name, each in CONVENTIONS if name == loss)
    raise ValueError(f"library: expected one of {known} for {loss}, got {library!r}")
