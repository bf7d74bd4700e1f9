"""What a page without a description is described by, and what needs an address."""

from midpo_sym.site.mkdocs.described import description


def test_it_is_the_first_paragraph_without_marks():
    text = "# Title\n\n<p>html</p>\n\nThe [`loss`](a.md) of *IPO*,\nin a line.\n\nMore.\n"
    assert description(text) == "The loss of IPO, in a line."


def test_a_long_one_ends_at_a_word():
    found = description("word " * 60)
    assert len(found) <= 160
    assert found.endswith("word…")


def test_a_page_of_no_text_has_none():
    assert description("# Title\n\n- a list\n\n::: module\n") == ""
