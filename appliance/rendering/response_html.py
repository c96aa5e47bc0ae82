"""The HTML a candidate may write in a rich text, and how to be sure it is nothing else.

The browser's editor writes exactly this; it is sanitised again wherever it is read, because what
arrives at the box need not come from our editor.
"""

from __future__ import annotations

import nh3

RESPONSE_TAGS = frozenset({"p", "br", "b", "i", "u", "sup", "sub", "ul", "ol", "li"})


def sanitise_response_html(html: str) -> str:
    """Return a rich response with nothing in it but paragraphs, lists and simple emphasis."""
    return nh3.clean(html, tags=set(RESPONSE_TAGS), attributes={}, link_rel=None)
