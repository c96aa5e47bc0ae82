"""Rich responses are sanitised wherever they are read."""

from __future__ import annotations

import pytest

from appliance.rendering.response_html import sanitise_response_html


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>a <b>b</b> x<sup>2</sup></p><ul><li>c</li></ul>",) * 2,
        ('<p onclick="x()" style="color:red" class="c">a</p>', "<p>a</p>"),
        ('<img src="x" onerror="alert(1)">a', "a"),
        ("<script>alert(1)</script>a", "a"),
        ('<a href="javascript:x">a</a>', "a"),
        ("a &lt;b&gt; &amp; c", "a &lt;b&gt; &amp; c"),
    ],
)
def test_only_simple_formatting_stays_when_a_rich_response_is_read(
    html: str, expected: str
) -> None:
    """What the editor writes stays exactly; everything else goes."""
    assert expected == sanitise_response_html(html)
