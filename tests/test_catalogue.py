"""The shipped specifications and the works they cite."""

import re

import pytest

from midpo_sym import catalogue


def test_the_paper_s_eight_algorithms_and_tdpo2_are_there():
    assert set(catalogue.ids()) == {
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


@pytest.mark.parametrize("id_", catalogue.ids())
def test_every_work_cited_is_in_sources(id_):
    derivation = catalogue.get(id_)
    assert derivation.source is not None
    cited = {derivation.source.work, *(claim.citation.work for claim in derivation.claims)}
    assert cited <= set(catalogue.works())


@pytest.mark.parametrize("work", catalogue.works().values(), ids=lambda work: work.key)
def test_bibtex_is_well_formed(work):
    """One entry with balanced braces, each field once, an arXiv id of the usual form."""
    entry = work.bibtex()
    assert entry.startswith(f"@misc{{{work.key},\n")
    assert entry.count("{") == entry.count("}")
    fields = re.findall(r"^  (\w+) +=", entry, re.MULTILINE)
    assert fields == ["author", "title", "year", "eprint", "archivePrefix"]
    assert re.fullmatch(r"\d{4}\.\d{5}", work.arxiv)
    assert work.key.startswith(work.authors[0].split()[-1].lower())


def test_no_work_is_left_uncited():
    used = {
        citation.work
        for each in catalogue.everything()
        for citation in (each.source, *(claim.citation for claim in each.claims))
        if citation
    }
    assert used == set(catalogue.works())


def test_works_are_cited_by_authors_and_year():
    works = catalogue.works()
    assert works["meng2024simpo"].short == "Meng et al. 2024"
    assert catalogue.cited("omura2024hdpo") == "Omura et al. 2024"
    assert catalogue.cited("my thesis") == "my thesis"
