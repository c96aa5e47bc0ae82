"""Moodle XML: its questions as items (their word; ours is item)."""

from __future__ import annotations

import base64
import binascii
from decimal import Decimal
from html import escape

from lxml import etree, html

from appliance.domain.exams import TextFormat
from appliance.domain.scoring import decimal_of
from provisioning.importers.media import MediaShelf
from provisioning.importers.plain_items import PlainItem, Suggestion, Way
from provisioning.importers.qti_body import BodyWriter
from provisioning.importers.qti_tree import Node
from provisioning.importers.reporting import ItemReport, Report

ROOT_NAME, ITEM_NAME = "quiz", "question"
FILE_PREFIX = "@@PLUGINFILE@@/"
ESSAY_FORMATS = {
    "editor": TextFormat.RICH,
    "editorfilepicker": TextFormat.RICH,
    "monospaced": TextFormat.PREFORMATTED,
}
FEEDBACK = ("generalfeedback", "correctfeedback", "partiallycorrectfeedback", "incorrectfeedback")
NAMES = {"true": "True", "false": "False"}


class EmbeddedFiles:
    """The files that lie inside the XML, as a source that media are taken from."""

    name = "embedded"

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}

    def add(self, path: str, content: bytes) -> None:
        """Add one file."""
        self._files[path] = content

    def names(self) -> list[str]:
        """Return the paths of all files."""
        return list(self._files)

    def read(self, path: str) -> bytes | None:
        """Return a file's content, or None."""
        return self._files.get(path)

    def original(self) -> dict[str, bytes]:
        """Return nothing: the XML that holds the files is the original."""
        return {}


class MoodleReader:
    """Reads one Moodle XML file."""

    def __init__(self, root: etree._Element, report: Report) -> None:
        self._root = root
        self._report = report
        self._files = EmbeddedFiles()
        self.shelf = MediaShelf(self._files)

    def read(self) -> list[tuple[PlainItem, ItemReport]]:
        """Return the items with their reports, in the order of the file."""
        items = []
        for number, node in enumerate(self._root.iterchildren(ITEM_NAME), start=1):
            kind = node.get("type", "")
            if kind == "category":
                continue  # a folder of the item bank, not a part of the exam
            report = ItemReport(self._report, f"item-{number}")
            item = _MoodleItem(node, self._files, self.shelf, report).read(kind)
            if item is None:
                report.lost(f"Items of the kind {kind!r} are not supported: {_title(node)}")
            else:
                items.append((item, report))
        return items


class _MoodleItem:
    def __init__(
        self, node: etree._Element, files: EmbeddedFiles, shelf: MediaShelf, report: ItemReport
    ) -> None:
        self._node = node
        self._report = report
        self._folder = report.item_id
        self._files = files
        self._writer = BodyWriter(
            base=f"{self._folder}/text", shelf=shelf, report=report, handlers={}
        )

    def read(self, kind: str) -> PlainItem | None:
        ways = {
            "multichoice": Way.CHOICE,
            "truefalse": Way.CHOICE,
            "shortanswer": Way.TEXT,
            "numerical": Way.NUMBER,
            "matching": Way.MATCH,
            "essay": Way.ESSAY,
            "description": Way.NONE,
        }
        if kind not in ways:
            return None
        self._take_files()
        self._report_what_is_left_out()
        way = ways[kind]
        return PlainItem(
            title=_title(self._node),
            body_html=self._html(self._node.find("questiontext")),
            way=way,
            points=decimal_of(_text(self._node, "defaultgrade")) or Decimal(1),
            suggestions=self._suggestions(kind, way),
            is_multiple=kind == "multichoice" and _text(self._node, "single") == "false",
            is_shuffled=_text(self._node, "shuffleanswers") in {"true", "1"},
            is_case_sensitive=_text(self._node, "usecase") == "1",
            text_format=ESSAY_FORMATS.get(_text(self._node, "responseformat"), TextFormat.PLAIN),
            lines=_count(_text(self._node, "responsefieldlines")) or None,
            takes_file=_count(_text(self._node, "attachments")) != 0,
            guide_html=self._html(self._node.find("graderinfo")),
        )

    def _suggestions(self, kind: str, way: Way) -> tuple[Suggestion, ...]:
        if way is Way.MATCH:
            return tuple(
                Suggestion(html=self._html(pair, phrase=True), target=escape(_text(pair, "answer")))
                for pair in self._node.iterchildren("subquestion")
            )
        suggestions = []
        for one in self._node.iterchildren("answer"):
            share = (decimal_of(one.get("fraction", "0")) or Decimal(0)) / 100
            words = one.findtext("text") or ""
            if kind == "truefalse":
                words = NAMES.get(words.strip(), words)
            written = self._html(one, phrase=True) if kind == "multichoice" else words.strip()
            tolerance = decimal_of(_own_text(one, "tolerance")) or Decimal(0)
            suggestions.append(
                Suggestion(html=written, share=share, tolerance=format(tolerance, "f"))
            )
        return tuple(suggestions)

    def _html(self, node: etree._Element | None, *, phrase: bool = False) -> str:
        """Return the sanitised HTML of a text in any of Moodle's formats."""
        if node is None:
            return ""
        written = node.findtext("text") or ""
        if not written.strip():
            return ""
        if node.get("format") not in {"html", "moodle_auto_format", None}:
            written = "<p>" + escape(written).replace("\n", "<br>") + "</p>"
        tree = html_node(written)
        return self._writer.phrase(tree) if phrase else self._writer.content(tree)

    def _take_files(self) -> None:
        for file in self._node.iter("file"):
            name = file.get("name", "")
            try:
                content = base64.b64decode("".join((file.text or "").split()), validate=True)
            except binascii.Error:
                self._report.lost(f"An embedded file is damaged: {name[:120]}.")
                continue
            parent = file.getparent()
            if parent is not None and parent.tag == ITEM_NAME:
                self._report.lost(f"An attached file is left out: {name[:120]}.")
            else:
                self._files.add(f"{self._folder}/{name}", content)

    def _report_what_is_left_out(self) -> None:
        names = [*FEEDBACK, "feedback"]
        if any(
            (one.findtext("text") or "").strip() for name in names for one in self._node.iter(name)
        ):
            self._report.lost("Feedback that depends on responses is not shown in an exam.")
        if any((one.findtext("text") or "").strip() for one in self._node.iterchildren("hint")):
            self._report.lost("Hints are not shown in an exam.")
        if (self._node.findtext("responsetemplate/text") or "").strip():
            self._report.lost("A text to begin with is left out; the response begins empty.")
        if next(self._node.iter("unit"), None) is not None:
            self._report.warn("Units are not read; candidates write the number only.")
        if _count(_text(self._node, "attachments")) not in {0, 1}:
            self._report.warn("Several files were allowed; one is collected.")


def html_node(written: str) -> Node:
    """Parse HTML as browsers do into the tree that bodies are written from."""
    return _node_of(html.fragment_fromstring(written, create_parent="div"))


def _node_of(element: etree._Element) -> Node:
    attributes = {
        str(key): str(value).removeprefix(FILE_PREFIX) for key, value in element.attrib.items()
    }
    return Node(
        name=str(element.tag).lower(),
        attributes=attributes,
        text=element.text or "",
        tail=element.tail or "",
        children=[_node_of(child) for child in element if isinstance(child.tag, str)],
    )


def _title(node: etree._Element) -> str:
    return " ".join((node.findtext("name/text") or "").split())[:200]


def _own_text(node: etree._Element, name: str) -> str:
    return (node.findtext(name) or "").strip()


def _text(node: etree._Element, name: str) -> str:
    """Return the text of a child, whether it is there directly or in a `text` of its own."""
    return (node.findtext(f"{name}/text") or node.findtext(name) or "").strip()


def _count(written: str) -> int:
    """Read a whole number; Moodle writes -1 for "any number"."""
    return int(written) if written.removeprefix("-").isdecimal() and len(written) < 6 else 0
