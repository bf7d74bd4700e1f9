"""What Python users call; the stages behind it are in `pipeline`.

What one call has computed, the next one finds in the `Session` that both are given. By default
every call has its own, and so have the properties of what it returns.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from midpo_sym.pipeline import Pipeline, Spec
from midpo_sym.prover.equivalence.answers import Comparison
from midpo_sym.prover.prove import Result
from midpo_sym.session import Session
from midpo_sym.spec import library

if TYPE_CHECKING:
    from midpo_sym.atlas.like import Likeness
    from midpo_sym.chains.audit import EntryResult
    from midpo_sym.chains.chain import ChainResult
    from midpo_sym.code.verdicts import Verification
    from midpo_sym.prover.gradients.report import GradientResult
    from midpo_sym.prover.priors.solve import Solution
    from midpo_sym.spec.model import Derivation


def ids(of: str = library.EVERYTHING) -> tuple[str, ...]:
    """Return the ids of the specifications that come with the package.

    Args:
        of: `everything`, `paper` (the algorithms of the MI-DPO paper) or `atlas`.

    Raises:
        ValueError: there is no such set.
    """
    return library.ids(of)


def derivation(spec: Spec, *, session: Session | None = None) -> Derivation:
    """Return a specification.

    Args:
        spec: the id of one that comes with the package, the path of a TOML file, or one itself.
        session: what remembers.

    Raises:
        SpecError: there is none, or it breaks a rule of the language.
    """
    return Pipeline(session).read(spec)


def prove(spec: Spec, *, session: Session | None = None) -> Result:
    """Prove or refute what the [prior] and [loss] of a specification say.

    Args:
        spec: an id, the path of a TOML file, or a `Derivation`.
        session: what remembers.

    Returns:
        The result: `verdict`, `gradient`, `steps`, `residual`, `witness`, `properties`, ...

    Raises:
        SpecError: the specification breaks a rule of the language, or its statement divides by
            something that is always zero.
        DisagreementError: two judges contradict each other; a bug, please report it.
    """
    pipeline = Pipeline(session)
    found = pipeline.read(spec)
    return pipeline.judge(found, next((claim for claim in found.claims if claim.is_main), None))


def check(spec: Spec, *, session: Session | None = None) -> tuple[Result, ...]:
    """Check every claim of a specification, and its own statement if no claim is just that.

    Raises:
        SpecError: the specification breaks a rule of the language, or a statement divides by
            something that is always zero.
        DisagreementError: two judges contradict each other; a bug, please report it.
    """
    pipeline = Pipeline(session)
    return pipeline.judge_claims(pipeline.read(spec))


def prior(spec: Spec, *, session: Session | None = None) -> Solution:
    """Return the prior that gives a specification's loss, solved from the loss alone.

    Of a loss of several terms it is one with which MI-DPO has minus the whole as its argument;
    `Result.prior` is that of a term, if terms are read one by one.

    Raises:
        SpecError: the specification breaks a rule of the language.
    """
    pipeline = Pipeline(session)
    return pipeline.solve(pipeline.read(spec))


def diff(one: Spec, other: Spec, *, session: Session | None = None) -> Comparison:
    """Compare two losses: their values, their gradients, and the rewards that are logged.

    Parameters of the two have nothing to do with each other, whatever they are called: those of
    `one` are `A.name`, those of `other` `B.name`.

    Args:
        one: an id, `id/claim`, the path of a TOML file, or a `Derivation`.
        other: likewise.
        session: what remembers.

    Returns:
        The comparison: `verdict`, `relations` that are proved, the answers `value`, `gradient` and
        `reward` with theorems or counterexamples, `residual`, ...

    Raises:
        SpecError: there is no such specification or claim, it breaks a rule of the language, or it
            is about every link and so has no loss.
    """
    return Pipeline(session).compare(one, other)


def like(spec: Spec, *, session: Session | None = None) -> Likeness:
    """Say which published losses a loss is, specialises, or is nearest to.

    Args:
        spec: an id, the path of a TOML file, or a `Derivation`.
        session: what remembers.

    Returns:
        The likeness: `same`, `special_case_of`, `generalises`, `related` pairs with what is proved
        of them now, `nearest` by the axes that differ, ...

    Raises:
        SpecError: there is no such specification, it breaks a rule of the language, or it is about
            every link and so has no loss.
    """
    return Pipeline(session).like(spec)


def gradient(spec: Spec, *, session: Session | None = None) -> GradientResult:
    """Derive the gradient of a specification's loss, and prove it.

    Args:
        spec: an id, the path of a TOML file, or a `Derivation`.
        session: what remembers.

    Returns:
        The gradient: `gradient.coefficients` with their signs, `motions`, `to_sympy()`, ...

    Raises:
        SpecError: the specification breaks a rule of the language, or its loss divides by
            something that is always zero.
        DisagreementError: the kernel proves it, and finite differences contradict it; a bug,
            please report it.
    """
    pipeline = Pipeline(session)
    return pipeline.differentiate(pipeline.read(spec))


def to_json(
    found: Result | Comparison | GradientResult,
    *,
    steps: bool = False,
    session: Session | None = None,
) -> dict[str, Any]:
    """Return what came out as data: what the command prints with --json.

    Args:
        found: what `prove`, `diff` or `gradient` returned.
        steps: whether to write the derivations out.
        session: what remembers.

    Returns:
        Dictionaries, lists and texts, in the shape of the schemas in `midpo_sym/targets/json`.
    """
    pipeline = Pipeline(session)
    if isinstance(found, Comparison):
        return pipeline.comparison_to_json(found, steps=steps)
    if isinstance(found, Result):
        return pipeline.to_json([found], steps=steps)
    return pipeline.gradients_to_json([found], steps=steps)


def generate(spec: Spec, *, session: Session | None = None) -> str:
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
    pipeline = Pipeline(session)
    return pipeline.to_torch(prove(spec, session=pipeline.session))


def theory(
    target: str | os.PathLike[str], *, session: Session | None = None
) -> tuple[ChainResult, ...]:
    """Check derivations of the framework, every step by the kernel.

    Args:
        target: the id of a file that comes with the package, such as `lemma_1`, one of its chains,
            such as `lemma_1/split`, or the path of a TOML file.
        session: what remembers.

    Returns:
        A result for each chain: `status`, `steps`, `theorem`, `assumptions`, `failure`, ...

    Raises:
        SpecError: there is none, or it breaks a rule of the language.
        DisagreementError: the kernel proves a step and random problems contradict it; a bug,
            please report it.
    """
    return Pipeline(session).derive(os.fspath(target))


def audit(*ids: str, session: Session | None = None) -> tuple[EntryResult, ...]:
    """Compute the verdicts on what the paper prints.

    Args:
        *ids: of entries, such as `eq-5`; all of them if none is named.
        session: what remembers.

    Returns:
        A result for each entry: `judgement`, `residual`, `repair`, ...

    Raises:
        SpecError: there is no entry of that id.
        DisagreementError: two judges contradict each other; a bug, please report it.
    """
    return Pipeline(session).audit(ids)


def verify(
    function: Any,
    spec: Spec,
    *,
    bind: Mapping[str, str] | None = None,
    at: Mapping[str, Any] | None = None,
    session: Session | None = None,
) -> Verification:
    """Prove that a torch function is the loss of a specification, or show where it is not.

    The function is run, on small tensors in double precision, and the operations of torch are read,
    forward and backward. What is proved holds over the real numbers, on all branches.

    Args:
        function: a function, or an instance of a class with `forward`, such as a torch module.
        spec: an id, the path of a TOML file, or a `Derivation`.
        bind: what arguments are, in words of the language, such as
            `{"chosen_logps": "log(pi(w))/length(w)"}`; the others are known by their names.
        at: values to set arguments to, such as `{"beta": 0.1, "loss_type": "sigmoid"}`.
        session: what remembers.

    Returns:
        The verification: `proved`, `value`, `gradient`, `outputs`, `suggestions`, ...

    Raises:
        NotVerifiableError: the function does not run, or what an argument is is not known.
        SpecError: the specification breaks a rule of the language.
    """
    pipeline = Pipeline(session)
    return pipeline.verify(function, pipeline.read(spec), bind=bind, at=at)
