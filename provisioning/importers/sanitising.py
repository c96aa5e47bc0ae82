"""The HTML an exam may hold: text, tables, pictures, sound and formulas; nothing that acts.

`qti_body` writes only this and reports what it leaves out; nh3 enforces it once more, so that a
mistake there cannot become a script here.
"""

from __future__ import annotations

import re

import nh3

_TEXT_WORDS = (
    "abbr address aside b bdi bdo blockquote br caption cite code col colgroup dd del details dfn"
    " div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i ins kbd li mark ol p pre q rp rt ruby s"
    " samp section small span strong sub summary sup table tbody td tfoot th thead time tr u ul var"
    " wbr"
)
_MATH_WORDS = (
    "math mi mn mo ms mtext mspace mrow mfrac msqrt mroot mstyle merror mpadded mphantom mfenced"
    " menclose msub msup msubsup munder mover munderover mmultiscripts mprescripts none mtable mtr"
    " mtd mlabeledtr semantics"
)
TEXT_TAGS = frozenset(_TEXT_WORDS.split())
MATH_TAGS = frozenset(_MATH_WORDS.split())
MEDIA_TAGS = frozenset({"img", "audio", "video", "source", "track"})

COMMON_ATTRIBUTES = frozenset({"lang", "dir", "title", "class", "aria-label", "aria-hidden"})
OUR_ATTRIBUTES = frozenset({"data-interaction", "data-gap", "data-hottext"})
MATH_ATTRIBUTES = frozenset(
    {
        *("display", "mathvariant", "stretchy", "fence", "separator", "form", "accent", "open"),
        *("close", "separators", "linethickness", "columnalign", "rowspan", "columnspan"),
        *("displaystyle", "scriptlevel", "notation", "alttext", "width", "height", "lspace"),
        *("rspace", "accentunder", "movablelimits", "largeop"),
    }
)
ATTRIBUTES: dict[str, frozenset[str]] = {
    "img": frozenset({"src", "alt", "width", "height"}),
    "audio": frozenset({"src", "controls"}),
    "video": frozenset({"src", "controls", "width", "height", "poster"}),
    "source": frozenset({"src", "type"}),
    "track": frozenset({"src", "kind", "srclang", "label"}),
    "td": frozenset({"colspan", "rowspan", "headers"}),
    "th": frozenset({"colspan", "rowspan", "scope", "abbr", "headers"}),
    "col": frozenset({"span"}),
    "colgroup": frozenset({"span"}),
    "ol": frozenset({"start", "type", "reversed"}),
    "li": frozenset({"value"}),
    "time": frozenset({"datetime"}),
}
SOURCE_ATTRIBUTES = frozenset({"src", "poster"})
_MEDIA_HREF = re.compile(r"media/[0-9a-z.]+")
_SHARED_CLASS = re.compile(r"qti-[a-z0-9\-]+|item-rubric")


def shared_classes(classes: str) -> str:
    """Return the classes of the QTI shared vocabulary; others mean nothing without their sheet."""
    return " ".join(name for name in classes.split() if _SHARED_CLASS.fullmatch(name))


def _kept_attribute(tag: str, name: str, value: str) -> str | None:
    if name in SOURCE_ATTRIBUTES:
        return value if _MEDIA_HREF.fullmatch(value) else None
    if name == "class":
        return shared_classes(value) or None
    return value


def sanitise_body(html: str) -> str:
    """Return `html` with nothing in it but what an exam may hold."""
    tags = TEXT_TAGS | MATH_TAGS | MEDIA_TAGS
    attributes = {
        tag: set(
            COMMON_ATTRIBUTES
            | OUR_ATTRIBUTES
            | ATTRIBUTES.get(tag, frozenset())
            | (MATH_ATTRIBUTES if tag in MATH_TAGS else frozenset())
        )
        for tag in tags
    }
    return nh3.clean(
        html,
        tags=set(tags),
        attributes=attributes,
        attribute_filter=_kept_attribute,
        url_schemes=set(),
        link_rel=None,
        strip_comments=True,
    ).strip()
