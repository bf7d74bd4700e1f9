"""What an import without its library says."""

from __future__ import annotations


def missing(module: str, library: str, requirement: str, extra: str = "") -> ImportError:
    """Return the error of a module whose library is not there.

    Args:
        module: of this package.
        library: as people call it.
        requirement: as pip takes it.
        extra: of this package, which brings it; empty if none does.
    """
    said = f"{module} needs {library}: pip install '{requirement}'"
    return ImportError(f"{said}, or in a checkout pip install '.[{extra}]'" if extra else said)
