"""The reports on mutants of the kernel: none lives there without a reason, and README has both."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(params=["kernel_mutants.md", "kernel_mutants_theory.md"])
def report(request):
    return (ROOT / "benchmarks" / request.param).read_text(encoding="utf-8")


def figure(report: str, word: str) -> int:
    return int(re.search(rf"^- {word}: (\d+)", report, re.MULTILINE)[1])


def test_what_is_not_noticed_has_a_row_with_a_reason(report):
    rows = [line.split(" | ") for line in report.splitlines() if line.startswith("| `")]
    assert len(rows) == figure(report, "survivors")
    assert len(rows) == figure(report, "mutants") - figure(report, "noticed")
    assert all(reason.removesuffix(" |").strip() for *_, reason in rows)
    assert "unexplained" not in report


def test_the_readme_says_what_the_report_says(report):
    (share,) = re.findall(r"^- noticed: \d+ \(([0-9.]+ %)\)", report, re.MULTILINE)
    count, noticed = figure(report, "mutants"), figure(report, "noticed")
    said = rf"of {count:,}\b[^;]*?\b{noticed:,} \({re.escape(share)}\)"
    assert re.search(said, README)
