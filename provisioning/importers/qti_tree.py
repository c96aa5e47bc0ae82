"""One spelling for all versions of QTI: elements and attributes by their QTI 3 names.

QTI 2.x says `choiceInteraction responseIdentifier`, QTI 3 `qti-choice-interaction
response-identifier`.  After this, the rest of the importer knows only the second.  HTML elements
keep their names; MathML keeps its own under `math`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

MATHML = "http://www.w3.org/1998/Math/MathML"
XHTML = "http://www.w3.org/1999/xhtml"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_CAPITAL = re.compile(r"(?<=[a-z0-9])([A-Z])")

# What QTI 2.1, 2.2 and 3.0 take over from (X)HTML, and a few that people write nevertheless.
_HTML_WORDS = (
    "a abbr acronym address article aside audio b bdi bdo big blockquote br caption center cite"
    " code col colgroup dd del details dfn div dl dt em embed fieldset figcaption figure font"
    " footer form h1 h2 h3 h4 h5 h6 header hr i iframe img input ins kbd label legend li link main"
    " mark nav object ol p param picture pre q rb rp rt rtc ruby s samp script section select small"
    " source span strike strong style sub summary sup svg table tbody td textarea tfoot th thead"
    " time tr track tt u ul var video wbr button canvas"
)
HTML_NAMES = frozenset(_HTML_WORDS.split())


@dataclass(slots=True)
class Node:
    """An element: `text` before its first child, `tail` after its end, as in ElementTree."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""
    tail: str = ""
    children: list[Node] = field(default_factory=list)

    def get(self, name: str, default: str = "") -> str:
        """Return an attribute, trimmed."""
        return self.attributes.get(name, default).strip()

    def walk(self) -> Iterator[Node]:
        """Yield the node and everything below it."""
        yield self
        for child in self.children:
            yield from child.walk()

    def all(self, *names: str) -> list[Node]:
        """Return the children of these names."""
        return [child for child in self.children if child.name in names]

    def first(self, *names: str) -> Node | None:
        """Return the first child of these names, or None."""
        return next(iter(self.all(*names)), None)

    def below(self, *names: str) -> list[Node]:
        """Return everything below the node that has one of these names."""
        return [node for node in self.walk() if node.name in names and node is not self]

    def content(self) -> str:
        """Return all text in the node, with single spaces."""
        return " ".join("".join(_texts(self)).split())


def _texts(node: Node) -> Iterator[str]:
    yield node.text
    for child in node.children:
        yield from _texts(child)
        yield child.tail


def normalise(element: etree._Element) -> Node:
    """Return an element of any QTI version as QTI 3."""
    name = etree.QName(element)
    local = name.localname
    if name.namespace == MATHML:
        return _node(element, local if local == "math" else f"math:{local}", dict(_plain(element)))
    if name.namespace == XHTML or local in HTML_NAMES:
        return _node(element, local, dict(_plain(element)))
    qti = local if local.startswith("qti-") else f"qti-{kebab(local)}"
    return _node(element, qti, {kebab(key): value for key, value in _plain(element)})


def _node(element: etree._Element, name: str, attributes: dict[str, str]) -> Node:
    return Node(
        name=name,
        attributes=attributes,
        text=element.text or "",
        tail=element.tail or "",
        children=[normalise(child) for child in element],
    )


def _plain(element: etree._Element) -> Iterator[tuple[str, str]]:
    for key, value in element.attrib.items():
        written = str(key)
        if written == XML_LANG:
            yield "lang", str(value)
        elif not written.startswith("{"):
            yield written, str(value)


def kebab(name: str) -> str:
    """Turn a camelCase name into a kebab-case one."""
    return _CAPITAL.sub(r"-\1", name).lower()
