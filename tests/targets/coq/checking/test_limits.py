"""A run of Coq ends: at its limits, or when `midpo` is interrupted. Needs no Coq."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from midpo_sym.cli.certify import certify
from midpo_sym.targets.coq.checking import checker

# In the place of coqc: accepts the library, and then does what the test is about.
FAKE = """#!{python}
import os, sys, time
if "--version" in sys.argv:
    print("The Coq Proof Assistant, version 8.16.1")
elif not sys.argv[-1].endswith("certificate.v"):
    pass
else:
    open({note!r}, "w").write(str(os.getpid()))
    {then}
"""
SLEEP = "time.sleep(600)"
EAT = """
    try:
        bytearray(5 * 2**30)
    except MemoryError:
        sys.exit("Fatal error: out of memory.")
"""


@pytest.fixture
def run(tmp_path):
    """Start `midpo certify` with a Coq that is none; its temporary files have a folder."""

    def start(then: str, *arguments: str) -> subprocess.Popen:
        programs, scratch = tmp_path / "bin", tmp_path / "tmp"
        programs.mkdir()
        scratch.mkdir()
        program = programs / "coqc"
        text = FAKE.format(python=sys.executable, note=str(tmp_path / "pid"), then=then)
        program.write_text(text, encoding="utf-8")
        program.chmod(0o755)
        return subprocess.Popen(
            [sys.executable, "-m", "midpo_sym", "certify", "dpo/section-4", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PATH": str(programs), "TMPDIR": str(scratch)},
        )

    return start


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize(
    ("then", "arguments", "said"),
    [
        (SLEEP, ("--limit", "1"), "Coq came to no end within 1 seconds"),
        pytest.param(
            EAT,
            (),
            "Coq came to no end within 4 GiB",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="limited on Linux only"),
        ),
    ],
)
def test_a_certificate_that_takes_too_much_is_not_settled(run, tmp_path, then, arguments, said):
    with run(then, "--json", *arguments) as child:
        out, err = child.communicate()
    assert (child.returncode, err) == (1, "")
    (row,) = json.loads(out)["statements"]
    assert (row["verdict"], row["settled"]) == ("over the limit", False)
    assert row["reason"].startswith(said)
    assert "--limit SECONDS" in row["reason"]
    assert not is_running(int((tmp_path / "pid").read_text()))
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.slow
def test_an_interruption_ends_coq_and_leaves_nothing(run, tmp_path):
    note = tmp_path / "pid"
    with run(SLEEP, "--out", str(tmp_path / "out")) as child:
        while not (note.is_file() and note.read_text()):
            assert child.poll() is None
            time.sleep(0.05)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate()
    assert (child.returncode, out) == (130, "")
    assert err == "midpo: interrupted; no file is left half written\n"
    assert not is_running(int(note.read_text()))
    assert list((tmp_path / "tmp").iterdir()) == []
    assert unfinished(tmp_path / "out") == []


def unfinished(folder: Path) -> list[Path]:
    return list(folder.rglob("*.unfinished"))


def test_the_limits_that_help_names_are_those_that_hold():
    (limit,) = [each for each in certify.params if each.name == "limit"]
    assert limit.default == checker.SECONDS
    assert f"{checker.GIBIBYTES} GiB of memory" in limit.help


def test_a_limit_is_a_number_of_seconds(midpo):
    for limit in ("0", "-1", "soon"):
        assert midpo("certify", "dpo", "--limit", limit).status == 2


def test_a_coq_that_does_not_run_is_no_coq(midpo, tmp_path, monkeypatch):
    """The file of that name is none that the system can run."""
    program = tmp_path / "coqc"
    program.write_bytes(b"\x00")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    outcome = midpo("certify", "dpo/section-4")
    assert outcome.status == 3
    assert "does not run" in outcome.err
