"""HTML of tables and lines: all text escaped, nothing fetched, no colour of its own."""

import re

from evenreg._html import Html, html, html_code, html_notes, html_page, html_said, html_table

NASTY = "<script>alert('x')</script> & \"q\""


def test_text_is_escaped_once_and_html_left_alone():
    assert html("a < b & c") == "a &lt; b &amp; c"
    assert html(html("a < b")) == "a &lt; b"
    assert html(Html("<b>a</b>")) == "<b>a</b>"


def test_no_part_lets_text_through():
    parts = [
        html_table([[NASTY, NASTY], [NASTY, NASTY]]),
        html_notes([NASTY]),
        html_said(NASTY),
        html_code(NASTY),
    ]
    for part in parts:
        assert "<script" not in part
        assert "&lt;script&gt;" in part
    assert all(str(part) in html_page(*parts) for part in parts)


def test_a_table_is_a_table():
    text = html_table([["", "rows"], ["many", "3"], ["  few", "1"]])
    assert len(re.findall(r"<tr>", text)) == 3
    assert re.findall(r'<th scope="col"[^>]*>(.*?)</th>', text) == ["", "rows"]
    assert re.findall(r'<th scope="row"[^>]*>(.*?)</th>', text) == ["many", "  few"]
    assert re.findall(r'<td[^>]*text-align:right">(.*?)</td>', text) == ["3", "1"]
    assert 'pre-wrap;text-align:left">  few' in text  # the indent of a name is seen


def test_colours_are_those_of_the_page():
    text = html_table([["a"], ["b"]])
    assert "color:inherit" in text
    assert not re.search(r"background|#[0-9a-f]{3}", text)
