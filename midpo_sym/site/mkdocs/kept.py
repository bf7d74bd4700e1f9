"""A rendered site, kept beside its figures until anything that it was made from has changed.

The name of what is kept is a hash of every file of this program and of the specifications, and of
the versions of all packages installed: the same name stands for the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import sys
import zipfile
from collections.abc import Iterable
from contextlib import suppress
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from midpo_sym import files as write
from midpo_sym.session import remembered

_PROGRAM = Path(__file__).parents[2]
_NAVIGATION = "navigation.json"
_SOURCES = ("*.py", "*.jinja", "*.json", "*.v")
_KEPT = re.compile("[0-9a-f]{32}")
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that an archive can say


def key(folders: Iterable[Path], *others: Path) -> str:
    """Return a name for what is made by this program from files.

    Args:
        folders: all files in them.
        others: more files, those of them that there are.
    """
    digest = hashlib.sha256(_program())
    given = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    for path in (*given, *(each for each in others if each.is_file())):
        _add(digest, path)
    return digest.hexdigest()[:32]


@remembered(1)  # what a server runs is what was read when it was started, whatever is written since
def _program() -> bytes:
    digest = hashlib.sha256()
    packages = sorted(f"{each.name} {each.version}" for each in distributions())
    for part in (sys.version, *packages):
        digest.update(f"{part}\n".encode())
    for path in sorted(path for pattern in _SOURCES for path in _PROGRAM.rglob(pattern)):
        _add(digest, path)
    return digest.digest()


def _add(digest: hashlib._Hash, path: Path) -> None:
    digest.update(f"{path}\n".encode())
    digest.update(hashlib.sha256(path.read_bytes()).digest())


def find(cache: Path, name: str) -> tuple[dict[str, bytes], Any] | None:
    """Return the files and the navigation that are kept under a name, if they are."""
    path = cache / f"{name}.zip"
    if not path.is_file():
        return None
    with zipfile.ZipFile(path) as archive:
        files = {each: archive.read(each) for each in archive.namelist()}
    return files, json.loads(files.pop(_NAVIGATION))


def keep(cache: Path, name: str, files: dict[str, bytes], navigation: Any) -> None:
    """Keep files and navigation under a name, in the place of what was kept before."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in (*files.items(), (_NAVIGATION, json.dumps(navigation).encode())):
            archive.writestr(zipfile.ZipInfo(path, _EPOCH), content, zipfile.ZIP_DEFLATED)
    write.keep(cache / f"{name}.zip", stream.getvalue())
    with suppress(OSError):
        for old in cache.glob("*.zip"):
            if _KEPT.fullmatch(old.stem) and old.stem != name:  # others in the folder are not ours
                old.unlink()
