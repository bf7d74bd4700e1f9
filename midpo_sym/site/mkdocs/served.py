"""What a server has built: a page whose Markdown nobody has changed is not drawn again.

The first build is complete. In a later one a page is taken as it was if its Markdown is the same,
byte for byte, and with it what every page shows: the navigation, the configuration and the names
of all pages. A build that fails leaves nothing behind but pages it did not touch.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Built:
    """A page as it was built.

    Attributes:
        source: its Markdown.
        html: what is served.
        anchors: its ids, for links from other pages.
    """

    source: bytes
    html: str
    anchors: frozenset[str]


@dataclass(slots=True)
class Server:
    """What is kept from build to build.

    Attributes:
        pages: the pages of the last build that went well, by path of their Markdown.
        same: those of them that the build under way takes as they are.
        sources: the Markdown of all pages of the build under way, in the order of the build.
    """

    pages: dict[str, Built] = field(default_factory=dict)
    same: dict[str, Built] = field(default_factory=dict)
    sources: dict[str, bytes] = field(default_factory=dict)
    _frame: str = ""
    _found: dict[str, list[Any]] = field(default_factory=dict)

    def begin(self, sources: Mapping[str, bytes], frame: Iterable[bytes]) -> None:
        """Begin a build.

        Args:
            sources: the Markdown of each page by its path.
            frame: what every page depends on.
        """
        digest = hashlib.sha256()
        for each in frame:
            digest.update(hashlib.sha256(each).digest())
        alike = digest.hexdigest() == self._frame
        self._frame = digest.hexdigest()
        self.sources = dict(sources)
        self.same = {
            path: built
            for path, built in self.pages.items()
            if alike and sources.get(path) == built.source
        }
        self.pages = dict(self.same)  # the others are drawn again, also after a build that failed

    def end(self, index: Path, urls: Mapping[str, str], drawn: Mapping[str, Built]) -> None:
        """End a build that went well.

        Args:
            index: the search index that was written; it has the pages that were drawn.
            urls: of each page, by path of its Markdown.
            drawn: the pages that were drawn.
        """
        self.pages |= drawn
        if not index.is_file():
            return
        written = json.loads(index.read_text(encoding="utf-8"))
        kept = {urls[path]: self._found.get(urls[path], []) for path in self.same}
        found: dict[str, list[Any]] = {url: kept.get(url, []) for url in urls.values()}
        for entry in written["docs"]:
            found[entry["location"].partition("#")[0]].append(entry)
        self._found = found
        written["docs"] = [entry for entries in found.values() for entry in entries]
        index.write_text(json.dumps(written, separators=(",", ":")), encoding="utf-8")
