"""The text of a specification file, read with care: it may be anything."""

from __future__ import annotations

import stat
from pathlib import Path

from midpo_sym.language.errors import Advice
from midpo_sym.spec.errors import SpecError
from midpo_sym.spec.reading.place import Place, place_at

MAX_BYTES = 64 * 1024


def read_text(path: Path) -> str:
    """Return the text of a specification file.

    Raises:
        SpecError: it cannot be read, or is too long, or not UTF-8.
    """
    name = str(path)
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise SpecError(name, "is a directory", advice=Advice(cure="name a .toml file in it"))
        if not stat.S_ISREG(status.st_mode):  # a pipe would never end
            raise SpecError(name, "is not a file")
        if status.st_size > MAX_BYTES:
            raise SpecError(
                name,
                f"has {status.st_size:,} bytes",
                advice=Advice(allowed=f"at most {MAX_BYTES:,} bytes"),
            )
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise SpecError(name, "there is no such file") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SpecError(name, f"cannot be read: {reason}") from None
    if len(data) > MAX_BYTES:
        raise SpecError(name, "is too long", advice=Advice(allowed=f"at most {MAX_BYTES:,} bytes"))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        place = place_at(data[: error.start].decode("utf-8", "replace"), error.start)
        raise SpecError(
            name,
            f"is not UTF-8: byte 0x{data[error.start]:02x}",
            place=Place(place.line, place.column, ""),
            advice=Advice(cure="save the file as UTF-8"),
        ) from None
