"""The plugin of pytest: specification files are tests, and so are the losses that tests return.

pytest imports this file whenever it starts, in every project of the same environment. So it costs
nothing there: it is off until `--midpo` or the key `midpo` of the ini-file asks for it, and loads
nothing before there is something to prove.

    pytest --midpo

    [tool.pytest.ini_options]
    midpo = true                     # as if --midpo were given
    midpo_specs = ["losses"]         # the folders of specification files; all that are met if not
"""

from __future__ import annotations

from pathlib import Path

import pytest

_MARKER = (
    "midpo(spec, *, bind=None, at=None): the function or module that the test returns is the loss "
    "of a specification, an id or a file beside the test; proved if --midpo asks for it"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--midpo`, and the keys of the ini-file."""
    group = parser.getgroup("midpo", "proofs of preference-optimisation losses")
    group.addoption(
        "--midpo",
        action="store_true",
        help="Prove the specification files that are met, a test for each claim, and the losses "
        "that tests marked with midpo return.",
    )
    parser.addini("midpo", "As if --midpo were given.", type="bool", default=False)
    parser.addini(
        "midpo_specs",
        "Folders of specification files; if there are none, all files that are met.",
        type="paths",
        default=[],
    )


@pytest.hookimpl(trylast=True)  # when --midpo and the ini-file are known
def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker; if it is asked for, add what collects and proves."""
    config.addinivalue_line("markers", _MARKER)
    if config.getoption("--midpo") or config.getini("midpo"):
        from midpo_sym.testing.collecting import Collecting  # noqa: PLC0415 - if it is asked for

        config.pluginmanager.register(Collecting(_folders(config)), "midpo-collecting")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what the marker asks for where no proofs are."""
    if item.get_closest_marker("midpo") and not item.config.pluginmanager.has_plugin(
        "midpo-collecting"
    ):
        pytest.skip("a proof, and pytest is run without --midpo")


def _folders(config: pytest.Config) -> list[Path]:
    """Return the folders of specification files, and have pytest look there if no path is named."""
    folders = [Path(each).resolve() for each in config.getini("midpo_specs")]
    for folder in folders:
        if not folder.is_dir():
            message = f"midpo_specs: {folder}: there is no such folder"
            raise pytest.UsageError(message)
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        known = [(config.invocation_params.dir / each).resolve() for each in config.args]
        config.args += [
            str(each) for each in folders if not any(each.is_relative_to(other) for other in known)
        ]
    return folders
