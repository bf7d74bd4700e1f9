"""The derivations in LaTeX, as they are downloaded, set by pdflatex."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from oracles.needs import missing

from midpo_sym import api
from midpo_sym.spec import library
from midpo_sym.spec.reading.losses import loads
from midpo_sym.targets.latex.losses import to_article, to_document

pytestmark = pytest.mark.slow

# Points beyond the margin; a line that is a centimetre too long is still all on the sheet.
MOST = 28.5


def hostile() -> bytes:
    """Return the download of a file whose title is full of LaTeX, and whose symbols are odd."""
    title = r"\input{/etc/passwd} \end{document} 50 % of 5 $ & #1 _ ^ ~ {b}"
    text = library.get("dpo").text.replace('title   = "DPO"', f"title = '{title}'")
    symbol = r"latex = '\hat{\varrho}_{\mathcal{J}_1,a|b}^\dagger', unicode = 'ρ̂†', "
    text = text.replace('domain = "positive", ', f'domain = "positive", {symbol}')
    fragment = to_document([api.prove(loads(text, "hostile.toml"))])
    assert r"\textbackslash{}input\{/etc/passwd\}" in fragment
    assert r"\hat{\varrho}" in fragment
    return to_article("hostile.toml", fragment).encode()


def test_every_download_compiles_and_no_line_leaves_the_sheet(rendered, tmp_path):
    """With plain pdflatex and amsmath, and without a font or package of anybody's own."""
    if shutil.which("pdflatex") is None:
        missing("pdflatex (apt-get install texlive-latex-base)")
    sources = {path: source for path, source in rendered.files.items() if path.endswith(".tex")}
    names = {Path(path).stem: source for path, source in sources.items()}
    assert set(names) == {*api.ids("paper"), *(each.setting.id for each in library.theories())}
    names["hostile"] = hostile()
    for id_, source in names.items():
        assert re.findall(rb"\\usepackage\{(\w+)\}", source) == [b"amsmath"]
        (tmp_path / f"{id_}.tex").write_bytes(source)
        done = subprocess.run(
            ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", f"{id_}.tex"],
            cwd=tmp_path,
            check=False,
            capture_output=True,
            text=True,
            encoding="latin-1",
        )
        assert done.returncode == 0, f"{id_}: {done.stdout[-2000:]}"
        over = re.findall(r"Overfull \\hbox \(([\d.]+)pt", done.stdout)
        assert all(float(each) <= MOST for each in over), f"{id_}: {over}"
        assert (tmp_path / f"{id_}.pdf").is_file()
