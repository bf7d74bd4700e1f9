"""The specifications that come with the package, and the works they cite.

Those of the paper lie in `derivations`, those of the atlas in `derivations/atlas`. An id is the
name of a file, unique over both.
"""

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
ATLAS = "atlas"
PAPER = "paper"
EVERYTHING = "everything"
SETS = (EVERYTHING, PAPER, ATLAS)  # of specifications
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
        arxiv: its arXiv identifier; "" if it has none.
        url: where it is, if it is not on arXiv.
    """

    key: str
    authors: tuple[str, ...]
    title: str
    year: int
    arxiv: str
    url: str = ""

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
        }
        if self.arxiv:
            fields |= {"eprint": self.arxiv, "archivePrefix": "arXiv"}
        if self.url:
            fields["url"] = self.url
        lines = [f"  {name:<13} = {{{value}}}" for name, value in fields.items()]
        return "\n".join([f"@misc{{{self.key},", ",\n".join(lines), "}"])


def directory() -> Path:
    """Return the folder of the specifications: inside the wheel, or beside the package."""
    here = Path(__file__).resolve().parents[1]
    for folder in (here / "derivations", here.parent / "derivations"):
        if (folder / SOURCES).is_file():
            return folder
    raise FileNotFoundError("the specifications of midpo_sym are not where they were installed")


def ids(of: str = EVERYTHING) -> tuple[str, ...]:
    """Return the ids of a set of specifications: those of the paper, then those of the atlas.

    Args:
        of: a row of `SETS`.

    Raises:
        ValueError: there is no such set.
    """
    if of not in SETS:
        raise ValueError(f"there is no set of specifications {of!r}; expected: {', '.join(SETS)}")
    ours = paper_ids() if of != ATLAS else ()
    return (*ours, *(sorted(_names_in(ATLAS)) if of != PAPER else ()))


def paper_ids() -> tuple[str, ...]:
    """Return the ids of the specifications of the paper, in the order of `order`."""
    return tuple(each.id for each in paper())


def order(derivation: Derivation) -> tuple[bool, str]:
    """Return what specifications are sorted by.

    Those whose prior is the reference itself come first, as all others are compared with them;
    then it goes by id.
    """
    return derivation.statement.zeta != tree.Probability("ref", "y"), derivation.id


@remembered(2)
def _names_in(folder: str) -> frozenset[str]:
    """Return the ids in a folder, "" for the paper, without opening a file."""
    paths = (directory() / folder).glob("*.toml")
    return frozenset(path.stem for path in paths) - {Path(SOURCES).stem}


def names() -> tuple[str, ...]:
    """Return all ids without opening a file: those of the paper, then those of the atlas, by id."""
    return (*sorted(_names_in("")), *sorted(_names_in(ATLAS)))


def is_shipped(id_: str) -> bool:
    """Return whether a specification of this id comes with the package."""
    return id_ in _names_in("") or id_ in _names_in(ATLAS)


def file_of(id_: str) -> Path:
    """Return the file of a specification that comes with the package."""
    folder = "" if id_ in _names_in("") else ATLAS
    return directory() / folder / f"{id_}.toml"


def get(id_: str) -> Derivation:
    """Return the specification with an id.

    Raises:
        SpecError: there is none, or its file has been damaged.
    """
    if not is_shipped(id_):
        known = sorted(_names_in("") | _names_in(ATLAS))
        near = difflib.get_close_matches(id_, known, n=1)
        cure = f"did you mean {near[0]}?" if near else "name one of these, or a .toml file"
        allowed = f"{', '.join(paper_ids())}, and those of the atlas: midpo list"
        advice = Advice(id_[:60], allowed if _names_in(ATLAS) else ", ".join(paper_ids()), cure)
        raise SpecError(id_[:60], "there is no such specification", advice=advice)
    path = file_of(id_)
    found = _loaded(read_text(path), path)
    if path.parent.name == ATLAS:
        _check_of_atlas(found)
    return found


def _check_of_atlas(derivation: Derivation) -> None:
    """Refuse a file of the atlas that does not say where its formula is from.

    Raises:
        SpecError: it does not.
    """
    for key, there in (("source", derivation.source), ("checked", derivation.checked)):
        if not there:
            allowed = "a file of the atlas has source and checked"
            advice = Advice(allowed=allowed, cure=f"add {key}: see derivations/README.md")
            raise SpecError(str(derivation.path), f"the key {key} is missing", advice=advice)
    if derivation.id in _names_in(""):
        message = "there is a specification of the paper with this id"
        raise SpecError(str(derivation.path), message, advice=Advice(cure="rename the file"))


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


@remembered(256)
def _loaded(text: str, path: Path) -> Derivation:
    return loads(text, path)


def paper() -> tuple[Derivation, ...]:
    """Return the specifications of the paper's algorithms, in the order of `order`."""
    return tuple(sorted(map(get, _names_in("")), key=order))


def atlas() -> tuple[Derivation, ...]:
    """Return the specifications of the atlas, by id."""
    return tuple(map(get, sorted(_names_in(ATLAS))))


def everything() -> tuple[Derivation, ...]:
    """Return all specifications: those of the paper, then those of the atlas."""
    return (*paper(), *atlas())


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
    """Return the works that the `sources.toml` of a folder and of its atlas name, by key."""
    files = (folder / SOURCES, folder / ATLAS / SOURCES)
    texts = [path.read_text(encoding="utf-8") for path in files if path.is_file()]
    found: dict[str, Work] = {}
    for text in texts:
        found = {**found, **{k: v for k, v in _works(text).items() if k not in found}}
    return found


@remembered(8)
def _works(text: str) -> Mapping[str, Work]:
    return {
        key: Work(
            key,
            tuple(each["authors"]),
            each["title"],
            each["year"],
            each.get("arxiv", ""),
            each.get("url", ""),
        )
        for key, each in tomllib.loads(text).items()
    }


def cited(work: str) -> str:
    """Return a citation: of a work in `sources.toml` by its authors and year, else as it is."""
    known = works().get(work)
    return known.short if known else work
