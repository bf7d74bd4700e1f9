"""A specification to start from."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

TEMPLATES = {"pair": "new.toml.jinja", "terms": "terms.toml.jinja"}


def new_specification(id_: str, shape: str = "pair") -> str:
    """Return the text of a specification that proves as it stands.

    Args:
        id_: the name of its file without `.toml`.
        shape: a row of `TEMPLATES`: a loss of the argument of a pair, or one of several terms.
    """
    # The result is TOML, not HTML: nothing is to be escaped, and the id is checked by the caller.
    environment = Environment(
        loader=PackageLoader("midpo_sym.targets.toml"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701
    )
    template = environment.get_template(TEMPLATES[shape])
    return template.render(title=id_.replace("_", " "), file=f"{id_}.toml")
