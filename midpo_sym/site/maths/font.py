"""The font of the mathematics: STIX Two Math (OFL 1.1), cut down to what pages use.

A browser lays mathematics out by the MATH table of the font, and most systems have no font with
one; the `ziamath` wheel carries this one.
"""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

from midpo_sym.files import keep

_FILE = Path("fonts") / "STIXTwoMath-Regular.ttf"
_CHARACTERS = frozenset(
    (
        *range(0x20, 0x180),  # Latin
        *range(0x391, 0x3F7),  # Greek
        *range(0x1D400, 0x1D800),  # mathematical letters
        *range(0x2010, 0x2040),  # dashes, primes, ‖, …
        *range(0x2061, 0x2065),  # invisible operators
        *range(0x2080, 0x208A),  # indices
        *range(0x2100, 0x2150),  # letterlike
        *range(0x2190, 0x21C0),  # arrows
        *range(0x2200, 0x2300),  # operators
        0x22EF,
        0x23DE,
        0x23DF,
        0x25A1,
        0x27E8,
        0x27E9,
        0xFE00,
    )
)


def woff2(cache: Path | None = None) -> bytes:
    """Return the font for the web; the same bytes from the same wheels.

    Args:
        cache: a folder of fonts made before, to be read and added to.
    """
    if cache is None:
        return _cut()
    versions = [version(each) for each in ("ziamath", "fonttools", "brotli")]
    own = Path(__file__).read_text(encoding="utf-8")
    key = hashlib.sha256("\n".join([own, *versions]).encode()).hexdigest()
    path = cache / f"{key[:32]}.woff2"
    if path.is_file():
        return path.read_bytes()
    font = _cut()
    keep(path, font)
    return font


def _cut() -> bytes:
    from fontTools import subset  # noqa: PLC0415 - a font is not made in every build

    options = subset.Options()
    options.flavor = "woff2"
    options.layout_features = ["*"]
    options.name_IDs = [0, 1, 2, 5, 13, 14]  # its name and its licence stay with it
    options.hinting = False
    stream = BytesIO()
    with _source().open("rb") as file:
        font = subset.load_font(file, options, lazy=False)
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=_CHARACTERS)
        subsetter.subset(font)
        subset.save_font(font, stream, options)
    return stream.getvalue()


def _source() -> Path:
    found = find_spec("ziamath")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("the font of the mathematics comes with the package ziamath")
    return Path(found.origin).parent / _FILE
