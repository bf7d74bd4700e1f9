"""What commands write goes through one helper: nothing is lost that it did not write."""

import errno
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from midpo_sym import files
from midpo_sym.files import MANIFEST, FileError, install, write_file


def tree(folder: Path) -> dict[str, str]:
    """Return the texts of a folder by path, but for the list of what was written."""
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }


def put(folder: Path, files_: dict[str, str], **how) -> tuple[str, ...]:
    return install({k: v.encode() for k, v in files_.items()}, folder, by="me", **how)


@pytest.fixture
def full(monkeypatch):
    """A device on which a file with BIG in it has no room."""

    def fill(file, content):
        file.write(content[:1])
        if b"BIG" in content:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        file.write(content[1:])

    monkeypatch.setattr(files, "_fill", fill)


@pytest.fixture
def interrupted(monkeypatch):
    """A key that is pressed in the middle of a file with BIG in it."""

    def fill(file, content):
        file.write(content[:1])
        file.flush()
        if b"BIG" in content:
            raise KeyboardInterrupt
        file.write(content[1:])

    monkeypatch.setattr(files, "_fill", fill)


def test_a_folder_is_written_again_and_what_is_stale_goes(tmp_path):
    out = tmp_path / "out"
    put(out, {"a": "1", "old/b": "2", "old/er/c": "3"})
    assert put(out, {"a": "4", "d": "5"}, prune=True) == ()
    assert tree(out) == {"a": "4", "d": "5"}
    assert sorted(path.name for path in out.iterdir()) == [MANIFEST, "a", "d"]


def test_without_pruning_earlier_files_stay_and_stay_ours(tmp_path):
    put(tmp_path, {"a": "1"})
    put(tmp_path, {"b": "2"})
    put(tmp_path, {"a": "3"})
    assert tree(tmp_path) == {"a": "3", "b": "2"}


def test_one_command_does_not_prune_what_another_wrote(tmp_path):
    put(tmp_path, {"a": "1"})
    install({"b": b"2"}, tmp_path, by="another", prune=True)
    assert tree(tmp_path) == {"a": "1", "b": "2"}


def test_a_folder_of_others_is_left_alone(tmp_path):
    """Not even a file is added; by force ours go beside theirs, now and the next time."""
    theirs = {"a": "theirs", "deep/er/thesis.tex": "theirs"}
    for name, text in theirs.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    with pytest.raises(FileError, match="holds files that midpo did not write; name an"):
        put(tmp_path, {"b": "1"}, prune=True)
    assert tree(tmp_path) == theirs
    put(tmp_path, {"b": "1", "deep/c": "2"}, prune=True, force=True)
    assert tree(tmp_path) == theirs | {"b": "1", "deep/c": "2"}
    put(tmp_path, {"d": "3"}, prune=True)
    assert tree(tmp_path) == theirs | {"d": "3"}


def test_an_edited_file_is_neither_replaced_nor_removed(tmp_path):
    put(tmp_path, {"a": "1", "b": "2"})
    (tmp_path / "a").write_text("edited")
    with pytest.raises(FileError, match="a cannot be written to: it is not what midpo wrote"):
        put(tmp_path, {"a": "3", "b": "4"})
    assert tree(tmp_path) == {"a": "edited", "b": "2"}
    assert put(tmp_path, {"b": "4"}, prune=True) == ("a",)
    assert tree(tmp_path) == {"a": "edited", "b": "4"}
    put(tmp_path, {"a": "5"}, force=True)
    assert tree(tmp_path) == {"a": "5", "b": "4"}


def test_a_foreign_file_in_a_folder_of_ours_is_not_replaced(tmp_path):
    put(tmp_path, {"a": "1"})
    (tmp_path / "b").write_text("theirs")
    with pytest.raises(FileError, match="b cannot be written to: it is not what midpo wrote"):
        put(tmp_path, {"a": "2", "b": "3"})
    assert tree(tmp_path) == {"a": "1", "b": "theirs"}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"files": 3}', '{"files": {"a": 1}}', "\xff"])
def test_a_list_that_cannot_be_read_makes_nothing_ours(tmp_path, text):
    (tmp_path / MANIFEST).write_text(text, encoding="latin-1")
    with pytest.raises(FileError, match="holds files that midpo did not write"):
        put(tmp_path, {"a": "1"})


@pytest.mark.parametrize("name", ["../victim", "/{}/victim", "link/victim"])
def test_a_forged_list_removes_nothing_elsewhere(tmp_path, name):
    """It names a file outside of the folder, with its true digest."""
    out, other = tmp_path / "out", tmp_path / "other"
    other.mkdir()
    for folder in (tmp_path, other):
        (folder / "victim").write_text("precious")
    put(out, {"a": "1"})
    (out / "link").symlink_to(other)
    noted = json.loads((out / MANIFEST).read_text())
    sha = files._digest(b"precious")
    noted["files"][name.format(tmp_path)] = {"by": "me", "sha256": [sha]}
    (out / MANIFEST).write_text(json.dumps(noted))
    put(out, {"b": "2"}, prune=True)
    assert tree(out) == {"b": "2"}
    assert (tmp_path / "victim").read_text() == (other / "victim").read_text() == "precious"


def test_symbolic_links_are_not_followed(tmp_path):
    """The folder, a folder in it, a file in it and the list: each points elsewhere."""
    other, out = tmp_path / "other", tmp_path / "out"
    other.mkdir()
    (other / "a").write_text("precious")
    link = tmp_path / "link"
    link.symlink_to(other)
    for force in (False, True):
        with pytest.raises(FileError, match=f"it is a symbolic link, to {other};"):
            put(link, {"b": "1"}, force=force)
        with pytest.raises(FileError, match="it is a symbolic link"):
            write_file(link, b"1", force=force)
    put(out, {"x": "1"})
    (out / "sub").symlink_to(other)
    (out / "a").symlink_to(other / "a")
    for name, said in (("sub/b", "it is a symbolic link"), ("a", "no file that can be replaced")):
        with pytest.raises(FileError, match=said):
            put(out, {name: "1"}, force=True)
    (out / MANIFEST).rename(out / "list")
    (out / MANIFEST).symlink_to(out / "list")
    with pytest.raises(FileError, match=r"\.midpo\.json cannot be written to: it is no file"):
        put(out, {"c": "1"}, force=True)
    assert tree(other) == {"a": "precious"}


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("out/../x", "`..` is not followed; write /"),
        ("file", "it is not a folder; name a folder"),
        ("file/x", "it is not a folder; make it"),
        ("no/x", "no cannot be written to: there is no such folder; make it"),
        ("n" * 300, "file name too long"),
    ],
)
def test_a_folder_that_cannot_be_is_said(tmp_path, path, said):
    (tmp_path / "file").write_text("x")
    (tmp_path / "out").mkdir()
    with pytest.raises(FileError) as error:
        put(tmp_path / path, {"a": "1"})
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert tree(tmp_path) == {"file": "x"}


@pytest.mark.parametrize("path", ["out", "no/x", "out/../x", "fifo", "file"])
def test_a_file_that_cannot_be_is_said(tmp_path, path):
    """A folder, a missing folder, `..`, a pipe, and a file that is there."""
    (tmp_path / "file").write_text("x")
    (tmp_path / "out").mkdir()
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(FileError):
        write_file(tmp_path / path, b"1")
    if path != "file":
        with pytest.raises(FileError):
            write_file(tmp_path / path, b"1", force=True)
    assert stat.S_ISFIFO((tmp_path / "fifo").stat().st_mode)
    assert tree(tmp_path) == {"file": "x"}


@pytest.mark.parametrize("name", ["../a", "/a", "x/../../a"])
def test_no_name_leads_out_of_the_folder(tmp_path, name):
    with pytest.raises(FileError, match="outside of the folder"):
        put(tmp_path / "out", {name: "1"}, force=True)
    assert tree(tmp_path) == {}


@pytest.mark.usefixtures("full")
def test_a_full_device_leaves_what_was_there(tmp_path):
    put(tmp_path, {"a": "1", "b": "2"})
    with pytest.raises(FileError, match="there is no room to write it; make room"):
        put(tmp_path, {"a": "BIG", "b": "3"})
    assert tree(tmp_path) == {"a": "1", "b": "2"}
    with pytest.raises(FileError, match="there is no room"):
        write_file(tmp_path / "a", b"BIG", force=True)
    with pytest.raises(FileError, match="there is no room"):
        write_file(tmp_path / "new", b"BIG")
    assert tree(tmp_path) == {"a": "1", "b": "2"}


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.EPERM])
def test_a_place_that_is_read_only_is_said(tmp_path, monkeypatch, code):
    def refuse(self, *_, **__):
        raise OSError(code, os.strerror(code), str(self))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(FileError) as error:
        put(tmp_path, {"a": "1"})
    assert (
        str(error.value)
        == f"{tmp_path} cannot be written to: that is not permitted; name another place"
    )
    files.keep(tmp_path / "cache", b"1")  # what can be made again is not missed
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("interrupted")
def test_an_interruption_leaves_whole_files_and_the_next_run_goes_on(tmp_path):
    """It comes in the middle of b: a is new, b and c are old, and all of them are still ours."""
    put(tmp_path, {"a": "1", "b": "2", "c": "3"})
    with pytest.raises(KeyboardInterrupt):
        put(tmp_path, {"a": "4", "b": "BIG", "c": "5"})
    assert tree(tmp_path) == {"a": "4", "b": "2", "c": "3"}
    put(tmp_path, {"a": "6", "b": "7", "c": "8"})
    assert tree(tmp_path) == {"a": "6", "b": "7", "c": "8"}
    with pytest.raises(KeyboardInterrupt):
        write_file(tmp_path / "a", b"BIG", force=True)
    assert tree(tmp_path) == {"a": "6", "b": "7", "c": "8"}


def test_a_file_gets_the_usual_mode_and_keeps_its_own(tmp_path):
    usual = tmp_path / "usual"
    usual.write_text("x")
    write_file(tmp_path / "a", b"1")
    assert (tmp_path / "a").stat().st_mode == usual.stat().st_mode
    (tmp_path / "a").chmod(0o640)
    write_file(tmp_path / "a", b"2", force=True)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


def test_what_is_as_it_should_be_is_not_written_again(tmp_path):
    put(tmp_path, {"a": "1", "b": "2"})
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    inodes = {path: path.stat().st_ino for path in tmp_path.iterdir()}
    put(tmp_path, {"a": "1", "b": "2"})
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before
    assert {path: path.stat().st_ino for path in tmp_path.iterdir()} == inodes


ENDLESS = """
import sys
from midpo_sym import cli
from midpo_sym.spec import library
def forever(*_):
    print("ready", flush=True)
    while True:
        pass
library.get = library.find = forever
sys.argv = ["midpo", "show", "dpo"]
cli.main()
"""


@pytest.mark.slow
def test_an_interrupted_command_says_so_in_a_line_and_exits_with_130():
    with subprocess.Popen(
        [sys.executable, "-c", ENDLESS], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout.readline() == "ready\n"
        child.send_signal(signal.SIGINT)
        try:
            _, err = child.communicate(timeout=60)
        finally:
            child.kill()
    assert child.returncode == 130
    assert err == "midpo: interrupted; no file is left half written\n"
