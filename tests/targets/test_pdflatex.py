"""Derivations and gradients in LaTeX, set by pdflatex with amsmath alone."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from generators.trees.words import IDS
from oracles.needs import missing

import midpo_sym
from midpo_sym.targets.latex import gradients, losses

pytestmark = pytest.mark.slow

PORTRAIT = r"""\documentclass{article}
\usepackage{amsmath}
\begin{document}
%s
\end{document}
"""
MOST = 28.5  # points beyond the margin: a centimetre


def compiled(source, folder):
    """Return the number of pages, and how far lines go beyond the margin, in points."""
    if shutil.which("pdflatex") is None:
        missing("pdflatex (apt-get install texlive-latex-base)")
    (folder / "file.tex").write_text(source, encoding="utf-8")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "file.tex"],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
        encoding="latin-1",
    )
    assert done.returncode == 0, done.stdout[-2000:]
    (pages,) = re.findall(r"Output written on file\.pdf \((\d+) page", done.stdout)
    return int(pages), [
        float(each) for each in re.findall(r"Overfull \\hbox \(([\d.]+)pt", done.stdout)
    ]


def test_simpo_is_one_page(tmp_path):
    """Its derivation at the top level, in an article of the usual size."""
    source = losses.to_document([midpo_sym.prove("simpo")], levels="top")
    pages, over = compiled(PORTRAIT % source, tmp_path)
    assert pages == 1
    assert not over


@pytest.mark.parametrize("id_", IDS)
def test_gradients_compile_and_stay_on_the_sheet(id_, tmp_path):
    source = gradients.to_document([midpo_sym.gradient(id_)], steps=True)
    _, over = compiled(losses.to_article(f"{id_}.toml", source), tmp_path)
    assert all(each <= MOST for each in over), over
