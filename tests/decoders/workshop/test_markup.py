"""HTML comes out well-formed whatever the texts are."""

from __future__ import annotations

from decoders.workshop.pages.markup import element, joined, linked

HOSTILE = '</pre><script>alert("1 & 2")</script>'


def test_texts_and_attributes_are_escaped() -> None:
    made = element("p", HOSTILE, title=HOSTILE)

    assert made == (
        '<p title="&lt;/pre&gt;&lt;script&gt;alert(&quot;1 &amp; 2&quot;)&lt;/script&gt;">'
        '&lt;/pre&gt;&lt;script&gt;alert("1 &amp; 2")&lt;/script&gt;</p>'
    )


def test_an_element_within_another_stays_one() -> None:
    made = element("ul", element("li", "a & b"), None, element("li", hidden=True), class_="x", aria_label=None)

    assert made == '<ul class="x"><li>a &amp; b</li><li hidden></li></ul>'


def test_an_element_without_content_is_not_closed() -> None:
    assert element("input", type="search", aria_describedby="hint") == '<input type="search" aria-describedby="hint">'


def test_addresses_are_links_without_the_marks_after_them() -> None:
    made = linked("see https://example.org/a?b=1&c=2, (http://example.org/d) & <more>")

    assert made == (
        'see <a href="https://example.org/a?b=1&amp;c=2">https://example.org/a?b=1&amp;c=2</a>, '
        '(<a href="http://example.org/d">http://example.org/d</a>) &amp; &lt;more&gt;'
    )


def test_parts_are_joined_by_a_text() -> None:
    assert joined("a", None, "b", by=", ") == "a, b"
