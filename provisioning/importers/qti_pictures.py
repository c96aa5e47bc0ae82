"""QTI interactions on a picture as interactions of our item model."""

from __future__ import annotations

from appliance.domain.exams import (
    Cardinality,
    GraphicAssociate,
    GraphicGapMatch,
    GraphicOrder,
    Hotspot,
    Option,
    Picture,
    Region,
    SelectPoint,
)
from provisioning.importers.media import MediaFile, MediaRefused
from provisioning.importers.qti_declarations import coords, shape
from provisioning.importers.qti_interactions import Context, Maker, Unusable, count
from provisioning.importers.qti_tree import Node

_PICTURES = ("img", "object", "picture")


def _picture(context: Context, node: Node) -> Picture:
    found = next(iter(node.all(*_PICTURES)), None)
    if found is not None and found.name == "picture":
        found = found.first("img")
    if found is None:
        raise Unusable("it has no picture")
    media: MediaFile | None = None
    try:
        media = context.writer.take(found.get("src") or found.get("data"))
    except MediaRefused as refusal:
        # The responses are points and regions; they can be given on an empty frame of that size.
        context.report.lost(f"The picture of an interaction is missing: {refusal}.")
    size = (media.size if media else None) or (0, 0)
    width, height = count(found, "width", size[0]), count(found, "height", size[1])
    if not width or not height:
        raise Unusable("the size of its picture is not known")
    return Picture(
        href=media.href if media else "",
        alt=found.get("alt") or found.content(),
        width=width,
        height=height,
    )


def _regions(context: Context, node: Node) -> tuple[Region, ...]:
    regions = tuple(
        Region(
            region_id=child.get("identifier"),
            shape=shape(child.get("shape")),
            coords=coords(child.get("coords")),
            label=child.get("hotspot-label") or child.get("aria-label") or child.content(),
            match_max=count(child, "match-max", 1),
        )
        for child in node.all("qti-hotspot-choice", "qti-associable-hotspot")
    )
    if not regions:
        raise Unusable("it has no regions")
    if any(not region.label for region in regions):
        context.report.note("Regions of a picture have no names; they are numbered.")
    return regions


def _hotspot(context: Context, node: Node) -> Hotspot:
    return Hotspot(
        response_id=context.declared.response_id,
        prompt_html=context.writer.content(node.first("qti-prompt")),
        cardinality=context.declared.cardinality,
        picture=_picture(context, node),
        regions=_regions(context, node),
        choices_max=count(node, "max-choices", 1),
    )


def _select_point(context: Context, node: Node) -> SelectPoint:
    return SelectPoint(
        response_id=context.declared.response_id,
        prompt_html=context.writer.content(node.first("qti-prompt")),
        cardinality=context.declared.cardinality,
        picture=_picture(context, node),
        choices_max=count(node, "max-choices", 1),
    )


def _graphic_order(context: Context, node: Node) -> GraphicOrder:
    return GraphicOrder(
        response_id=context.declared.response_id,
        prompt_html=context.writer.content(node.first("qti-prompt")),
        cardinality=Cardinality.ORDERED,
        picture=_picture(context, node),
        regions=_regions(context, node),
        choices_max=count(node, "max-choices", 0),
    )


def _graphic_associate(context: Context, node: Node) -> GraphicAssociate:
    return GraphicAssociate(
        response_id=context.declared.response_id,
        prompt_html=context.writer.content(node.first("qti-prompt")),
        cardinality=context.declared.cardinality,
        picture=_picture(context, node),
        regions=_regions(context, node),
        associations_max=count(node, "max-associations", 1),
    )


def _graphic_gap_match(context: Context, node: Node) -> GraphicGapMatch:
    chips = tuple(_chip(context, child) for child in node.all("qti-gap-img", "qti-gap-text"))
    if not chips:
        raise Unusable("it has nothing to place")
    return GraphicGapMatch(
        response_id=context.declared.response_id,
        prompt_html=context.writer.content(node.first("qti-prompt")),
        cardinality=context.declared.cardinality,
        picture=_picture(context, node),
        chips=chips,
        regions=_regions(context, node),
    )


def _chip(context: Context, node: Node) -> Option:
    """Make a chip of a picture; without a description its own name has to do."""
    for picture in node.all("img", "object"):
        if not (picture.get("alt") or picture.content()):
            picture.attributes["alt"] = node.get("object-label") or node.get("identifier")
    return Option(
        option_id=node.get("identifier"),
        html=context.writer.phrase(node),
        match_max=count(node, "match-max", 1),
    )


def position_object(context: Context, stage: Node, node: Node) -> SelectPoint:
    """Make a qti-position-object-interaction within its stage: points marked by a picture."""
    return SelectPoint(
        response_id=context.declared.response_id,
        prompt_html=context.writer.content(node.first("qti-prompt")),
        cardinality=context.declared.cardinality,
        picture=_picture(context, stage),
        choices_max=count(node, "max-choices", 1),
        marker=_picture(context, node),
    )


PICTURE_INTERACTIONS: dict[str, Maker] = {
    "qti-hotspot-interaction": _hotspot,
    "qti-select-point-interaction": _select_point,
    "qti-graphic-order-interaction": _graphic_order,
    "qti-graphic-associate-interaction": _graphic_associate,
    "qti-graphic-gap-match-interaction": _graphic_gap_match,
}
