"""What a maker of pages gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Navigation = list[dict[str, "str | Navigation"]]


@dataclass(frozen=True, slots=True)
class Pages:
    """Files, and their place in the navigation.

    Attributes:
        files: contents by path within the website's sources.
        navigation: entries, in the way of mkdocs; a page that is only linked to has none.
    """

    files: Mapping[str, bytes]
    navigation: Navigation = field(default_factory=list)
