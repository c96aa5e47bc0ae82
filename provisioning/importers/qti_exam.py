"""A QTI test with its parts, sections, items and stimuli; or a handful of items without a test."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from appliance.domain.exams import Exam, Item, Navigation, Section, Stimulus, Submission, TestPart
from appliance.domain.scoring import ItemRule, Scoring, decimal_of
from provisioning.importers.media import MediaShelf
from provisioning.importers.qti_body import BodyWriter
from provisioning.importers.qti_item import CANDIDATE_VIEW, ItemReader
from provisioning.importers.qti_package import Package
from provisioning.importers.qti_tree import Node
from provisioning.importers.reporting import ItemReport, Report
from provisioning.importers.sources import resolve

UNKNOWN_LANGUAGE = "und"  # BCP 47 for "not determined"
# Outcome processing made of these only adds items up, which the centre does anyway.
_ADDING = frozenset(
    {
        *("qti-outcome-processing", "qti-set-outcome-value", "qti-sum", "qti-test-variables"),
        *("qti-variable", "qti-base-value"),
    }
)
_NOT_IN_AN_EXAM = {
    "qti-pre-condition": "A condition under which a part is shown is left out; it is shown always.",
    "qti-branch-rule": "A jump to another place is left out; all items come in their order.",
    "qti-test-feedback": "Feedback on the whole exam is not shown.",
    "qti-adaptive-selection": "Items chosen while the exam runs are not supported.",
    "qti-weight": "The weight of an item is left out; its points count as they are.",
    "qti-variable-mapping": "A renamed variable of an item is left out.",
    "qti-template-default": "A value given to an item from outside is left out.",
}


@dataclass(slots=True)
class _Gathered:
    """What the sections have brought so far."""

    rules: list[ItemRule] = field(default_factory=list)
    stimuli: dict[str, Stimulus] = field(default_factory=dict)
    item_ids: set[str] = field(default_factory=set)
    item_paths: set[str] = field(default_factory=set)


class ExamReader:
    """Reads the test of a package, or makes one of its items."""

    def __init__(self, package: Package, shelf: MediaShelf, report: Report) -> None:
        self._package = package
        self._shelf = shelf
        self._report = report
        self._gathered = _Gathered()
        self._whole = ItemReport(report, "")
        self._language = package.language or UNKNOWN_LANGUAGE

    def read(self) -> tuple[Exam, Scoring]:
        """Return the exam and its scoring."""
        exam = self._of_items() if self._package.test is None else self._of_test()
        self._report_what_is_unused()
        return exam, Scoring(exam_id=exam.exam_id, items=tuple(self._gathered.rules))

    def _of_items(self) -> Exam:
        there = [path for path in self._package.items if self._package.has(path)]
        for path in sorted(set(self._package.items) - set(there)):
            self._whole.lost(f"The item is missing: {path[:120]}.")
        items = [self._item(path, self._own_name(path)) for path in there]
        section = Section(section_id="items", title="", items=tuple(filter(None, items)))
        name = re.sub(r"\.[A-Za-z0-9]+$", "", self._report.source)
        title = section.items[0].title if len(section.items) == 1 else name
        part = TestPart(part_id="items", title="", sections=(section,))
        return self._exam(name, title or name, (part,))

    def _own_name(self, path: str) -> str:
        """Return the item's own identifier, or its file's name where another has it already."""
        own = _identifier(self._package.node(path).get("identifier"), path)
        return path if own in self._gathered.item_ids else own

    def _of_test(self) -> Exam:
        path = self._package.test or ""
        node = self._package.node(path)
        self._language = node.get("lang") or self._language
        report = self._whole
        self._report_what_is_left_out(node, report)
        parts = tuple(self._part(part, path) for part in node.all("qti-test-part"))
        exam = self._exam(node.get("identifier"), node.get("title"), parts)
        return replace(
            exam,
            duration_seconds=self._limit(node, report),
            instructions_html=self._rubrics(node, path, report),
        )

    def _exam(self, exam_id: str, title: str, parts: tuple[TestPart, ...]) -> Exam:
        tags = (item.language for part in parts for s in part.sections for item in s.items)
        languages = dict.fromkeys(tag for tag in (self._language, *tags) if tag)
        if set(languages) == {UNKNOWN_LANGUAGE}:
            self._whole.warn("The file does not say in which language the exam is.")
        elif len(languages) > 1:
            languages.pop(UNKNOWN_LANGUAGE, None)
        return Exam(
            exam_id=_identifier(exam_id, "exam"),
            title=title or exam_id,
            languages=tuple(languages),
            parts=parts,
            stimuli=tuple(self._gathered.stimuli.values()),
        )

    def _part(self, node: Node, path: str) -> TestPart:
        report = ItemReport(self._report, node.get("identifier"))
        sections = tuple(
            section
            for child in node.all("qti-assessment-section", "qti-assessment-section-ref")
            for section in self._sections(child, path)
        )
        linear = node.get("navigation-mode") == Navigation.LINEAR
        individual = node.get("submission-mode") == Submission.INDIVIDUAL
        return TestPart(
            part_id=_identifier(node.get("identifier"), "part"),
            title=node.get("title"),
            sections=sections,
            navigation=Navigation.LINEAR if linear else Navigation.NONLINEAR,
            submission=Submission.INDIVIDUAL if individual else Submission.SIMULTANEOUS,
            time_limit_seconds=self._limit(node, report),
        )

    def _sections(self, node: Node, path: str) -> list[Section]:
        """Return a section, and those within it, as one row of sections without nesting."""
        if node.name == "qti-assessment-section-ref":
            target = resolve(path, node.get("href")) or ""
            if not self._package.has(target):
                self._whole.lost(f"A section is missing: {node.get('href')[:120]}.")
                return []
            return self._sections(self._package.node(target), target)
        report = ItemReport(self._report, node.get("identifier"))
        inner = node.all("qti-assessment-section", "qti-assessment-section-ref")
        ordering = node.first("qti-ordering")
        shuffle = ordering is not None and ordering.get("shuffle") == "true"
        if inner and (shuffle or node.first("qti-selection") is not None):
            report.lost("Sections within a section are not mixed or drawn; they keep their order.")
        own = Section(
            section_id=_identifier(node.get("identifier"), "section"),
            title=node.get("title"),
            items=tuple(filter(None, (self._item_of(ref, path) for ref in self._refs(node)))),
            rubric_html=self._rubrics(node, path, report),
            is_visible=node.get("visible", "true") != "false",
            shuffle=shuffle,
            select_count=self._drawn(node, report),
            time_limit_seconds=self._limit(node, report),
        )
        below = [section for child in inner for section in self._sections(child, path)]
        return _joined(own, below)

    def _refs(self, node: Node) -> list[Node]:
        first_inner = node.all("qti-assessment-section", "qti-assessment-section-ref")
        refs = node.all("qti-assessment-item-ref")
        if (
            first_inner
            and refs
            and node.children.index(first_inner[0]) < node.children.index(refs[-1])
        ):
            ItemReport(self._report, node.get("identifier")).warn(
                "Items that stand after an inner section come before it here."
            )
        return refs

    def _drawn(self, node: Node, report: ItemReport) -> int | None:
        selection = node.first("qti-selection")
        if selection is None or not selection.get("select").isdecimal():
            return None
        if selection.get("with-replacement") == "true":
            report.lost("Drawing the same item twice is not supported; each comes at most once.")
        return int(selection.get("select"))

    def _item_of(self, ref: Node, path: str) -> Item | None:
        target = resolve(path, ref.get("href"))
        report = ItemReport(self._report, ref.get("identifier"))
        if target is None or not self._package.has(target):
            report.lost(f"The item is missing: {ref.get('href')[:120]}.")
            return None
        item = self._item(target, ref.get("identifier"))
        if item is None:
            return None
        return replace(
            item,
            is_fixed=ref.get("fixed") == "true",
            time_limit_seconds=self._limit(ref, report),
        )

    def _item(self, path: str, identifier: str) -> Item | None:
        item_id = _identifier(identifier, "item")
        if item_id in self._gathered.item_ids:
            self._whole.lost(f"A second item called {item_id} is left out.")
            return None
        self._gathered.item_ids.add(item_id)
        self._gathered.item_paths.add(path)
        reader = ItemReader(
            self._package.node(path),
            base=path,
            shelf=self._shelf,
            report=ItemReport(self._report, item_id),
            language=self._language,
        )
        imported = reader.read()
        self._gathered.rules.append(imported.rule)
        stimuli = [self._stimulus(path, href, item_id) for href in imported.stimulus_hrefs]
        return replace(imported.item, stimulus_ids=tuple(filter(None, stimuli)))

    def _stimulus(self, base: str, href: str, item_id: str) -> str | None:
        path = resolve(base, href)
        report = ItemReport(self._report, item_id)
        if path is None or not self._package.has(path):
            report.lost(f"A shared text is missing: {href[:120]}.")
            return None
        node = self._package.node(path)
        identifier = _identifier(node.get("identifier") or path, "stimulus")
        if identifier not in self._gathered.stimuli:
            writer = BodyWriter(base=path, shelf=self._shelf, report=report, handlers={})
            self._gathered.stimuli[identifier] = Stimulus(
                stimulus_id=identifier,
                title=node.get("title"),
                body_html=writer.content(node.first("qti-stimulus-body")),
            )
        return identifier

    def _rubrics(self, node: Node, path: str, report: ItemReport) -> str:
        writer = BodyWriter(base=path, shelf=self._shelf, report=report, handlers={})
        written = []
        for block in node.all("qti-rubric-block"):
            if CANDIDATE_VIEW in block.get("view", CANDIDATE_VIEW).split():
                written.append(writer.content(block))
            elif block.content():
                report.note(f"A note for {block.get('view')} stays in the original only.")
        return "".join(written)

    def _limit(self, node: Node, report: ItemReport) -> int | None:
        limits = node.first("qti-time-limits")
        if limits is None:
            return None
        if limits.get("min-time") not in {"", "0"}:
            report.note("A shortest time is left out; candidates may be faster.")
        seconds = decimal_of(limits.get("max-time"))
        return int(seconds) if seconds is not None and seconds > 0 else None

    def _report_what_is_unused(self) -> None:
        for path in self._package.other_tests:
            self._whole.lost(f"A further test in the same package is left out: {path[:120]}.")
        for path in self._package.unreadable:
            self._whole.warn(f"A file is no proper XML and was passed over: {path[:120]}.")
        there = filter(self._package.has, self._package.items)
        for path in sorted(set(there) - self._gathered.item_paths):
            self._whole.warn(f"An item that the test does not use is left out: {path[:120]}.")

    def _report_what_is_left_out(self, node: Node, report: ItemReport) -> None:
        for name in sorted({below.name for below in node.walk()} & _NOT_IN_AN_EXAM.keys()):
            report.lost(_NOT_IN_AN_EXAM[name])
        processing = node.first("qti-outcome-processing")
        if processing is not None and {below.name for below in processing.walk()} - _ADDING:
            report.note("The exam's own verdict, such as a pass mark, is left to the centre.")


def _joined(own: Section, below: list[Section]) -> list[Section]:
    """Put a section before those within it; one without items lends its words to the first."""
    if own.items or not below:
        return [own] if own.items else []
    first = replace(
        below[0],
        title=below[0].title or own.title,
        rubric_html=own.rubric_html + below[0].rubric_html,
        time_limit_seconds=below[0].time_limit_seconds or own.time_limit_seconds,
    )
    return [first, *below[1:]]


def _identifier(written: str, otherwise: str) -> str:
    """Return a name the model takes: letters, digits, `_ . - :`, at most 128."""
    return re.sub(r"[^\w.\-:]+", "-", written).strip("-")[:128] or otherwise
