"""A specification to start from."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined


def new_specification(id_: str) -> str:
    """Return the text of a specification that proves as it stands."""
    # The result is TOML, not HTML: nothing is to be escaped, and the id is checked by the caller.
    environment = Environment(
        loader=PackageLoader("midpo_sym.targets.toml"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701
    )
    template = environment.get_template("new.toml.jinja")
    return template.render(title=id_.replace("_", " "), file=f"{id_}.toml")
