"""What Python users call; the command line calls the same."""

from __future__ import annotations

import os
from pathlib import Path

from midpo_sym.chains.audit import EntryResult, check_entry, find_entries
from midpo_sym.chains.chain import ChainResult, check_chain
from midpo_sym.prover.denominators import placed
from midpo_sym.prover.priors.solve import Solution, solve_prior
from midpo_sym.prover.prove import Result, prove_derivation, prove_statement
from midpo_sym.prover.special_cases import specialisations
from midpo_sym.spec import library
from midpo_sym.spec.model import Derivation
from midpo_sym.spec.reading.losses import load
from midpo_sym.targets.torch.files import render

Spec = str | os.PathLike[str] | Derivation


def ids() -> tuple[str, ...]:
    """Return the ids of the specifications that come with the package."""
    return library.ids()


def derivation(spec: Spec) -> Derivation:
    """Return a specification.

    Args:
        spec: the id of one that comes with the package, the path of a TOML file, or one itself.

    Raises:
        SpecError: there is none, or it breaks a rule of the language.
    """
    if isinstance(spec, Derivation):
        return spec
    return library.find(spec) if isinstance(spec, str) else load(Path(spec))


def prove(spec: Spec) -> Result:
    """Prove or refute what the [prior] and [loss] of a specification say.

    Args:
        spec: an id, the path of a TOML file, or a `Derivation`.

    Returns:
        The result: `verdict`, `gradient`, `steps`, `residual`, `witness`, `properties`, ...

    Raises:
        SpecError: the specification breaks a rule of the language, or its statement divides by
            something that is always zero.
        DisagreementError: two judges contradict each other; a bug, please report it.
    """
    found = derivation(spec)
    main = next((claim for claim in found.claims if claim.is_main), None)
    with placed(found):
        return prove_statement(found.statement, found, main)


def check(spec: Spec) -> tuple[Result, ...]:
    """Check every claim of a specification, and its own statement if no claim is just that.

    Raises:
        SpecError: the specification breaks a rule of the language, or a statement divides by
            something that is always zero.
        DisagreementError: two judges contradict each other; a bug, please report it.
    """
    found = derivation(spec)
    with placed(found):
        return prove_derivation(found)


def prior(spec: Spec) -> Solution:
    """Return the prior that gives a specification's loss, solved from the loss alone.

    Raises:
        SpecError: the specification breaks a rule of the language.
    """
    found = derivation(spec)
    with placed(found):
        return solve_prior(found.statement)


def generate(spec: Spec) -> str:
    """Return the Python file of a specification's torch loss, if what it says is proved.

    The file needs torch and `midpo_sym.tensor`, and nothing else. It is run on random numbers
    first, in torch or else in plain Python, and compared with the specification.

    Raises:
        NotGeneratedError: there is no file; a `NotProvedError` if the statement of [prior] and
            [loss] is refuted or undecided, a `NotExpressibleError` if there is no code for it, a
            `WrongCodeError` if the code computes something else than the specification says.
        SpecError: the specification breaks a rule of the language, divides by something that is
            always zero, or uses a name in Python that the loss needs for something else.
        DisagreementError: two judges contradict each other; a bug, please report it.
    """
    result = prove(spec)
    return render(result, specialisations(result.derivation, library.everything()))


def theory(target: str | os.PathLike[str]) -> tuple[ChainResult, ...]:
    """Check derivations of the framework, every step by the kernel.

    Args:
        target: the id of a file that comes with the package, such as `lemma_1`, one of its chains,
            such as `lemma_1/split`, or the path of a TOML file.

    Returns:
        A result for each chain: `status`, `steps`, `theorem`, `assumptions`, `failure`, ...

    Raises:
        SpecError: there is none, or it breaks a rule of the language.
        DisagreementError: the kernel proves a step and random problems contradict it; a bug,
            please report it.
    """
    return tuple(check_chain(*each) for each in library.find_chains(os.fspath(target)))


def audit(*ids: str) -> tuple[EntryResult, ...]:
    """Compute the verdicts on what the paper prints.

    Args:
        *ids: of entries, such as `eq-5`; all of them if none is named.

    Returns:
        A result for each entry: `judgement`, `residual`, `repair`, ...

    Raises:
        SpecError: there is no entry of that id.
        DisagreementError: two judges contradict each other; a bug, please report it.
    """
    return tuple(check_entry(*each) for each in find_entries(ids))
