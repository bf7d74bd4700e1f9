"""How every command writes: nothing is lost that it did not write, and no file is left half done.

A folder that a command writes keeps a list of what was written there, `.midpo.json`: for each file
the command and the sha256. A file is the program's own as long as it is the one on that list, byte
for byte. Only such a file is replaced or removed; anything else in its way is an error, and stays.
`--force` lets a command replace the files whose names it needs, and put its own beside those of
others; it removes nothing more.

Each file is written under another name beside its place and then put there in one move, so that
whatever happens on the way, what was there before is whole. Symbolic links are not followed.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import BinaryIO

MANIFEST = ".midpo.json"
_NOTE = "What midpo wrote here: it replaces and removes nothing else. Do not edit."
_MOVE = "move it, or name another folder"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}

Written = dict[str, tuple[str, tuple[str, ...]]]  # name: the command, and the sha256 it may have


class FileError(Exception):
    """A file or folder cannot be written as asked: says the place, what is there, and the cure."""

    def __init__(self, place: Path, what: str, cure: str) -> None:
        """Say place, what and cure in one line."""
        super().__init__(f"{place} cannot be written to: {what}; {cure}")


def write_file(
    path: Path, content: bytes, *, force: bool = False, cure: str = "--force replaces it"
) -> None:
    """Write one file that the user named; its folder has to be there.

    Args:
        path: of the file.
        content: what it holds.
        force: whether a file that is there is replaced.
        cure: of a file that is there.

    Raises:
        FileError: there is something in its place, or it cannot be written.
    """
    with _said(path):
        _check_named(path)
        _check_parent(path)
        if (there := _there(path)) is not None:
            if not stat.S_ISREG(there):
                raise FileError(path, "it is no file that can be replaced", "name another place")
            if not force:
                raise FileError(path, "it exists already, and is left as it is", cure)
        _put(path, content)


def check_folder(folder: Path, *, force: bool = False, parents: bool = False) -> None:
    """Raise before long work what `install` would raise after it of the folder as a whole.

    Args:
        folder: where files are to go.
        force: whether it may hold files of others.
        parents: whether folders above it may be made.

    Raises:
        FileError: it cannot be written to, or holds what this program did not write.
    """
    with _said(folder):
        _check_named(folder)
        there = _there(folder)
        if there is None:
            if not parents:
                _check_parent(folder)
            return
        if not stat.S_ISDIR(there):
            raise FileError(folder, "it is not a folder", "name a folder")
        if not force and _manifest(folder) is None and any(folder.iterdir()):
            raise FileError(
                folder,
                "it holds files that midpo did not write",
                "name an empty folder; --force writes beside them",
            )


def install(
    files: Mapping[str, bytes],
    folder: Path,
    *,
    by: str,
    force: bool = False,
    prune: bool = False,
    parents: bool = False,
) -> tuple[str, ...]:
    """Write files into a folder, all of them or, if one of them may not be replaced, none.

    Args:
        files: contents by path under the folder.
        folder: where they go; it is made if it is not there.
        by: the command that writes.
        force: whether files in their places are replaced though they are none of this program's.
        prune: whether what this command wrote there before, and does not write now, is removed.
        parents: whether folders above it may be made.

    Returns:
        The files that would have been removed, had nobody changed them.

    Raises:
        FileError: something is in the way, or a file cannot be written.
    """
    check_folder(folder, force=force, parents=parents)
    with _said(folder):
        known = _manifest(folder) or {}
        own = (*files, MANIFEST)
        in_the_way = [each for each in own if not _free(folder, each, files, known, force=force)]
        if in_the_way:
            more = f" (and {len(in_the_way) - 1} more)" if len(in_the_way) > 1 else ""
            raise FileError(
                folder / in_the_way[0],
                f"it is not what midpo wrote there{more}, and is left as it is",
                "--force replaces it",
            )
        folder.mkdir(parents=parents, exist_ok=True)
        digests = {name: (by, (_digest(content),)) for name, content in files.items()}
        # Noted before it is done: what an interruption leaves behind is on the list as well.
        both = {
            name: (by, tuple({*shas, *(known[name][1] if name in known else ())}))
            for name, (_, shas) in digests.items()
        }
        _note(folder, {**known, **both})
        for name, content in files.items():
            path = folder / name
            if not path.is_file() or path.read_bytes() != content:
                path.parent.mkdir(parents=True, exist_ok=True)
                _put(path, content)
        stale = [each for each, (who, _) in known.items() if who == by and each not in files]
        left = tuple(each for each in stale if prune and not _removed(folder, each, known))
        gone = {*stale} if prune else set()
        _note(folder, {**{k: v for k, v in known.items() if k not in gone}, **digests})
    return left


def keep(path: Path, content: bytes) -> None:
    """Keep a file that can be made again; where nothing can be written, do without it."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        _put(path, content)


def written_in(folder: Path) -> dict[str, bytes]:
    """Return the contents of all files of a folder by path, as `install` takes them."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _put(path: Path, content: bytes) -> None:
    """Write a file beside its place, and move it there; it keeps the mode of the file before."""
    unfinished = path.with_name(f".{secrets.token_hex(8)}.unfinished")
    try:
        with unfinished.open("xb") as file:
            _fill(file, content)
        if path.is_file():
            unfinished.chmod(stat.S_IMODE(path.stat().st_mode))
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def _fill(file: BinaryIO, content: bytes) -> None:
    file.write(content)


def _check_named(path: Path) -> None:
    if ".." in path.parts:
        raise FileError(path, "`..` is not followed", f"write {path.resolve()}")
    if path.is_symlink():
        target = path.readlink()
        raise FileError(path, f"it is a symbolic link, to {target}", "name the place itself")


def _check_parent(path: Path) -> None:
    if not path.parent.is_dir():
        what = "it is not a folder" if path.parent.exists() else "there is no such folder"
        raise FileError(path.parent, what, "make it, or name another place")


def _there(path: Path) -> int | None:
    """Return the mode of what is at a place, links not followed; None if nothing is."""
    try:
        return path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None


def _free(
    folder: Path, name: str, files: Mapping[str, bytes], known: Written, *, force: bool
) -> bool:
    """Return whether a file may be written: nothing is there, or this program's own.

    Raises:
        FileError: it could not be written even by force.
    """
    path = _inside(folder, name)
    there = _there(path)
    if there is None:
        return True
    if not stat.S_ISREG(there):
        raise FileError(
            path, "it is no file that can be replaced", "move it, or name another folder"
        )
    if force or name == MANIFEST:
        return True
    content = path.read_bytes()
    return content == files[name] or _digest(content) in known.get(name, ("", ()))[1]


def _inside(folder: Path, name: str) -> Path:
    """Return the place of a file, if every folder on the way is one.

    Raises:
        FileError: the way leads out of the folder, or over something that is none.
    """
    pure = PurePosixPath(name)
    if pure.is_absolute() or ".." in pure.parts or not pure.parts:
        raise FileError(folder / name, "it is outside of the folder", "name it without `..`")
    here = folder
    for part in pure.parts[:-1]:
        here /= part
        there = _there(here)
        if there is not None and not stat.S_ISDIR(there):
            kind = "a symbolic link" if stat.S_ISLNK(there) else "no folder"
            raise FileError(here, f"it is {kind}", _MOVE)
    return folder / name


def _removed(folder: Path, name: str, known: Written) -> bool:
    """Remove a file that is as it was written, and folders that are empty then.

    Returns:
        Whether it is gone; it is not if somebody changed it.
    """
    try:
        path = _inside(folder, name)
    except FileError:  # a folder became something else: what it holds is not ours
        return False
    there = _there(path)
    if there is None:
        return True
    if not stat.S_ISREG(there) or _digest(path.read_bytes()) not in known[name][1]:
        return False
    path.unlink()
    for each in path.relative_to(folder).parents[:-1]:
        with suppress(OSError):  # not empty
            (folder / each).rmdir()
    return True


def _manifest(folder: Path) -> Written | None:
    """Return what was written into a folder; None if there is no list of it that can be read."""
    path = folder / MANIFEST
    if _there(path) is None or path.is_symlink():
        return None
    try:
        found = json.loads(path.read_bytes())
        return {
            name: (str(each["by"]), tuple(map(str, each["sha256"])))
            for name, each in found["files"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _note(folder: Path, written: Written) -> None:
    rows = {
        name: {"by": by, "sha256": sorted(digests)}
        for name, (by, digests) in sorted(written.items())
    }
    text = json.dumps({"note": _NOTE, "files": rows}, indent=1, ensure_ascii=False) + "\n"
    path, content = folder / MANIFEST, text.encode()
    if not path.is_file() or path.read_bytes() != content:
        _put(path, content)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@contextmanager
def _said(place: Path) -> Iterator[None]:
    """Turn what the system refuses into a message.

    Raises:
        FileError: a file could not be read or written.
    """
    try:
        yield
    except OSError as error:
        raise file_error(error, place) from None


def file_error(error: OSError, place: Path) -> FileError:
    """Return what the system refused as a message: the place, what, and the cure.

    Args:
        error: of the system.
        place: what was to be written.
    """
    at = Path(os.fsdecode(error.filename)) if isinstance(error.filename, (str, bytes)) else place
    if at.suffix == ".unfinished":
        at = place if at.parent == place.parent else at.parent
    if error.errno in _FULL:
        return FileError(at, "there is no room to write it", "make room, or name another place")
    if error.errno in _FORBIDDEN:
        return FileError(at, "that is not permitted", "name another place")
    return FileError(at, (error.strerror or str(error)).lower(), "name another place")


def encoded(texts: Mapping[str, str]) -> dict[str, bytes]:
    """Return texts as files hold them: UTF-8, lines ended by a newline alone."""
    return {name: text.encode() for name, text in texts.items()}
