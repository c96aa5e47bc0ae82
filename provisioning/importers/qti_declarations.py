"""What a QTI item declares: its responses with correct values and mappings, and its outcomes."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from appliance.domain.exams import Cardinality, Shape
from appliance.domain.scoring import AreaEntry, MapEntry, decimal_of
from provisioning.importers.qti_tree import Node
from provisioning.importers.reporting import ItemReport


@dataclass(slots=True, kw_only=True)
class ResponseDeclaration:
    """One qti-response-declaration."""

    response_id: str
    base_type: str
    cardinality: Cardinality
    correct: tuple[str, ...] = ()
    has_mapping: bool = False
    entries: tuple[MapEntry, ...] = ()
    areas: tuple[AreaEntry, ...] = ()
    default_points: str = "0"
    lower_bound: str | None = None
    upper_bound: str | None = None


@dataclass(slots=True, kw_only=True)
class Declarations:
    """All declarations of one item; outcomes by their default values."""

    responses: dict[str, ResponseDeclaration] = field(default_factory=dict)
    outcomes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    template_defaults: dict[str, str] = field(default_factory=dict)
    normal_maximum: str | None = None
    is_scored_outside: bool = False


def read_declarations(item: Node, report: ItemReport) -> Declarations:
    """Read all declarations of an item node."""
    declared = Declarations()
    for node in item.all("qti-response-declaration"):
        response = _response(node, report)
        declared.responses[response.response_id] = response
    for node in item.all("qti-outcome-declaration"):
        identifier = node.get("identifier")
        declared.outcomes[identifier] = _values(node.first("qti-default-value"))
        if identifier == "SCORE":
            declared.normal_maximum = number(node.get("normal-maximum"))
            declared.is_scored_outside = node.get("external-scored") not in {"", "none"}
    for node in item.all("qti-template-declaration"):
        declared.template_defaults[node.get("identifier")] = " ".join(
            _values(node.first("qti-default-value"))
        )
    return declared


def _values(node: Node | None) -> tuple[str, ...]:
    if node is None:
        return ()
    return tuple(value.content() for value in node.all("qti-value") if value.content())


def _response(node: Node, report: ItemReport) -> ResponseDeclaration:
    identifier = node.get("identifier")
    written = node.get("cardinality", "single")
    if written not in set(Cardinality):
        report.warn(f"Response {identifier} is of a kind that is not supported ({written}).")
        written = "single"
    response = ResponseDeclaration(
        response_id=identifier,
        base_type=node.get("base-type", "identifier"),
        cardinality=Cardinality(written),
        correct=_values(node.first("qti-correct-response")),
    )
    mapping = node.first("qti-mapping")
    if mapping is not None:
        _read_bounds(mapping, response)
        response.entries = tuple(_map_entry(entry) for entry in mapping.all("qti-map-entry"))
    area_mapping = node.first("qti-area-mapping")
    if area_mapping is not None:
        _read_bounds(area_mapping, response)
        response.areas = tuple(_area(area) for area in area_mapping.all("qti-area-map-entry"))
    return response


def _read_bounds(node: Node, response: ResponseDeclaration) -> None:
    response.has_mapping = True
    response.default_points = number(node.get("default-value")) or "0"
    response.lower_bound = number(node.get("lower-bound"))
    response.upper_bound = number(node.get("upper-bound"))


def _map_entry(node: Node) -> MapEntry:
    # caseSensitive [0..1]: boolean = true (QTI 2.1 information model, mapEntry)
    return MapEntry(
        value=node.get("map-key"),
        points=number(node.get("mapped-value")) or "0",
        is_case_sensitive=node.get("case-sensitive", "true") != "false",
    )


def _area(node: Node) -> AreaEntry:
    return AreaEntry(
        shape=shape(node.get("shape")),
        coords=coords(node.get("coords")),
        points=number(node.get("mapped-value")) or "0",
    )


def shape(written: str) -> Shape:
    """Read a QTI shape; an unknown one covers everything, as `default` does."""
    return Shape(written) if written in set(Shape) else Shape.DEFAULT


def coords(written: str) -> tuple[int, ...]:
    """Read coordinates in whole pixels; anything that is no number counts as 0."""
    parts = [decimal_of(part.strip()) for part in written.replace(" ", ",").split(",") if part]
    return tuple(int(part or 0) for part in parts)


def number(written: str) -> str | None:
    """Return a number as a plain decimal string, None where there is none."""
    value = decimal_of(written)
    return None if value is None else plain(value)


def plain(value: Decimal) -> str:
    """Spell a decimal without an exponent and without idle zeros."""
    return format(value.normalize() if value else Decimal(0), "f")
