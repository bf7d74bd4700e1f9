"""The plugin of mkdocs: it adds the generated pages, and names the page that a formula is on.

Under a server it also leaves out the work of drawing what is the same as before, see `served`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from jinja2 import Environment
from mkdocs.config import config_options
from mkdocs.config.base import Config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin, event_priority
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

from midpo_sym.session import Session, remembering
from midpo_sym.site.maths import markdown_math
from midpo_sym.site.maths.compact import compact
from midpo_sym.site.mkdocs.described import description
from midpo_sym.site.mkdocs.errors import SiteError
from midpo_sym.site.mkdocs.render import render
from midpo_sym.site.mkdocs.served import Built, Server
from midpo_sym.site.mkdocs.templating import render as from_template
from midpo_sym.spec.errors import SpecError

_PLAIN = re.compile('<span class="(?:n|o|p|w)">([^<]*)</span>')


class MidpoConfig(Config):
    """The plugin's settings."""

    specs = config_options.Dir(exists=True, default="derivations")
    cache = config_options.Type(str, default="build/figures")


class MidpoPlugin(BasePlugin[MidpoConfig]):
    """Specifications to pages."""

    def __init__(self) -> None:
        self._server: Server | None = None
        self._session = Session()  # of all builds of a server
        self._urls: dict[str, str] = {}
        self._drawn: dict[str, Built] = {}

    def on_startup(self, *, command: Literal["build", "gh-deploy", "serve"], dirty: bool) -> None:
        """Note whether builds follow one another."""
        del dirty
        self._server = Server() if command == "serve" else None

    def on_files(self, files: Files, *, config: MkDocsConfig) -> Files:
        """Add the generated pages, and set the navigation.

        Raises:
            PluginError: a specification or a formula is wrong, or a verdict is not as expected.
        """
        configuration = Path(config.config_file_path or "")
        try:
            with remembering(self._session):
                site = render(
                    Path(self.config.specs),
                    Path(config.docs_dir),
                    cache=configuration.parent / self.config.cache,
                )
        except (SpecError, SiteError) as error:
            raise PluginError(str(error)) from error
        for path, content in site.files.items():
            files.append(File.generated(config, path, content=content))
        config.nav = site.navigation
        if self._server:
            pages = [each for each in files if each.is_documentation_page()]
            self._drawn = {}
            self._urls = {each.src_uri: each.url for each in pages}
            frame = [configuration.read_bytes(), json.dumps(site.navigation).encode()]
            frame += sorted(each.src_uri.encode() for each in pages)
            self._server.begin({each.src_uri: each.content_bytes for each in pages}, frame)
        return files

    def on_page_markdown(self, markdown: str, *, page: Page, **_: Any) -> str:
        """Name the page, for the errors of formulas; of a page that is the same, read nothing."""
        markdown_math.name_page(page.file.src_uri)
        if self._same(page.file):
            return ""
        if not page.meta.get("description"):
            page.meta["description"] = description(markdown)
        return markdown

    def on_page_content(self, html: str, *, page: Page, **_: Any) -> str:
        """Leave out what marks the words of code that look like the text around them."""
        if built := self._same(page.file):
            page.present_anchor_ids = set(built.anchors)  # links of other pages are checked
        return _PLAIN.sub(r"\1", html)

    def on_env(self, env: Environment, *, config: MkDocsConfig, files: Files) -> Environment:
        """Put the pages that are the same in their places, as they were built before."""
        for file in list(files.documentation_pages()):
            if built := self._same(file):
                files.remove(file)
                files.append(
                    File.generated(
                        config,
                        file.dest_uri,
                        content=built.html,
                        inclusion=InclusionLevel.INCLUDED,
                    )
                )
        return env

    def on_post_template(self, output: str, *, template_name: str, config: MkDocsConfig) -> str:
        """Leave out what needs an absolute address, if the website has none: see `site_url`."""
        if config.site_url:
            return output
        if template_name == "sitemap.xml":
            return ""
        if template_name == "404.html":
            return _lost(config)
        return output

    @event_priority(-100)  # when other plugins are done with it
    def on_post_page(self, output: str, *, page: Page, config: MkDocsConfig) -> str:
        """Return the page in fewer bytes, and keep it if it is served."""
        del config
        output = compact(output)
        if self._server:
            path = page.file.src_uri
            anchors = frozenset(page.present_anchor_ids or ())
            self._drawn[path] = Built(self._server.sources[path], output, anchors)
        return output

    @event_priority(-50)  # after the plugin that writes the index, before the one that copies it
    def on_post_build(self, *, config: MkDocsConfig) -> None:
        """Add the pages that were not drawn again to the search index."""
        if self._server:
            index = Path(config.site_dir) / "search/search_index.json"
            self._server.end(index, self._urls, self._drawn)

    def _same(self, file: File) -> Built | None:
        return self._server.same.get(file.src_uri) if self._server else None


def _lost(config: MkDocsConfig) -> str:
    """Return the page for an address that there is not, which needs no other file."""
    pages = [
        (title, address.removesuffix(".md") + ".html")
        for each in config.nav or []
        for title, address in each.items()
        if isinstance(address, str) and address != "index.md"
    ]
    folders = sorted({address.partition("/")[0] for address in _nested(config.nav or [])})
    return from_template(
        "lost.html", name=config.site_name, pages=pages, folders=[*folders, "atlas"]
    ).decode()


def _nested(navigation: list[Any]) -> Iterator[str]:
    """Yield the addresses of a navigation that lie in a folder."""
    for each in navigation:
        for found in each.values():
            if not isinstance(found, str):
                yield from _nested(found)
            elif "/" in found:
                yield found
