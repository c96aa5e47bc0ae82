"""One QTI item as an item of our model and the rule by which it is scored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from html import escape

from appliance.domain.exams import (
    INLINE_KINDS,
    Cardinality,
    ExtendedText,
    Interaction,
    Item,
    Media,
    Upload,
)
from appliance.domain.scoring import ItemRule, ResponseRule, Template, best_points
from provisioning.importers.media import MediaShelf
from provisioning.importers.qti_body import BodyWriter, Handler
from provisioning.importers.qti_declarations import (
    ResponseDeclaration,
    number,
    plain,
    read_declarations,
)
from provisioning.importers.qti_interactions import (
    TEXT_INTERACTIONS,
    UNSUPPORTED_INTERACTIONS,
    Context,
    Maker,
    Unusable,
)
from provisioning.importers.qti_pictures import PICTURE_INTERACTIONS, position_object
from provisioning.importers.qti_processing import Broken, NotStandard, read_rules
from provisioning.importers.qti_tree import Node
from provisioning.importers.reporting import ItemReport
from provisioning.importers.sanitising import sanitise_body

CANDIDATE_VIEW, SCORER_VIEW = "candidate", "scorer"
MODEL_OUTCOME = "MODEL_ANSWER"  # the name some item banks give to the marking guide
MAXIMUM_OUTCOMES = ("MAXSCORE", "MAX_SCORE")
Make = Callable[[Context], Interaction]
_MAKERS: dict[str, Maker] = {**TEXT_INTERACTIONS, **PICTURE_INTERACTIONS}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedItem:
    """An item and its rule; the addresses of the stimuli it refers to are still the file's."""

    item: Item
    rule: ItemRule
    stimulus_hrefs: tuple[str, ...]


class ItemReader:
    """Reads one item file; every part of it that is not carried over is reported."""

    def __init__(
        self, node: Node, *, base: str, shelf: MediaShelf, report: ItemReport, language: str
    ) -> None:
        self._node = node
        self._report = report
        self._language = node.get("lang") or language
        self._declared = read_declarations(node, report)
        self._interactions: list[Interaction] = []
        self._guides: list[str] = []
        self._writer = BodyWriter(base=base, shelf=shelf, report=report, handlers=self._handlers())

    def read(self) -> ImportedItem:
        """Return the item with its rule."""
        self._report_what_is_left_out()
        body = self._node.first("qti-item-body")
        if body is None:
            self._report.warn("The item has no text.")
        html = self._writer.content(body)
        rule = self._rule()
        references = self._node.all("qti-assessment-stimulus-ref")
        return ImportedItem(
            item=Item(
                item_id=self._report.item_id,
                title=self._node.get("title"),
                label=self._node.get("label"),
                body_html=html,
                language=self._language,
                interactions=tuple(self._interactions),
                max_score=rule.max_score,
            ),
            rule=rule,
            stimulus_hrefs=tuple(reference.get("href") for reference in references),
        )

    def _handlers(self) -> Mapping[str, Handler]:
        handlers: dict[str, Handler] = dict.fromkeys(_MAKERS, self._place)
        handlers |= dict.fromkeys(UNSUPPORTED_INTERACTIONS, self._leave_out)
        return {
            **handlers,
            "qti-position-object-stage": self._stage,
            "qti-rubric-block": self._rubric,
            "qti-feedback-block": self._feedback,
            "qti-feedback-inline": self._feedback,
            "qti-printed-variable": self._printed,
        }

    def _place(self, node: Node) -> str:
        return self._register(node, lambda context: _MAKERS[node.name](context, node))

    def _stage(self, stage: Node) -> str:
        return "".join(
            self._register(node, partial(_positioned, stage=stage, node=node))
            for node in stage.all("qti-position-object-interaction")
        )

    def _register(self, node: Node, make: Make) -> str:
        identifier = node.get("response-identifier")
        declared = self._declared.responses.get(identifier)
        what = node.name.removeprefix("qti-").replace("-", " ")
        if declared is None:
            self._report.warn(f"The response {identifier!r} of a {what} is not declared.")
            declared = _undeclared(identifier)
        if any(one.response_id == identifier for one in self._interactions):
            self._report.lost(f"A second {what} for the same response {identifier!r} is left out.")
            return ""
        context = Context(writer=self._writer, report=self._report, declared=declared)
        try:
            interaction = make(context)
        except Unusable as reason:
            self._report.lost(f"A {what} cannot be carried over: {reason}.")
            return ""
        self._interactions.append(interaction)
        tag = "span" if interaction.kind in INLINE_KINDS else "div"
        return f'<{tag} data-interaction="{escape(identifier)}"></{tag}>'

    def _leave_out(self, node: Node) -> str:
        self._report.lost(f"Not supported: {UNSUPPORTED_INTERACTIONS[node.name]}.")
        return ""

    def _rubric(self, node: Node) -> str:
        views = node.get("view", CANDIDATE_VIEW).split()
        if CANDIDATE_VIEW in views:
            return f'<div class="item-rubric">{self._writer.inner(node)}</div>'
        if SCORER_VIEW in views:
            self._guides.append(self._writer.content(node))
        elif node.content():
            self._report.note(f"A note for {' and '.join(views)} stays in the original only.")
        return ""

    def _feedback(self, node: Node) -> str:
        """Keep what shows before anything is responded to; the rest would be feedback."""
        values = self._declared.outcomes.get(node.get("outcome-identifier"), ())
        matches = node.get("identifier") in values
        if matches == (node.get("show-hide", "show") == "show"):
            return self._writer.inner(node)
        if node.content():
            self._report.lost("Feedback that depends on responses is not shown in an exam.")
        return ""

    def _printed(self, node: Node) -> str:
        name = node.get("identifier")
        default = self._declared.template_defaults.get(name)
        if default and self._node.first("qti-template-processing") is None:
            return escape(default)
        self._report.lost(f"A value that is computed for each candidate is missing ({name}).")
        return f"[{escape(name)}]"

    def _report_what_is_left_out(self) -> None:
        node, report = self._node, self._report
        if node.get("adaptive") == "true":
            report.lost("The item adapts to responses; it is given once, as it begins.")
        if node.first("qti-template-processing") is not None:
            report.lost("The item computes its values for each candidate; it needs fixed values.")
        if any(feedback.content() for feedback in node.all("qti-modal-feedback")):
            report.lost("Feedback that depends on responses is not shown in an exam.")
        if node.all("qti-stylesheet"):
            report.note("The item's style sheet is left out; it gets the look of this program.")
        if node.all("qti-catalog-info"):
            report.lost("Alternatives for accessibility (catalogue) are left out.")
        if node.all("qti-companion-materials-info"):
            report.lost("Companion materials such as calculators or rulers are left out.")

    def _rule(self) -> ItemRule:
        by_rule = self._rules()
        rules = tuple(
            by_rule.get(interaction.response_id)
            or ResponseRule(
                response_id=interaction.response_id,
                template=self._without_rule(interaction, bool(by_rule)),
                cardinality=interaction.cardinality,
            )
            for interaction in self._interactions
        )
        rule = ItemRule(
            item_id=self._report.item_id,
            responses=rules,
            marking_guide_html="".join(self._guides) or self._model_outcome(),
        )
        maximum = self._maximum(rule) if rules else None
        if rules and maximum is None:
            self._report.warn("Nothing says how many points the item can bring.")
        return replace(rule, max_score=maximum)

    def _rules(self) -> dict[str, ResponseRule]:
        if self._node.first("qti-template-processing") is not None:
            return {}  # the correct responses would be computed too
        try:
            rules = read_rules(self._node, self._declared)
        except Broken as reason:
            self._report.warn(
                f"The response processing is broken: {reason}. "
                "Responses are collected and marked by a person."
            )
        except NotStandard as reason:
            self._report.warn(
                f"A person marks this item: its response processing is not known ({reason})."
            )
        else:
            return rules
        return {}

    def _without_rule(self, interaction: Interaction, others_have: bool) -> Template:
        if isinstance(interaction, Media):
            return Template.UNSCORED
        written = isinstance(interaction, ExtendedText | Upload)
        if others_have and not written:
            return Template.UNSCORED
        processing = self._node.first("qti-response-processing")
        if not written and not self._declared.is_scored_outside and processing is None:
            self._report.note("No scoring is given; a person marks this item.")
        return Template.BY_PERSON

    def _model_outcome(self) -> str:
        values = self._declared.outcomes.get(MODEL_OUTCOME, ())
        return "".join(sanitise_body(f"<p>{escape(value)}</p>") for value in values)

    def _maximum(self, rule: ItemRule) -> str | None:
        if self._declared.normal_maximum is not None:
            return self._declared.normal_maximum
        for name in MAXIMUM_OUTCOMES:
            for value in self._declared.outcomes.get(name, ()):
                if number(value) is not None:
                    return number(value)
        best = best_points(rule)
        return plain(best) if best is not None and best > Decimal(0) else None


def _undeclared(identifier: str) -> ResponseDeclaration:
    return ResponseDeclaration(
        response_id=identifier, base_type="string", cardinality=Cardinality.SINGLE
    )


def _positioned(context: Context, *, stage: Node, node: Node) -> Interaction:
    return position_object(context, stage, node)
