"""The website's generated files, rendered once."""

import shutil
from pathlib import Path

import pytest

from midpo_sym.session import Session, remembering
from midpo_sym.site.mkdocs.render import Site, render
from midpo_sym.site.parts.material import Material, gather

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def cache(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("figures")


@pytest.fixture
def specs(tmp_path) -> Path:
    """A folder with DPO only."""
    folder = tmp_path / "derivations"
    folder.mkdir()
    for name in ("dpo.toml", "sources.toml", "README.md"):
        shutil.copy(ROOT / "derivations" / name, folder)
    return folder


@pytest.fixture(scope="session")
def material() -> Material:
    return gather(ROOT / "derivations", ROOT / "site")


@pytest.fixture(scope="session")
def rendered(cache) -> Site:
    with remembering(Session()):  # nothing that another test left behind is in the pages
        return render(ROOT / "derivations", ROOT / "site", cache=cache)
