"""What `midpo site` does: build, serve and stage the website with mkdocs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from mkdocs.commands.build import build as mkdocs_build
from mkdocs.commands.serve import serve as mkdocs_serve
from mkdocs.config import load_config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort, ConfigurationError, PluginError

from midpo_sym.files import check_folder, file_error, install, written_in
from midpo_sym.site.mkdocs.errors import SiteError
from midpo_sym.site.mkdocs.render import render
from midpo_sym.spec.errors import SpecError

_PLUGIN = "midpo"
# The theme prints an advertisement for its successor otherwise.
os.environ.setdefault("NO_MKDOCS_2_WARNING", "1")


@dataclass(frozen=True, slots=True)
class Written:
    """What was written.

    Attributes:
        folder: where.
        files: how many there are.
        left: files of an earlier run that nothing needs now, left there because they were changed.
    """

    folder: Path
    files: int
    left: tuple[str, ...]


def build(
    config_file: Path, out: Path | None, *, site_url: str = "", force: bool = False
) -> Written:
    """Build the website, and return what was written.

    It is built in a temporary folder; what an earlier build wrote, and nobody changed, makes place.

    Args:
        config_file: mkdocs.yml.
        out: the folder to write; None for the one that the configuration names.
        site_url: where the website will be; "" for what the configuration says. Without any, what
            needs an absolute address is left out.
        force: whether the folder may hold other files.

    Raises:
        SpecError: a specification breaks a rule of the language.
        UnexpectedVerdictError: a claim comes out otherwise than its specification expects.
        SiteError: a formula, a link or the configuration is wrong.
        FileError: the folder cannot be written to, or holds other files.
    """
    if out:
        check_folder(out, force=force)
    changes = {"site_dir": str(out.resolve()) if out else "", "site_url": site_url}
    config = _config(config_file, **{key: value for key, value in changes.items() if value})
    folder = out or Path(config.site_dir)
    check_folder(folder, force=force, parents=out is None)
    with _scratch() as scratch:
        config.site_dir = str(scratch)
        try:
            config.plugins.on_startup(command="build", dirty=False)
            mkdocs_build(config)
        except (Abort, PluginError) as error:
            raise _cause(error) from None
        finally:
            config.plugins.on_shutdown()
        files = written_in(scratch)
    command = "midpo site build"
    left = install(files, folder, by=command, force=force, prune=True, parents=out is None)
    return Written(folder, len(files), left)


def serve(config_file: Path, address: str) -> None:
    """Serve the website, and build it anew when a file changes; until it is interrupted.

    Raises:
        SpecError: a specification breaks a rule of the language when it starts.
        SiteError: something else is wrong then.
    """
    _config(config_file)  # complains of the file before a server is started
    try:
        mkdocs_serve(str(config_file), dev_addr=address, strict=False)
    except (Abort, PluginError) as error:
        raise _cause(error) from None


def stage(config_file: Path, out: Path, *, force: bool = False) -> Written:
    """Write hand-written and generated pages and a configuration without this plugin.

    Args:
        config_file: mkdocs.yml.
        out: the folder to write: an empty one, one written so before, or one that is not there.
        force: whether the folder may hold other files.

    Raises:
        SpecError: a specification breaks a rule of the language.
        SiteError: a formula is wrong.
        FileError: the folder cannot be written to, or holds other files.
    """
    check_folder(out, force=force)
    config = _config(config_file)
    settings = config.plugins[_PLUGIN].config
    site = render(
        Path(settings["specs"]),
        Path(config.docs_dir),
        cache=config_file.resolve().parent / settings["cache"],
    )
    pages = {**written_in(Path(config.docs_dir)), **site.files}
    files = {f"site/{path}": content for path, content in pages.items()}
    files["mkdocs.yml"] = _staged(config_file, site.navigation).encode()
    left = install(files, out, by="midpo site stage", force=force, prune=True)
    return Written(out, len(files), left)


@contextmanager
def _scratch() -> Iterator[Path]:
    """Make a folder that is gone afterwards.

    Raises:
        FileError: it cannot be written to.
    """
    with TemporaryDirectory(prefix="midpo-") as name:
        try:
            yield Path(name)
        except OSError as error:
            raise file_error(error, Path(name)) from None


def _staged(config_file: Path, navigation: Any) -> str:
    """Return the configuration without the plugin, and with the navigation it makes."""
    found = yaml.safe_load(config_file.read_text(encoding="utf-8"))
    found["plugins"] = [each for each in found["plugins"] if _PLUGIN not in (each, *_keys(each))]
    found |= {"docs_dir": "site", "site_dir": "build", "nav": navigation}
    found.pop("watch", None)
    header = "# Generated by `midpo site stage`: the same pages for any builder.\n"
    text: str = yaml.safe_dump(found, allow_unicode=True, sort_keys=False)
    return header + text


def _keys(entry: Any) -> list[str]:
    return list(entry) if isinstance(entry, dict) else []


def _config(config_file: Path, **changes: Any) -> MkDocsConfig:
    if not config_file.is_file():
        raise SiteError(
            f"{config_file}: there is no such file\n"
            "  allowed: the mkdocs.yml of a checkout of midpo_sym\n"
            "  cure:    run this in the folder of the checkout, or name the file with --config"
        )
    try:
        return load_config(str(config_file), **changes)
    except (Abort, ConfigurationError) as error:
        raise SiteError(f"{config_file}: {error}") from None


def _cause(error: Exception) -> Exception:
    """Return what stopped the build, as the rest of the program knows it."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, (SpecError, SiteError)):
            return found
        found = found.__cause__ or found.__context__  # mkdocs aborts while it handles an error
    return SiteError(str(error))
