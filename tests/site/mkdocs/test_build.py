"""The built website: its links, and what stops a build."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

import midpo_sym

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
# Tags that make a browser fetch what they name.
FETCHING = {"script", "img", "iframe", "source", "link"}


class Page(HTMLParser):
    """The ids and the addresses of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.addresses: list[tuple[str, str, dict]] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.ids += [given["id"]] if given.get("id") else []
        self.addresses += [(tag, given[key], given) for key in ("href", "src") if given.get(key)]


@pytest.fixture(scope="module")
def pages(website) -> dict[Path, Page]:
    return {path: Page(path) for path in sorted(website.rglob("*.html"))}


def test_there_is_a_page_for_everything(website):
    for path in (
        *(f"algorithms/{path.stem}.html" for path in (ROOT / "derivations").glob("*.toml")),
        *(f"atlas/{path.stem}.html" for path in (ROOT / "derivations/atlas").glob("*.toml")),
        "atlas.html",
        "glossary.html",
        *(f"decisions/{path.stem}.html" for path in (ROOT / "site/decisions").glob("0*.md")),
        "index.html",
        "compare.html",
        "add_your_own.html",
        "command_line.html",
        "language.html",
        "training.html",
        "api.html",
        "api_results.html",
        "api_training.html",
        "distributed.html",
        "laws.html",
        "trust.html",
        "conformance.html",
    ):
        if not path.endswith("/sources.html"):
            assert (website / path).is_file(), path


def test_every_link_leads_to_a_page_and_every_anchor_to_an_id(pages):
    for path, page in pages.items():
        if path.name == "404.html":  # its addresses are those of the server's root
            continue
        for tag, address, _ in page.addresses:
            parts = urllib.parse.urlsplit(address)
            if parts.scheme in ("http", "https"):
                assert tag == "a", f"{path.name} would fetch {address}"
                continue
            target = (path.parent / urllib.parse.unquote(parts.path)).resolve()
            target = target if parts.path else path
            assert target.exists(), f"{path.name}: {address}"
            if parts.fragment and target in pages and not parts.fragment.startswith("__"):
                assert urllib.parse.unquote(parts.fragment) in pages[target].ids, (
                    f"{path.name}: {address}"
                )


def test_every_public_name_of_the_package_is_described(website):
    pages = [Page(website / f"{each}.html") for each in ("api", "api_results", "api_training")]
    ids = [each for page in pages for each in page.ids]
    described = {each.rpartition(".")[2] for each in ids if each.startswith("midpo_sym.")}
    assert set(midpo_sym.__all__) - {"Verdict", "__version__"} <= described


def test_no_id_stands_twice(pages):
    for path, page in pages.items():
        twice = {each for each in page.ids if page.ids.count(each) > 1}
        assert not twice, f"{path.name}: {twice}"


def test_no_page_is_heavier_than_150_kilobytes(pages):
    for path in pages:
        assert path.stat().st_size <= 150_000, path.name


def test_every_step_can_be_copied_as_latex_and_its_symbols_are_defined(website):
    """TIS-DPO has the longest formulas: each line of its chains notes its LaTeX."""
    page = (website / "algorithms/tis_dpo.html").read_text(encoding="utf-8")
    steps = page.split("<div class=step id=step-")[1:]
    assert len(steps) == 19
    written = [step.partition("<details")[0] for step in steps]
    last = [line for line in written if "= the line that these steps lead to" in line]
    assert len(last) == 4  # lines that a person would write, each opening to its steps
    for line in written:
        assert line in last or "<annotation encoding=application/x-tex>{}=" in line
    named = set(re.findall(r"data-s=(\w+)", page))
    assert {"alpha", "omega", "pi", "ref", "kl", "normaliser"} <= named
    assert named <= set(re.findall(r"<tr id=symbol-(\w+)>", page))


def test_nothing_is_fetched_from_elsewhere(pages, website):
    """No tag, no style sheet and no script of the pages names another host to fetch from."""
    for path, page in pages.items():
        for tag, address, given in page.addresses:
            if tag in FETCHING and given.get("rel") != "canonical":
                assert not urllib.parse.urlsplit(address).netloc, f"{path.name}: {address}"
    for path in website.rglob("*.css"):
        assert "url(http" not in path.read_text(encoding="utf-8"), path.name


def test_the_font_carries_its_licence(website):
    font = (website / "assets/generated/math.woff2").read_bytes()
    assert font[:4] == b"wOF2"
    with TTFont(website / "assets/generated/math.woff2") as names:
        said = {record.nameID: record.toUnicode() for record in names["name"].names}
        assert said[1] == "STIX Two Math"
        assert "SIL Open Font License" in said[13]
        assert "MATH" in names


@pytest.fixture
def checkout(tmp_path, cache, rendered) -> Path:
    """What a build reads, with DPO alone; the font is there from the rendering of all pages."""
    assert rendered.files
    shutil.copytree(cache, tmp_path / "build/figures")
    (tmp_path / "derivations").mkdir()
    for name in ("dpo.toml", "sources.toml", "README.md"):
        shutil.copy(ROOT / "derivations" / name, tmp_path / "derivations")
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    shutil.copytree(ROOT / "site", tmp_path / "site")
    return tmp_path


def run(folder: Path, *command: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
    )


def spoil(checkout: Path, before: str, after: str) -> Path:
    path = checkout / "derivations/dpo.toml"
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")
    return path


def test_a_file_that_does_not_parse_stops_both_ways_to_build(checkout):
    spoil(checkout, '"1/10"', '"0.1"')
    said = run(checkout, "midpo_sym", "check", "derivations/dpo.toml").stderr
    message = said.removeprefix("midpo: derivations/").partition("\nmidpo: how")[0]
    ours = run(checkout, "midpo_sym", "site", "build")
    assert ours.returncode == 2
    assert message in ours.stderr
    theirs = run(checkout, "mkdocs", "build")
    assert theirs.returncode != 0
    assert message.strip() in theirs.stdout + theirs.stderr


def test_a_verdict_that_was_not_expected_is_a_failure(checkout):
    spoil(checkout, 'zeta = "ref(y)"', 'zeta = "pi(y)*ref(y)"')
    done = run(checkout, "midpo_sym", "site", "build")
    assert done.returncode == 1
    assert "dpo/section-4 is expected to be proved and proved" in done.stderr


def test_an_unknown_command_of_latex_on_a_page_is_named_with_the_page(checkout):
    (checkout / "site/api.md").write_text("# API\n\nA formula, $\\oops{x}$.\n", encoding="utf-8")
    done = run(checkout, "midpo_sym", "site", "build")
    assert done.returncode == 2
    assert "api.md" in done.stderr
    assert r"\oops{x}" in done.stderr


def test_a_broken_link_stops_the_build(checkout):
    (checkout / "site/api.md").write_text("# API\n\n[gone](nowhere.md)\n", encoding="utf-8")
    assert run(checkout, "midpo_sym", "site", "build").returncode == 2


def test_staged_pages_build_without_the_plugin(checkout):
    done = run(checkout, "midpo_sym", "site", "stage", "--out", "staged")
    assert done.returncode == 0, done.stderr
    configuration = (checkout / "staged/mkdocs.yml").read_text(encoding="utf-8")
    assert "- midpo:" not in configuration
    assert (checkout / "staged/site/algorithms/dpo.md").is_file()
    built = run(checkout / "staged", "mkdocs", "build", "--strict", "--quiet")
    assert built.returncode == 0, built.stderr
    assert (checkout / "staged/build/algorithms/dpo.html").is_file()


def test_staging_leaves_a_folder_of_other_files_alone(checkout):
    (checkout / "mine").mkdir()
    (checkout / "mine/notes.txt").write_text("mine", encoding="utf-8")
    done = run(checkout, "midpo_sym", "site", "stage", "--out", "mine")
    assert done.returncode == 2
    assert [path.name for path in (checkout / "mine").iterdir()] == ["notes.txt"]


def test_a_build_leaves_alone_what_it_did_not_write(checkout):
    """Without --force nothing is written; with it, beside what is there; old pages go."""
    (checkout / "mine").mkdir()
    thesis = checkout / "mine/thesis.tex"
    thesis.write_text("mine", encoding="utf-8")
    refused = run(checkout, "midpo_sym", "site", "build", "--out", "mine")
    assert refused.returncode == 2
    assert "mine cannot be written to: it holds files that midpo did not write" in refused.stderr
    assert [path.name for path in (checkout / "mine").iterdir()] == ["thesis.tex"]
    built = run(checkout, "midpo_sym", "site", "build", "--out", "mine", "--force")
    assert built.returncode == 0, built.stderr
    assert (checkout / "mine/algorithms/dpo.html").is_file()
    note = checkout / "site/note.md"
    note.write_text("# A note\n", encoding="utf-8")
    spoiled = (
        (checkout / "mkdocs.yml").read_text(encoding="utf-8").replace("omitted_files: warn", "")
    )
    (checkout / "mkdocs.yml").write_text(spoiled, encoding="utf-8")
    assert run(checkout, "midpo_sym", "site", "build", "--out", "mine").returncode == 0
    assert (checkout / "mine/note.html").is_file()
    note.unlink()
    again = run(checkout, "midpo_sym", "site", "build", "--out", "mine")
    assert again.returncode == 0, again.stderr
    assert not (checkout / "mine/note.html").exists()
    assert thesis.read_text(encoding="utf-8") == "mine"


def test_without_mkdocs_the_command_says_what_to_install(checkout):
    """A package of the same name that cannot be imported stands in its way."""
    (checkout / "mkdocs.py").write_text("raise ModuleNotFoundError('no', name='mkdocs')\n")
    done = run(checkout, "midpo_sym", "site", "build")
    assert done.returncode == 2
    assert "the website needs mkdocs; in a checkout: pip install '.[site]'" in done.stderr


def test_a_served_page_follows_an_edit_of_its_specification(checkout):
    """The server runs until it is interrupted, and complains of a bad edit without ending."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [sys.executable, "-m", "midpo_sym", "site", "serve", "--address", address]
    with subprocess.Popen(command, cwd=checkout, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert "served so far" not in waited_for(address, "<h1")
            spoil(checkout, 'title   = "DPO"', 'title   = "DPO as served so far"')
            assert "DPO as served so far" in waited_for(address, "served so far")
            spoil(checkout, '"1/10"', '"0.1"')
            said = "".join(
                iter(server.stderr.readline, "  cure:    write the exact fraction 1/10\n")
            )
            assert "dpo.toml:12:43: parameters.alpha.default" in said
            assert server.poll() is None
        finally:
            end(server)


def end(server: subprocess.Popen[str]) -> None:
    """Interrupt a server until it ends: one interruption may come while it reports an error."""
    for _ in range(12):
        server.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.communicate(timeout=5)
            return
    server.kill()
    pytest.fail("the server goes on after it was interrupted")


def waited_for(address: str, text: str) -> str:
    """Return DPO's page as soon as it can be read and has a text."""
    for _ in range(1000):
        time.sleep(0.1)
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"http://{address}/algorithms/dpo.html", timeout=60) as answer,
        ):
            page = answer.read().decode()
            if text in page:
                return page
    pytest.fail(f"{text} is not served")


def test_without_an_address_what_needs_one_is_left_out(checkout):
    assert run(checkout, "midpo_sym", "site", "build").returncode == 0
    pages = checkout / "build/site"
    assert not (pages / "sitemap.xml").exists()
    assert 'rel="canonical"' not in (pages / "index.html").read_text(encoding="utf-8")
    lost = Page(pages / "404.html")
    assert [tag for tag, _, _ in lost.addresses if tag != "a"] == []


def test_with_an_address_every_page_is_in_the_sitemap(checkout):
    address = "https://example.org/some/where/"
    assert run(checkout, "midpo_sym", "site", "build", "--site-url", address).returncode == 0
    pages = checkout / "build/site"
    listed = re.findall("<loc>(.*?)</loc>", (pages / "sitemap.xml").read_text(encoding="utf-8"))
    assert f"{address}algorithms/dpo.html" in listed
    assert all(each.startswith(address) for each in listed)
    page = (pages / "algorithms/dpo.html").read_text(encoding="utf-8")
    assert f"{address}algorithms/dpo.html" in page.partition("</head>")[0]


def test_a_missing_configuration_is_bad_input(tmp_path):
    for command in (["build"], ["stage", "--out", "x"], ["serve"]):
        done = run(tmp_path, "midpo_sym", "site", *command)
        assert done.returncode == 2
        assert "mkdocs.yml: there is no such file" in done.stderr
        assert "--config" in done.stderr
