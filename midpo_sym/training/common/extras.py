"""What an import without its library says."""

from __future__ import annotations

TRAIN = "midpo-sym[train]"


def missing(module: str, library: str, requirement: str = TRAIN) -> ImportError:
    """Return the error of a module whose library is not there.

    Args:
        module: of this package.
        library: as people call it.
        requirement: as pip takes it; an extra of this package where one has the library.
    """
    if not requirement.startswith("midpo-sym"):
        return ImportError(f"{module} needs {library}: pip install '{requirement}'")
    extra = requirement.removeprefix("midpo-sym")
    return ImportError(
        f"{module} needs {library}: pip install '{requirement}', or in a checkout "
        f"pip install '.{extra}'"
    )
