"""A specification to start from."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

# Each shape: its template, and what it is for.
TEMPLATES = {
    "pair": ("new.toml.jinja", "a loss of the argument of a pair, under the log-sigmoid"),
    "link": ("link.toml.jinja", "the same under another link"),
    "anchor": ("anchor.toml.jinja", "single responses, each against an anchor"),
    "terms": ("terms.toml.jinja", "several terms, and something added"),
    "tokens": ("tokens.toml.jinja", "weights and divergences of tokens"),
    "data": ("data.toml.jinja", "numbers that are given: scores, margins"),
}


def new_specification(id_: str, shape: str = "pair") -> str:
    """Return the text of a specification that proves as it stands.

    Args:
        id_: the name of its file without `.toml`.
        shape: a row of `TEMPLATES`.
    """
    # The result is TOML, not HTML: nothing is to be escaped, and the id is checked by the caller.
    environment = Environment(
        loader=PackageLoader("midpo_sym.targets.toml"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701
    )
    template = environment.get_template(TEMPLATES[shape][0])
    return template.render(title=id_.replace("_", " "), file=f"{id_}.toml")
