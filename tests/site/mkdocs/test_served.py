"""A server draws again what an edit changed, and nothing else, and serves what a build would."""

import os
import shutil
from pathlib import Path

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort
from mkdocs.structure.pages import Page

from midpo_sym.site.mkdocs.served import Built, Server

ROOT = Path(__file__).parents[3]
ADDRESS = "http://127.0.0.1:8000/"


@pytest.fixture
def checkout(tmp_path, cache, rendered, monkeypatch) -> Path:
    """What a build reads, with two algorithms."""
    assert rendered.files
    shutil.copytree(cache, tmp_path / "build/figures")
    (tmp_path / "derivations").mkdir()
    for name in ("dpo.toml", "simpo.toml", "sources.toml", "README.md"):
        shutil.copy(ROOT / "derivations" / name, tmp_path / "derivations")
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    shutil.copytree(ROOT / "site", tmp_path / "site")
    monkeypatch.setitem(os.environ, "NO_MKDOCS_2_WARNING", "1")
    return tmp_path


@pytest.fixture
def drawn(monkeypatch) -> list[str]:
    """The pages whose Markdown was converted."""
    found: list[str] = []
    convert = Page.render

    def noted(page, config, files):
        found.extend([page.file.src_uri] if page.markdown else [])
        convert(page, config, files)

    monkeypatch.setattr(Page, "render", noted)
    return found


def started(checkout: Path, out: Path) -> None:
    configuration = configured(checkout, out)
    configuration.plugins.on_startup(command="serve", dirty=False)
    build(configuration, serve_url=ADDRESS)


def built_again(checkout: Path, out: Path) -> None:
    """Build as the server does after a change: anew, with the plugins that it has."""
    build(configured(checkout, out), serve_url=ADDRESS)


def configured(checkout: Path, out: Path):
    return load_config(str(checkout / "mkdocs.yml"), site_dir=str(out), strict=False)


def edit(checkout: Path, name: str, *pairs: tuple[str, str]) -> None:
    path = checkout / "derivations" / name
    text = path.read_text(encoding="utf-8")
    for before, after in pairs:
        assert before in text
        text = text.replace(before, after)
    path.write_text(text, encoding="utf-8")


def contents(folder: Path) -> dict[str, bytes]:
    """Return all files but the list of addresses for search engines, which is dated."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith("sitemap.xml")
    }


def test_after_an_edit_all_is_as_if_it_were_built_anew(checkout, drawn, tmp_path):
    """DPO with a prior that it does not have is refuted: all pages that say so are drawn again.

    The page of trust counts verdicts; SimPO's page, the Python API and the notes do not name DPO's.
    """
    out, anew = tmp_path / "served", tmp_path / "anew"
    started(checkout, out)
    assert {"algorithms/dpo.md", "index.md", "api.md", "trust.md"} <= set(drawn)
    drawn.clear()
    edit(
        checkout,
        "dpo.toml",
        ('zeta = "ref(y)"', 'zeta = "pi(y)*ref(y)"'),
        ('status = "proved"', 'status = "refuted"'),
    )
    built_again(checkout, out)
    assert sorted(drawn) == ["algorithms/dpo.md", "compare.md", "index.md", "trust.md"]
    for page in ("algorithms/dpo.html", "index.html"):
        assert "value ✗ refuted" in (out / page).read_text(encoding="utf-8"), page
    started(checkout, anew)
    assert contents(out) == contents(anew)


def test_nothing_is_drawn_again_where_nothing_changed(checkout, drawn, tmp_path):
    out = tmp_path / "served"
    started(checkout, out)
    before = contents(out)
    drawn.clear()
    built_again(checkout, out)
    assert drawn == []
    assert contents(out) == before


def test_a_new_title_draws_all_pages_for_it_is_in_their_navigation(checkout, drawn, tmp_path):
    out = tmp_path / "served"
    started(checkout, out)
    complete = sorted(drawn)
    drawn.clear()
    edit(checkout, "dpo.toml", ('title   = "DPO"', 'title   = "DPO renamed"'))
    built_again(checkout, out)
    assert sorted(drawn) == complete
    assert "DPO renamed" in (out / "algorithms/simpo.html").read_text(encoding="utf-8")


def test_a_mistake_that_is_taken_back_leaves_no_trace(checkout, tmp_path):
    out = tmp_path / "served"
    started(checkout, out)
    before = contents(out)
    edit(checkout, "dpo.toml", ('"1/10"', '"0.1"'))
    with pytest.raises(Abort):
        built_again(checkout, out)
    edit(checkout, "dpo.toml", ('"0.1"', '"1/10"'))
    built_again(checkout, out)
    assert contents(out) == before


def test_what_a_failed_build_may_have_written_is_drawn_again(tmp_path):
    """a.md was edited, the build failed, and the edit was taken back: its page is not known."""
    server = Server()
    old = {"a.md": b"a", "b.md": b"b"}
    server.begin(old, [b"navigation"])
    assert server.same == {}
    drawn = {path: Built(source, "", frozenset()) for path, source in old.items()}
    server.end(tmp_path / "none.json", {"a.md": "a.html", "b.md": "b.html"}, drawn)
    server.begin({**old, "a.md": b"edited"}, [b"navigation"])
    assert set(server.same) == {"b.md"}
    server.begin(old, [b"navigation"])
    assert set(server.same) == {"b.md"}


def test_another_navigation_draws_every_page_again(tmp_path):
    server = Server()
    server.begin({"a.md": b"a"}, [b"navigation"])
    server.end(tmp_path / "none.json", {"a.md": "a.html"}, {"a.md": Built(b"a", "", frozenset())})
    server.begin({"a.md": b"a"}, [b"another"])
    assert server.same == {}
