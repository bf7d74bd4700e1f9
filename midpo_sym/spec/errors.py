"""The error of a specification file: where, what, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass

from midpo_sym.language.errors import Advice
from midpo_sym.spec.reading.place import Place


@dataclass(eq=False)
class SpecError(Exception):
    """A specification file that cannot be read.

    Attributes:
        file: the file, as it was named.
        message: what is wrong.
        key: the key at fault, such as `loss.argument`; "" if the whole file is.
        place: its line and column; None if there is none.
        length: how many characters are at fault.
        advice: what was read, what is allowed, the cure.
    """

    file: str
    message: str
    key: str = ""
    place: Place | None = None
    length: int = 1
    advice: Advice = Advice()  # noqa: RUF009 - frozen

    def __str__(self) -> str:
        """Say everything, with the line of the file under the message."""
        where = [self.file]
        if self.place:
            where += [str(self.place.line), str(self.place.column)]
        lines = [f"{':'.join(where)}: {f'{self.key}: ' if self.key else ''}{self.message}"]
        if self.place and self.place.text.strip():
            start = max(0, self.place.column - 60)
            shown = self.place.text[start : start + 100]
            column = self.place.column - 1 - start
            marks = max(1, min(self.length, len(shown) - column))
            lines += [f"    {shown}", f"    {' ' * column}{'^' * marks}"]
        for what in ("read", "allowed", "cure"):
            value = getattr(self.advice, what)
            if value:
                lines.append(f"  {what + ':':<9}{value}")
        return "\n".join(map(_printable, lines))


def _printable(line: str) -> str:
    """Return a line without what would move the cursor of a terminal."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in line)
