"""The website's generated files, rendered once."""

import shutil
from pathlib import Path

import pytest
from oracles.shared import once

from midpo_sym.session import Session, remembering
from midpo_sym.site.mkdocs.render import Site, render
from midpo_sym.site.parts.material import Material, gather

ROOT = Path(__file__).parents[2]


def _render(cache: Path) -> Site:
    with remembering(Session()):  # nothing that another test left behind is in the pages
        return render(ROOT / "derivations", ROOT / "site", cache=cache)


@pytest.fixture(scope="session")
def cache(tmp_path_factory) -> Path:
    """What a rendering of the whole website keeps, made by one of the processes of the tests."""
    return once(tmp_path_factory, "figures", _render)


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
    return _render(cache)
