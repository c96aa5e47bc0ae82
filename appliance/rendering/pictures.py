"""Working on a picture: hotspots, points, order, pairs and chips on it; sound and film."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.domain.exams import (
    GraphicAssociate,
    GraphicGapMatch,
    GraphicOrder,
    Hotspot,
    Media,
    Picture,
    Region,
    SelectPoint,
)
from appliance.rendering.pairing import chips, pair_list
from appliance.rendering.scene import Scene, attribute


def hotspot(interaction: Hotspot, scene: Scene) -> str:
    """Buttons that stay pressed over the regions of a picture."""
    is_single = interaction.choices_max == 1
    return scene.group(
        interaction,
        hint=scene.text("hotspot_hint_one" if is_single else "hotspot_hint_many")
        if interaction.choices_max in {0, 1}
        else scene.text("choose_at_most", max=interaction.choices_max),
        body=_stage(interaction.picture, scene, _regions(interaction.regions, scene)),
        max=interaction.choices_max,
    )


def graphic_order(interaction: GraphicOrder, scene: Scene) -> str:
    """Regions that are numbered in the order they are chosen."""
    return scene.group(
        interaction,
        hint=scene.text("graphic_order_hint"),
        body=_stage(interaction.picture, scene, _regions(interaction.regions, scene))
        + f'<button type="button" class="clear" hidden>{scene.text("clear")}</button>',
        max=interaction.choices_max,
    )


def graphic_associate(interaction: GraphicAssociate, scene: Scene) -> str:
    """Regions to choose two by two, joined by lines and listed."""
    return scene.group(
        interaction,
        hint=scene.text("graphic_associate_hint"),
        body=_stage(interaction.picture, scene, _regions(interaction.regions, scene))
        + pair_list(scene),
        max=interaction.associations_max,
    )


def graphic_gap_match(interaction: GraphicGapMatch, scene: Scene) -> str:
    """Chips to put on regions of a picture."""
    places = "".join(
        f'<button type="button" class="gap region" data-place="{attribute(region.region_id)}" '
        f'data-number="{number}" {_outline(region)} '
        f'aria-label="{scene.text("gap_empty", number=number)}">'
        f'<span class="gap-content">{number}</span></button>'
        for number, region in enumerate(interaction.regions, start=1)
    )
    return scene.group(
        interaction,
        hint=scene.text("place_picture_hint"),
        body=_stage(interaction.picture, scene, places) + chips(scene, interaction.chips),
    )


def select_point(interaction: SelectPoint, scene: Scene) -> str:
    """A picture to mark with the mouse, or with a cross that the arrow keys move."""
    marker = ""
    if interaction.marker is not None and interaction.marker.href:
        marker = (
            f'<img class="marker" hidden src="{attribute(interaction.marker.href)}" alt="" '
            f'width="{interaction.marker.width}" height="{interaction.marker.height}">'
        )
    area = (
        f'<div class="point-area" tabindex="0" role="application" '
        f'aria-label="{scene.text("point_area")}"></div>{marker}'
    )
    return scene.group(
        interaction,
        hint=scene.text("point_hint"),
        body=_stage(interaction.picture, scene, area)
        + f'<div class="made"><p class="made-none">{scene.text("no_points")}</p>'
        '<ul class="made-list"></ul></div>',
        max=interaction.choices_max,
    )


def media(interaction: Media, scene: Scene) -> str:
    """Native controls; where it may be played a few times only, one button instead."""
    tag = "video" if interaction.media_type.startswith("video/") else "audio"
    size = "".join(
        f' {key}="{value}"'
        for key, value in (("width", interaction.width), ("height", interaction.height))
        if value and tag == "video"
    )
    track = (
        f'<track src="{attribute(interaction.captions_href)}" kind="captions" default>'
        if interaction.captions_href
        else ""
    )
    prompt = scene.name(interaction, "prompt")
    title = interaction.title and attribute(interaction.title)
    controls = "" if interaction.plays_max else " controls"
    button = (
        f'<button type="button" class="play">{scene.text("play")}</button>'
        '<progress max="1" value="0" aria-hidden="true"></progress>'
        '<p class="plays" role="status"></p>'
        if interaction.plays_max
        else ""
    )
    return (
        f'<div class="interaction media" role="group" aria-labelledby="{prompt}" '
        f"{scene.head(interaction, max=interaction.plays_max)}>"
        f'<div class="prompt" id="{prompt}">'
        f"{interaction.prompt_html or title or scene.text('recording')}</div>"
        f'<{tag}{controls}{size} preload="auto" controlslist="nodownload noremoteplayback" '
        f'disablepictureinpicture src="{attribute(interaction.href)}">{track}</{tag}>'
        f"{button}</div>"
    )


def _stage(picture: Picture, scene: Scene, over: str) -> str:
    alt = attribute(picture.alt)
    shown = (
        f'<img src="{attribute(picture.href)}" alt="{alt}" width="{picture.width}" '
        f'height="{picture.height}" draggable="false">'
        if picture.href
        else f'<div class="no-picture"><span>{scene.text("picture_missing")}<br>{alt}</span></div>'
    )
    return (
        f'<div class="stage" data-width="{picture.width}" data-height="{picture.height}">'
        f"{shown}{over}</div>"
    )


def _regions(regions: Sequence[Region], scene: Scene) -> str:
    return "".join(
        f'<button type="button" class="region" aria-pressed="false" '
        f'data-value="{attribute(region.region_id)}" {_outline(region)} '
        f'aria-label="{attribute(region.label) or scene.text("region", number=number)}"></button>'
        for number, region in enumerate(regions, start=1)
    )


def _outline(region: Region) -> str:
    return f'data-shape="{region.shape}" data-coords="{",".join(map(str, region.coords))}"'
