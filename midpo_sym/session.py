"""The one owner of what is remembered between calls.

A function that is asked for the same thing again is marked with `remembered`. What it has returned
lies in the `Session` that is active when it is called, in a table of its own, under its arguments:
for a file these are what the file says, so that an edit is never missed. Without an active session
nothing is remembered. Marked functions depend on their arguments alone, so that no answer depends
on what a session was asked before (decision 17).

This module imports nothing of the package: every part of it may be marked, the kernel too.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from threading import Lock
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

# Which session is active; what it remembers is its own.
_active: ContextVar[Session | None] = ContextVar("session", default=None)
_NOTHING = object()


class _Key:
    """What a value lies under. Its hash is computed once: that of a large tree takes a while."""

    __slots__ = ("_hash", "_of")

    def __init__(self, of: Hashable) -> None:
        self._of = of
        self._hash = hash(of)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self._of == other._of


class Session:
    """What some calls remember for those after them; two sessions share nothing.

    It may be used by several threads. A copy, and what is unpickled, starts with nothing.
    """

    def __init__(self) -> None:
        self._tables: dict[str, OrderedDict[_Key, Any]] = {}
        self._lock = Lock()

    def recall(self, name: str, most: int, key: Hashable, make: Callable[[], T]) -> T:
        """Return what lies in a table under a key; make it, and lay it there, if nothing does.

        Args:
            name: the table.
            most: how many entries it may have; the one that was asked for longest ago goes first.
            key: what the value depends on, all of it.
            make: makes the value; an exception is passed on, and nothing is remembered.
        """
        place = _Key(key)
        with self._lock:
            table = self._tables.setdefault(name, OrderedDict())
            found = table.get(place, _NOTHING)
            if found is not _NOTHING:
                table.move_to_end(place)
                return found  # type: ignore[no-any-return]  # a table holds what `make` makes
        made = make()  # without the lock: it may ask for more
        with self._lock:
            table[place] = made
            while len(table) > most:
                table.popitem(last=False)
        return made

    def sizes(self) -> dict[str, int]:
        """Return how many entries each table has."""
        with self._lock:
            return {name: len(table) for name, table in self._tables.items()}

    def __repr__(self) -> str:
        """Return what a notebook shows."""
        return f"<Session: {sum(self.sizes().values())} entries>"

    def __reduce__(self) -> tuple[type[Session], tuple[()]]:
        """Return how a copy is made: one that remembers nothing."""
        return type(self), ()


@contextmanager
def remembering(session: Session | None = None) -> Iterator[Session]:
    """Make a session the active one.

    Args:
        session: the session; None for the one that is active already, or else for a new one.
    """
    session = session or _active.get() or Session()
    token = _active.set(session)
    try:
        yield session
    finally:
        _active.reset(token)


def remembered(most: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Return a decorator for a function whose value depends on its arguments alone.

    Args:
        most: how many values a session keeps of it.
    """

    def marked(function: Callable[P, T]) -> Callable[P, T]:
        name = f"{function.__module__}.{function.__qualname__}"

        @wraps(function)
        def asked(*args: P.args, **kwargs: P.kwargs) -> T:
            session = _active.get()
            if session is None:
                return function(*args, **kwargs)
            key = (args, tuple(sorted(kwargs.items()))) if kwargs else args
            return session.recall(name, most, key, lambda: function(*args, **kwargs))

        return asked

    return marked
