"""Compute a row of the index: prove, read the axes off, and note what the loss is made of."""

from __future__ import annotations

from midpo_sym.atlas.axes import axes_of
from midpo_sym.atlas.likeness import profile_of
from midpo_sym.atlas.rows import ClaimRow, Row
from midpo_sym.language.printing.text import to_text
from midpo_sym.language.substitute import unfold
from midpo_sym.prover.denominators import placed
from midpo_sym.prover.prove import Result, prove_derivation, prove_statement
from midpo_sym.session import remembering
from midpo_sym.spec import library
from midpo_sym.spec.model import Derivation


def row_of(derivation: Derivation, digest: str = "") -> Row:
    """Return the row of a specification.

    Args:
        derivation: the specification.
        digest: of what the row is computed from; "" of a file of one's own.

    Raises:
        SpecError: a statement divides by something that is always zero.
        DisagreementError: two judges contradict each other.
    """
    with remembering(), placed(derivation):
        results = prove_derivation(derivation)
        main = next((each for each in results if each.claim is None or each.claim.is_main), None)
        main = main or prove_statement(derivation.statement, derivation)
        return _row(derivation, main, results, digest)


def _row(derivation: Derivation, main: Result, results: tuple[Result, ...], digest: str) -> Row:
    source = derivation.source
    work = library.works().get(source.work) if source else None
    found = main.properties
    paper = derivation.path.parent.name != library.ATLAS
    return Row(
        id=derivation.id,
        of=library.PAPER if paper else library.ATLAS,
        title=derivation.title,
        summary=derivation.summary,
        work=source.work if source else "",
        authors=work.short if work else source.work if source else "",
        year=work.year if work else 0,
        arxiv=work.arxiv if work else "",
        checked=derivation.checked,
        value=main.verdict.status.value,
        gradient=main.gradient.status.value,
        gives=derivation.statement.gives,
        zeta=to_text(unfold(derivation.statement.zeta, keep_functions=True)),
        axes=axes_of(main),
        closed_form=found.closed_form_applies if found else None,
        reference_free=found.reference_free if found else None,
        needs_divergence=found.needs_divergence if found else None,
        needs_length=found.needs_length if found else None,
        needs_weights=found.needs_weights if found else None,
        stop_gradient=found.uses_stop_gradient if found else None,
        claims=tuple(_claim(each) for each in results if each.claim),
        profile=profile_of(derivation),
        digest=digest,
    )


def _claim(result: Result) -> ClaimRow:
    claim = result.claim
    assert claim is not None
    return ClaimRow(
        claim.id,
        result.verdict.status.value,
        result.gradient.status.value,
        result.as_expected,
        claim.printed,
        claim.convention,
    )
