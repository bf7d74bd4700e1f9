"""Pages in fewer bytes say the same."""

from html.parser import HTMLParser

from midpo_sym.site.maths.compact import compact


class Read(HTMLParser):
    """Tags with their attributes, and words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, attrs))

    def handle_data(self, data):
        self.words += data.split()


PAGE = """<div class="a b" id="x">
    <p>some   text
    goes on</p>

    <input name="q" value="" checked>
    <a href="../a.html#b" title="two words">link</a>
</div>
<pre><code>  kept
      as is</code></pre>
<script>  if (a < "b") { x="y" }
   y()</script>
"""


def test_tags_attributes_and_words_stay():
    short = compact(PAGE)
    assert len(short) < len(PAGE)
    ours, theirs = Read(short), Read(PAGE)
    assert ours.tags == theirs.tags
    assert ours.words == theirs.words


def test_what_is_verbatim_stays_to_the_letter():
    short = compact(PAGE)
    assert "<pre><code>  kept\n      as is</code></pre>" in short
    assert '<script>  if (a < "b") { x="y" }\n   y()</script>' in short


def test_a_space_between_words_of_a_line_stays():
    """A line break between two links is a space; between two paragraphs it is nothing."""
    assert compact("<a>one</a>\n   <a>two</a>") == "<a>one</a>\n<a>two</a>"
    assert compact("<p>one</p>\n\n<p>two</p>") == "<p>one</p><p>two</p>"


def test_a_value_that_ends_with_a_slash_keeps_its_quotes():
    assert compact('<a href="b/">x</a>') == '<a href="b/">x</a>'


def test_code_of_one_kind_becomes_one_and_keeps_its_text():
    code = '<pre><span class="c">one</span>\n  <span class="c">two</span> <span class="d">3</span>'
    assert (
        compact(f"{code}</pre>")
        == "<pre><span class=c>one\n  two</span> <span class=d>3</span></pre>"
    )


def test_a_formula_in_a_line_has_its_latex_once_and_one_on_its_own_always():
    latex = r"\log\pi(y_w\mid x) - \log\pi(y_l\mid x)"
    note = f'<annotation encoding="application/x-tex">{latex}</annotation>'
    inner = f"<semantics><mrow><mi>a</mi></mrow>{note}</semantics></math>"
    short = compact(f"<math data-search-exclude>{inner}" * 2 + f"<math>{inner}" * 2)
    assert short.count("<mi>a</mi>") == 4
    assert short.count("</annotation>") == 3
    assert "annotation" not in compact(f"<math data-search-exclude>{inner}".replace(latex, "a"))
