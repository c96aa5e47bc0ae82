"""A QTI body as the HTML of our item model; what has no place there is listed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape

from provisioning.importers.media import MediaFile, MediaRefused, MediaShelf
from provisioning.importers.qti_tree import Node
from provisioning.importers.reporting import ItemReport
from provisioning.importers.sanitising import (
    ATTRIBUTES,
    COMMON_ATTRIBUTES,
    MATH_ATTRIBUTES,
    MATH_TAGS,
    SOURCE_ATTRIBUTES,
    TEXT_TAGS,
    sanitise_body,
    shared_classes,
)

Handler = Callable[[Node], str]

RENAMED = {"acronym": "abbr", "tt": "code", "strike": "s", "center": "div", "big": "span"}
UNWRAPPED = frozenset(
    {
        *("font", "article", "main", "header", "footer", "nav", "label", "fieldset", "legend"),
        *("picture", "rb", "rtc", "qti-content-body", "qti-stimulus-body", "qti-item-body"),
        *("qti-prompt", "qti-template-block", "qti-template-inline", "qti-template-block-content"),
    }
)
# Parts of a body that say something about the file, not to the candidate.
SILENT = frozenset({"qti-stylesheet", "qti-info-control-trigger"})
FOREIGN_WORDS = {
    "script": "a script",
    "style": "a style sheet in the text",
    "link": "a linked file",
    "iframe": "an embedded page",
    "embed": "an embedded program",
    "canvas": "a drawing made by a script",
    "svg": "a drawing (SVG); a PNG of it can be imported",
    "form": "a form",
    "input": "a form field",
    "textarea": "a form field",
    "select": "a form field",
    "button": "a button",
}


class BodyWriter:
    """Writes HTML from nodes of one file; `handlers` know what to do with QTI elements."""

    def __init__(
        self, *, base: str, shelf: MediaShelf, report: ItemReport, handlers: Mapping[str, Handler]
    ) -> None:
        self._base = base
        self._shelf = shelf
        self._report = report
        self._handlers = dict(handlers)

    def with_handlers(self, handlers: Mapping[str, Handler]) -> BodyWriter:
        """Return a writer for the same file that knows these elements too."""
        return BodyWriter(
            base=self._base,
            shelf=self._shelf,
            report=self._report,
            handlers={**self._handlers, **handlers},
        )

    def content(self, node: Node | None) -> str:
        """Return the sanitised HTML of what is inside a node; "" for None."""
        return "" if node is None else sanitise_body(self.inner(node))

    def phrase(self, node: Node | None) -> str:
        """Like `content`, without a paragraph or block that wraps all of it."""
        while node is not None:
            only = node.children[0] if len(node.children) == 1 else None
            if only is None or only.name not in {"div", "p", "span"} or only.get("class"):
                break
            if node.text.strip() or only.tail.strip():
                break
            node = only
        return self.content(node)

    def take(self, href: str) -> MediaFile:
        """Take a file this file refers to.  Raises MediaRefused."""
        return self._shelf.take(self._base, href)

    def inner(self, node: Node) -> str:
        """Return the HTML inside a node, not yet sanitised, for use within a larger `content`."""
        written = [escape(node.text, quote=False)]
        for child in node.children:
            written += [self._one(child), escape(child.tail, quote=False)]
        return "".join(written)

    def _one(self, node: Node) -> str:
        name = RENAMED.get(node.name, node.name)
        if name in self._handlers:
            return self._handlers[name](node)
        if name == "math" or name.startswith("math:"):
            return self._math(node)
        if name in TEXT_TAGS:
            return self._element(name, node)
        if name in {"img", "object", "audio", "video", "a"}:
            return self._reference(name, node)
        if name in SILENT:
            return ""
        return self._other(node)

    def _element(self, name: str, node: Node) -> str:
        written = "".join(
            f' {key}="{escape(value)}"' for key, value in self._attributes(name, node)
        )
        if name in {"br", "hr", "col", "wbr"}:
            return f"<{name}{written}>"
        return f"<{name}{written}>{self.inner(node)}</{name}>"

    def _attributes(self, name: str, node: Node) -> list[tuple[str, str]]:
        kept = []
        for key, value in node.attributes.items():
            if key == "style":
                self._report.note("Formatting written into the text (style) is not kept.")
            elif key.startswith("on"):
                self._report.lost(f"A script on an element is left out ({key}).")
            elif key == "class":
                kept.append((key, shared_classes(value)))
            elif key in COMMON_ATTRIBUTES or key in ATTRIBUTES.get(name, frozenset()):
                kept.append((key, value))
        return [(key, value) for key, value in kept if value and key not in SOURCE_ATTRIBUTES]

    def _math(self, node: Node) -> str:
        name = node.name.removeprefix("math:")
        if name in {"annotation", "annotation-xml"}:
            return ""  # another spelling of the same formula
        if name not in MATH_TAGS:
            self._report.lost(f"An element of a formula is not supported ({name}).")
            return self.inner(node)
        written = "".join(
            f' {key}="{escape(value)}"'
            for key, value in node.attributes.items()
            if key in MATH_ATTRIBUTES
        )
        return f"<{name}{written}>{self.inner(node)}</{name}>"

    def _reference(self, name: str, node: Node) -> str:
        if name == "a":
            if node.get("href") and not node.get("href").startswith("#"):
                self._report.note(
                    f"A link is kept as text, because nothing outside is in reach: "
                    f"{node.get('href')[:120]}"
                )
            return self.inner(node)
        if name in {"audio", "video"}:
            return self._player(name, node)
        href = node.get("src") or node.get("data")
        try:
            return self._shown(self.take(href), node)
        except MediaRefused as refusal:
            self._report.lost(f"A picture or recording is missing: {refusal}.")
        return escape(node.get("alt")) if name == "img" else self.inner(node)

    def _shown(self, media: MediaFile, node: Node) -> str:
        if not media.media_type.startswith("image/"):
            kind = "video" if media.media_type.startswith("video/") else "audio"
            return f'<{kind} src="{media.href}" controls></{kind}>'
        alt = node.get("alt") or node.content()
        if not alt and "alt" not in node.attributes:
            self._report.note("A picture has no description for candidates who cannot see it.")
        size = "".join(
            f' {key}="{int(node.get(key))}"'
            for key in ("width", "height")
            if node.get(key).isdecimal()
        )
        classes = shared_classes(node.get("class"))
        written = f' class="{classes}"' if classes else ""
        return f'<img src="{media.href}" alt="{escape(alt)}"{size}{written}>'

    def _player(self, name: str, node: Node) -> str:
        written = []
        for candidate in [node, *node.all("source")]:
            if not candidate.get("src"):
                continue
            try:
                media = self.take(candidate.get("src"))
            except MediaRefused as refusal:
                self._report.lost(f"A recording is missing: {refusal}.")
                continue
            written.append(f'<source src="{media.href}" type="{media.media_type}">')
        written += [self._track(track) for track in node.all("track")]
        return f"<{name} controls>{''.join(written)}</{name}>"

    def _track(self, node: Node) -> str:
        try:
            media = self.take(node.get("src"))
        except MediaRefused as refusal:
            self._report.lost(f"Captions are missing: {refusal}.")
            return ""
        kept = "".join(
            f' {key}="{escape(node.get(key))}"'
            for key in ("kind", "srclang", "label")
            if node.get(key)
        )
        return f'<track src="{media.href}"{kept}>'

    def _other(self, node: Node) -> str:
        if node.name in UNWRAPPED:
            return self.inner(node)
        if node.name in FOREIGN_WORDS:
            self._report.lost(f"The text holds {FOREIGN_WORDS[node.name]}, which is left out.")
            return ""
        self._report.lost(f"An unknown element is left out, its text is kept ({node.name}).")
        return self.inner(node)
