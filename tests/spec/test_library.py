"""The shipped specifications and the works they cite."""

import re

import pytest

from midpo_sym.spec import library


def test_the_paper_s_eight_algorithms_and_tdpo2_are_there():
    assert set(library.paper_ids()) == {
        "dpo",
        "dice",
        "centropy",
        "simpo",
        "r_dpo",
        "tdpo",
        "tdpo2",
        "tis_dpo",
        "sparsepo",
    }


@pytest.mark.parametrize("id_", library.paper_ids())
def test_every_work_cited_is_in_sources(id_):
    derivation = library.get(id_)
    assert derivation.source is not None
    cited = {derivation.source.work, *(claim.citation.work for claim in derivation.claims)}
    assert cited <= set(library.works())


@pytest.mark.parametrize("work", library.works().values(), ids=lambda work: work.key)
def test_bibtex_is_well_formed(work):
    """One entry with balanced braces, each field once, an arXiv id of the usual form."""
    entry = work.bibtex()
    assert entry.startswith(f"@misc{{{work.key},\n")
    assert entry.count("{") == entry.count("}")
    fields = re.findall(r"^  (\w+) +=", entry, re.MULTILINE)
    if work.arxiv:
        assert fields == ["author", "title", "year", "eprint", "archivePrefix"]
        assert re.fullmatch(r"\d{4}\.\d{5}", work.arxiv)
    else:
        assert fields == ["author", "title", "year"]
    name = work.authors[0].split()[-1].lower()
    assert work.key.startswith("".join(letter for letter in name if letter.isalpha()))


@pytest.mark.slow
def test_no_work_is_left_uncited():
    used = {
        citation.work
        for each in library.everything()
        for citation in (each.source, *(claim.citation for claim in each.claims))
        if citation
    }
    assert set(library.works()) <= used


def test_works_are_cited_by_authors_and_year():
    works = library.works()
    assert works["meng2024simpo"].short == "Meng et al. 2024"
    assert library.cited("omura2024hdpo") == "Omura et al. 2024"
    assert library.cited("my thesis") == "my thesis"
