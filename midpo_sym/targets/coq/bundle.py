"""Many certificates in one file, each in a module of its own: Coq starts once."""

from __future__ import annotations

from collections.abc import Iterable

from midpo_sym.targets.coq.emit import REQUIRE, Certificate, Kind


def bundle(certificates: Iterable[tuple[Certificate, Kind]]) -> str:
    """Return one file that states and proves all certificates.

    Args:
        certificates: each with what it has to be: Coq rejects a refutation for a proof.
    """
    parts, proofs = [REQUIRE], []
    for number, (each, expected) in enumerate(certificates, 1):
        name = f"certificate_{number}"
        parts += [
            f"Module {name}.",
            each.body,
            f"Definition as_expected : {expected.theorem} := certificate.",
            f"End {name}.",
        ]
        proofs.append(f"{name}.as_expected")
    # Asked together: Coq walks through the real numbers each time it is asked for axioms.
    parts += [f"Definition together := ({', '.join(proofs)}).", "Print Assumptions together."]
    return "\n".join(parts) + "\n"
