"""The specifications that come with the package, and the works they cite."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from midpo_sym.language import tree
from midpo_sym.language.errors import Advice
from midpo_sym.session import remembered
from midpo_sym.spec.errors import SpecError
from midpo_sym.spec.model import Claim, Derivation
from midpo_sym.spec.reading.files import read_text
from midpo_sym.spec.reading.losses import load, loads

if TYPE_CHECKING:
    from midpo_sym.spec.theory import Audit, Chain, Setting, Theory

SOURCES = "sources.toml"
# Files of the theory, as the paper goes.
_THEORY = (
    "objective",
    "lemma_1",
    "optimal_policy",
    "reward",
    "joint_optimum",
    "policy_prior",
    "normalisable",
    "baselines",
)


@dataclass(frozen=True, slots=True)
class Work:
    """A work cited.

    Attributes:
        key: how specifications name it.
        authors: in the order of the title page.
        title: its title.
        year: of its first appearance.
        arxiv: its arXiv identifier.
    """

    key: str
    authors: tuple[str, ...]
    title: str
    year: int
    arxiv: str

    @property
    def short(self) -> str:
        """Return it as it is cited in a sentence: `Meng et al. 2024`."""
        names = [author.split()[-1] for author in self.authors]
        who = names[0] if len(names) == 1 else " and ".join(names[:2])
        return f"{names[0]} et al. {self.year}" if len(names) > 2 else f"{who} {self.year}"  # noqa: PLR2004

    def bibtex(self) -> str:
        """Return its BibTeX entry."""
        fields = {
            "author": " and ".join(self.authors),
            "title": f"{{{self.title}}}",  # inner braces keep the capitals
            "year": str(self.year),
            "eprint": self.arxiv,
            "archivePrefix": "arXiv",
        }
        lines = [f"  {name:<13} = {{{value}}}" for name, value in fields.items()]
        return "\n".join([f"@misc{{{self.key},", ",\n".join(lines), "}"])


def directory() -> Path:
    """Return the folder of the specifications: inside the wheel, or beside the package."""
    here = Path(__file__).resolve().parents[1]
    for folder in (here / "derivations", here.parent / "derivations"):
        if (folder / SOURCES).is_file():
            return folder
    raise FileNotFoundError("the specifications of midpo_sym are not where they were installed")


def ids() -> tuple[str, ...]:
    """Return the ids of the specifications, in the order of `order`."""
    return tuple(each.id for each in everything())


def order(derivation: Derivation) -> tuple[bool, str]:
    """Return what specifications are sorted by.

    Those whose prior is the reference itself come first, as all others are compared with them;
    then it goes by id.
    """
    return derivation.statement.zeta != tree.Probability("ref", "y"), derivation.id


@remembered(1)
def _names() -> frozenset[str]:
    """Return the ids without opening a file."""
    return frozenset(path.stem for path in directory().glob("*.toml")) - {Path(SOURCES).stem}


def is_shipped(id_: str) -> bool:
    """Return whether a specification of this id comes with the package."""
    return id_ in _names()


def get(id_: str) -> Derivation:
    """Return the specification with an id.

    Raises:
        SpecError: there is none, or its file has been damaged.
    """
    if not is_shipped(id_):
        near = difflib.get_close_matches(id_, ids(), n=1)
        cure = f"did you mean {near[0]}?" if near else "name one of these, or a .toml file"
        advice = Advice(id_[:60], ", ".join(ids()), cure)
        raise SpecError(id_[:60], "there is no such specification", advice=advice)
    path = directory() / f"{id_}.toml"
    return _loaded(read_text(path), path)


def find(target: str) -> Derivation:
    """Return the specification that a user names by an id, or by the path of a TOML file.

    Raises:
        SpecError: there is none, or it breaks a rule of the language.
    """
    looks_like_a_path = target.endswith(".toml") or os.sep in target or Path(target).exists()
    if not is_shipped(target) and looks_like_a_path:
        return load(Path(target))
    return get(target)


def find_statement(target: str) -> tuple[Derivation, Claim | None]:
    """Return what a user names by an id, by `id/claim`, or by the path of a TOML file.

    Raises:
        SpecError: there is none, or it breaks a rule of the language.
    """
    name, _, wanted = target.partition("/")
    if not (wanted and is_shipped(name)):
        return find(target), None
    derivation = get(name)
    for claim in derivation.claims:
        if claim.id == wanted:
            return derivation, claim
    allowed = ", ".join(f"{name}/{each.id}" for each in derivation.claims)
    raise SpecError(target[:60], "there is no such claim", advice=Advice(wanted[:60], allowed))


@remembered(64)
def _loaded(text: str, path: Path) -> Derivation:
    return loads(text, path)


def everything() -> tuple[Derivation, ...]:
    """Return all specifications, in the order of `order`."""
    return tuple(sorted(map(get, _names()), key=order))


def theories() -> tuple[Theory, ...]:
    """Return the files of the theory, in the order of the paper."""
    return read_theories(directory())


def read_theories(folder: Path) -> tuple[Theory, ...]:
    """Return the theory beside the specifications of a folder, in the order of the paper.

    Raises:
        SpecError: a file breaks a rule of the language.
    """
    paths = sorted((folder / "theory").glob("*.toml"))
    found = [_loaded_theory(read_text(path), path) for path in paths]
    order = {id_: place for place, id_ in enumerate(_THEORY)}
    return tuple(sorted(found, key=lambda each: order.get(each.setting.id, len(order))))


@remembered(64)
def _loaded_theory(text: str, path: Path) -> Theory:
    from midpo_sym.spec.reading.theory import loads_theory  # noqa: PLC0415 - not for losses

    return loads_theory(text, path)


def theory_beside(path: Path, id_: str) -> Theory:
    """Return a file of the theory by its id: from the folder of another, or of those shipped.

    Raises:
        SpecError: there is none, or it breaks a rule of the language.
    """
    beside = path.parent / f"{id_}.toml"
    known = [each.stem for each in sorted((directory() / "theory").glob("*.toml"))]
    if not beside.is_file():
        if id_ not in known:
            advice = Advice(id_[:60], f"{', '.join(known)}, or a file beside {path.name}")
            raise SpecError(id_[:60], "there is no such file of the theory", advice=advice)
        beside = directory() / "theory" / f"{id_}.toml"
    return _loaded_theory(read_text(beside), beside)


def find_chains(target: str) -> list[tuple[Chain, Setting]]:
    """Return the chains that a user names by a file's id, by `id/chain`, or by a TOML file.

    Raises:
        SpecError: there is none, or it breaks a rule of the language.
    """
    if target.endswith(".toml"):
        from midpo_sym.spec.reading.theory import load_theory  # noqa: PLC0415 - not for losses

        own = load_theory(Path(target))
        return [(chain, own.setting) for chain in own.chains]
    id_, _, wanted = target.partition("/")
    known = {
        f"{each.setting.id}/{chain.id}": (chain, each.setting)
        for each in theories()
        for chain in each.chains
    }
    found = [
        pair
        for name, pair in known.items()
        if pair[1].id == id_ and wanted in ("", name.partition("/")[2])
    ]
    if not found:
        near = difflib.get_close_matches(target, [*_THEORY, *known], n=1)
        cure = f"did you mean {near[0]}?" if near else "midpo theory lists them"
        advice = Advice(target[:60], f"{', '.join(_THEORY)}, or one of their chains", cure)
        raise SpecError(target[:60], "there is no such derivation", advice=advice)
    return found


def audits() -> tuple[Audit, ...]:
    """Return the files of the audit, in the order of the paper."""
    return read_audits(directory())


def read_audits(folder: Path) -> tuple[Audit, ...]:
    """Return the audit beside the specifications of a folder, in the order of the paper.

    Raises:
        SpecError: a file breaks a rule of the language.
    """
    paths = (folder / "audit").glob("*.toml")
    in_order = sorted(paths, key=lambda path: (path.stem.startswith("appendix"), path.stem))
    return tuple(_loaded_audit(read_text(path), path) for path in in_order)


@remembered(64)
def _loaded_audit(text: str, path: Path) -> Audit:
    from midpo_sym.spec.reading.theory import loads_audit  # noqa: PLC0415 - not for losses

    return loads_audit(text, path)


def works() -> dict[str, Work]:
    """Return the works cited, by key."""
    return read_works(directory())


def read_works(folder: Path) -> dict[str, Work]:
    """Return the works that the `sources.toml` of a folder names, by key."""
    return dict(_works((folder / SOURCES).read_text(encoding="utf-8")))


@remembered(8)
def _works(text: str) -> Mapping[str, Work]:
    return {
        key: Work(key, tuple(each["authors"]), each["title"], each["year"], each["arxiv"])
        for key, each in tomllib.loads(text).items()
    }


def cited(work: str) -> str:
    """Return a citation: of a work in `sources.toml` by its authors and year, else as it is."""
    known = works().get(work)
    return known.short if known else work
