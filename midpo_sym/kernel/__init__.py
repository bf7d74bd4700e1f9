"""What is trusted: only `theorem` makes theorems.

It rests on this package, on the trees of `language`, on `session`, which gives a reading again to
who asks for the same, and on SymPy.

Nothing but this package, that is, and what every part of the program needs: `language`, the trees
and their text, and `session`, which returns what has been read before for the same tree.
Read `theorem` first: it states the axioms. `TRUSTED` is the one list of trusted files: the tests
that bound them, the page "How far to trust this" and the mutation run read it.
"""

from __future__ import annotations

from typing import NamedTuple


class TrustedFile(NamedTuple):
    """A module of this package.

    Attributes:
        name: the module, in this package.
        lines: how long it may be at most (decisions 1, 10, 21 and 25).
        theory: whether it serves sums over finite sets only.
        axioms: whether its docstring states axioms.
    """

    name: str
    lines: int
    theory: bool = False
    axioms: bool = False

    @property
    def path(self) -> str:
        """Return its path from the package on."""
        return f"kernel/{self.name.replace('.', '/')}.py"


TRUSTED = (  # each imports those above it only
    TrustedFile("forms", 215),
    TrustedFile("atoms", 170),
    TrustedFile("responses", 400),
    TrustedFile("derivative", 120),
    TrustedFile("tower.elements", 210),
    TrustedFile("tower.generators", 355),
    TrustedFile("tower.cases", 290),
    TrustedFile("tower.slopes", 50),
    TrustedFile("finite_atoms", 300, theory=True),
    TrustedFile("order", 75, theory=True, axioms=True),
    TrustedFile("finite_derivative", 75, theory=True),
    TrustedFile("hypotheses", 130, theory=True),
    TrustedFile("finite_sets", 400, theory=True, axioms=True),
    TrustedFile("theorem", 335, axioms=True),
)
