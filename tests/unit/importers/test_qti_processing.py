"""Response processing: the standard templates under any spelling, nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.domain.scoring import ItemRule, Template, score_item
from appliance.formats.import_report import Level
from tests.unit.importers.making import DECLARED, TEMPLATES, imported, item_xml, reasons

VARIABLE = '<qti-variable identifier="RESPONSE"/>'
CORRECT = '<qti-correct identifier="RESPONSE"/>'
MATCH = f"<qti-match>{VARIABLE}{CORRECT}</qti-match>"
MAPPED = '<qti-map-response identifier="RESPONSE"/>'


def base(value: str) -> str:
    return f'<qti-base-value base-type="float">{value}</qti-base-value>'


def score(expression: str, name: str = "SCORE") -> str:
    return f'<qti-set-outcome-value identifier="{name}">{expression}</qti-set-outcome-value>'


def when(test: str, then: str, otherwise: str = "") -> str:
    end = f"<qti-response-else>{otherwise}</qti-response-else>" if otherwise else ""
    return (
        f"<qti-response-condition><qti-response-if>{test}{then}</qti-response-if>{end}"
        "</qti-response-condition>"
    )


def rule_of(folder: Path, statements: str, declared: str = DECLARED) -> tuple[ItemRule, str]:
    processing = f"<qti-response-processing>{statements}</qti-response-processing>"
    authored = imported(folder, item_xml(processing=processing, declared=declared))
    return authored.scoring.items[0], reasons(authored, Level.WARNING)


IS_NULL = f"<qti-is-null>{VARIABLE}</qti-is-null>"
MAXIMUM = '<qti-variable identifier="MAXSCORE"/>'


@pytest.mark.parametrize(
    ("statements", "template", "points"),
    [
        (when(MATCH, score(base("1.5"))), Template.MATCH_CORRECT, "1.5"),
        (when(MATCH, score(base("1")), score(base("0"))), Template.MATCH_CORRECT, "1"),
        (when(MATCH, score(MAXIMUM)) + score(VARIABLE, "FEEDBACK"), Template.MATCH_CORRECT, "2"),
        (
            when(MATCH, score(f'<qti-sum>{base("1")}<qti-variable identifier="SCORE"/></qti-sum>')),
            Template.MATCH_CORRECT,
            "1",
        ),
        (score(MAPPED), Template.MAP_RESPONSE, "3"),
        (when(IS_NULL, score(base("0.0")), score(MAPPED)), Template.MAP_RESPONSE, "3"),
        (when(f"<qti-not>{IS_NULL}</qti-not>", score(MAPPED)), Template.MAP_RESPONSE, "3"),
        (
            score(MAPPED) + score('<qti-sum><qti-variable identifier="SCORE"/></qti-sum>'),
            Template.MAP_RESPONSE,
            "3",
        ),
        (
            score(MAPPED, "PART") + score('<qti-sum><qti-variable identifier="PART"/></qti-sum>'),
            Template.MAP_RESPONSE,
            "3",
        ),
    ],
)
def test_template_is_recognised_when_written_out(
    tmp_path: Path, statements: str, template: Template, points: str
) -> None:
    """However it is spelled, it scores as the template would."""
    rule, warnings = rule_of(tmp_path, statements)
    assert "" == warnings
    assert template is rule.responses[0].template
    assert points == str(score_item(rule, {"RESPONSE": "a"}).points)
    assert "0" == str(score_item(rule, {"RESPONSE": "b"}).points)
    assert "0" == str(score_item(rule, {}).points)


@pytest.mark.parametrize(
    "statements",
    [
        score(f"<qti-product>{base('2')}{MAPPED}</qti-product>"),
        score(MAPPED) + when(MATCH, score(base("5"))),
        when(f"<qti-not>{MATCH}</qti-not>", score(base("1"))),
        when(f"<qti-and>{MATCH}{MATCH}</qti-and>", score(base("1"))),
        when(f"<qti-match>{VARIABLE}{base('a')}</qti-match>", score(base("1"))),
        score(f"<qti-sum>{MAPPED}{MAPPED}</qti-sum>"),
        score(base("1")),
        "<qti-response-processing-fragment/>",
        "<qti-exit-response/>",
    ],
)
def test_item_is_marked_by_a_person_when_its_processing_is_something_else(
    tmp_path: Path, statements: str
) -> None:
    """Nothing is guessed: a person marks the item and the report says why."""
    rule, warnings = rule_of(tmp_path, statements)
    assert [Template.BY_PERSON] == [one.template for one in rule.responses]
    assert "A person marks this item" in warnings


def _without(part: str) -> str:
    start = DECLARED.index(f"<{part}")
    return DECLARED[:start] + DECLARED[DECLARED.index(f"</{part}>") + len(part) + 3 :]


TWO_CORRECT = DECLARED.replace(
    "<qti-value>a</qti-value>", "<qti-value>a</qti-value><qti-value>b</qti-value>"
)


@pytest.mark.parametrize(
    ("statements", "declared"),
    [
        (when(MATCH, score(base("1"))), _without("qti-correct-response")),
        (when(MATCH, score(base("1"))), TWO_CORRECT),
        (score(MAPPED), _without("qti-mapping")),
        (score('<qti-map-response identifier="OTHER"/>'), DECLARED),
    ],
)
def test_item_is_marked_by_a_person_when_its_processing_is_broken(
    tmp_path: Path, statements: str, declared: str
) -> None:
    """An error in the file is said to be one, and responses are collected nevertheless."""
    rule, warnings = rule_of(tmp_path, statements, declared)
    assert [Template.BY_PERSON] == [one.template for one in rule.responses]
    assert "The response processing is broken" in warnings


def test_item_is_marked_by_a_person_when_the_template_needs_another_response(
    tmp_path: Path,
) -> None:
    """The standard templates are about a response called RESPONSE."""
    body = '<p><qti-text-entry-interaction response-identifier="R1"/></p>'
    declared = DECLARED.replace('identifier="RESPONSE"', 'identifier="R1"')
    authored = imported(tmp_path, item_xml(body, declared=declared))
    assert authored.scoring.items[0].is_by_person
    assert "needs a response called RESPONSE" in reasons(authored, Level.WARNING)


def test_unknown_template_is_reported_when_named_by_address(tmp_path: Path) -> None:
    """A template of somebody's own is not downloaded."""
    processing = f'<qti-response-processing template="{TEMPLATES}my_own.xml"/>'
    authored = imported(tmp_path, item_xml(processing=processing))
    assert authored.scoring.items[0].is_by_person
    assert "my_own.xml" in reasons(authored, Level.WARNING)
