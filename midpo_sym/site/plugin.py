"""The plugin of mkdocs: it adds the generated pages, and names the page that a formula is on."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.config import config_options
from mkdocs.config.base import Config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from midpo_sym.site import markdown_math
from midpo_sym.site.errors import SiteError
from midpo_sym.site.render import render
from midpo_sym.spec.errors import SpecError

_PLAIN = re.compile('<span class="(?:n|o|p|w)">([^<]*)</span>')


class MidpoConfig(Config):
    """The plugin's settings."""

    specs = config_options.Dir(exists=True, default="derivations")
    cache = config_options.Type(str, default="build/figures")


class MidpoPlugin(BasePlugin[MidpoConfig]):
    """Specifications to pages."""

    def on_files(self, files: Files, *, config: MkDocsConfig) -> Files:
        """Add the generated pages, and set the navigation.

        Raises:
            PluginError: a specification or a formula is wrong, or a verdict is not as expected.
        """
        root = Path(config.config_file_path or "").parent
        try:
            site = render(
                Path(self.config.specs), Path(config.docs_dir), cache=root / self.config.cache
            )
        except (SpecError, SiteError) as error:
            raise PluginError(str(error)) from error
        for path, content in site.files.items():
            files.append(File.generated(config, path, content=content))
        config.nav = site.navigation
        return files

    def on_page_content(self, html: str, **_: Any) -> str:
        """Leave out what marks the words of code that look like the text around them."""
        return _PLAIN.sub(r"\1", html)

    def on_page_markdown(self, markdown: str, *, page: Page, **_: Any) -> str:
        """Name the page, for the errors of formulas."""
        markdown_math.name_page(page.file.src_uri)
        return markdown
