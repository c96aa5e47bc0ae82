"""Finding the test, items and language of a QTI package, with a manifest or without."""

from __future__ import annotations

import re

from provisioning.importers.qti_tree import Node, normalise
from provisioning.importers.sources import Source, SourceUnknownError, resolve
from provisioning.importers.xml_reading import XmlUnreadableError, parse_xml

MANIFEST = "imsmanifest.xml"
TEST, ITEM, SECTION = "qti-assessment-test", "qti-assessment-item", "qti-assessment-section"
_LANGUAGE = re.compile(rb"<(?:[a-z]+:)?language>\s*([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)\s*<")
_RESOURCE_KIND = re.compile(r"imsqti_(test|item|assessment)(?:_|$)")
_VERSION = re.compile(rb"imsqti(?:asi)?_v(\d)p(\d)")


class Package:
    """The XML files of one source, read once each."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._nodes: dict[str, Node] = {}
        self.unreadable: list[str] = []
        self.root = self._find_root()
        self.language = self._find_language()
        tests, self.items = self._find()
        self.test, self.other_tests = (tests[0] if tests else None), tests[1:]
        self.version = self._find_version()

    def has(self, path: str) -> bool:
        """Whether there is such a file."""
        return self._source.read(path) is not None

    def node(self, path: str) -> Node:
        """Return the root of an XML file by its QTI 3 names.  Raises XmlUnreadableError."""
        if path not in self._nodes:
            self._nodes[path] = normalise(parse_xml(path, self._source.read(path) or b""))
        return self._nodes[path]

    def _find_root(self) -> str:
        """Return the folder of the manifest, with a slash at its end, or ""."""
        found = [name for name in self._source.names() if name.rsplit("/", 1)[-1] == MANIFEST]
        return min(found, key=len).removesuffix(MANIFEST) if found else ""

    def _find(self) -> tuple[list[str], list[str]]:
        if self._source.read(self.root + MANIFEST) is not None:
            tests, items = self._of_manifest()
        else:
            tests, items = self._of_roots()
        if not tests and not items:
            raise SourceUnknownError(
                name=self._source.name, detail="it holds no QTI test and no QTI item"
            )
        return tests, items

    def _of_manifest(self) -> tuple[list[str], list[str]]:
        tests: list[str] = []
        items: list[str] = []
        for resource in self.node(self.root + MANIFEST).below("qti-resource"):
            kind = _RESOURCE_KIND.match(resource.get("type"))
            if kind is None or not resource.get("href"):
                continue
            path = resolve(self.root + MANIFEST, resource.get("href"))
            if path is not None:
                (items if kind.group(1) == "item" else tests).append(path)
        return tests, items

    def _of_roots(self) -> tuple[list[str], list[str]]:
        tests: list[str] = []
        items: list[str] = []
        for name in self._source.names():
            if not name.lower().endswith(".xml"):
                continue
            try:
                root = self.node(name).name
            except XmlUnreadableError:
                if len(self._source.names()) == 1:
                    raise
                self.unreadable.append(name)
                continue
            if root in {TEST, ITEM}:
                (tests if root == TEST else items).append(name)
        return tests, items

    def _find_language(self) -> str:
        """Return the language the metadata names, for items that do not say their own."""
        for name in self._source.names():
            if "metadata" in name.lower() or name == self.root + MANIFEST:
                found = _LANGUAGE.search(self._source.read(name) or b"")
                if found:
                    return found.group(1).decode()
        return ""

    def _find_version(self) -> str:
        first = self.test or self.items[0]
        found = _VERSION.search(self._source.read(first) or b"")
        return f"QTI {found.group(1).decode()}.{found.group(2).decode()}" if found else "QTI"
