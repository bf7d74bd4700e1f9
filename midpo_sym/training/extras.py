"""What an import without its library says."""

from __future__ import annotations


def missing(module: str, library: str, requirement: str) -> ImportError:
    """Return the error of a module whose library is not there.

    Args:
        module: of this package.
        library: as people call it.
        requirement: as pip takes it.
    """
    return ImportError(
        f"{module} needs {library}: pip install '{requirement}', or in a checkout "
        "pip install '.[train]'"
    )
