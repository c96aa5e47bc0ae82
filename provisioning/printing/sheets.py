"""Labels, checklist and packing list as pages for A4, from the room.toml files of a site."""

from __future__ import annotations

import gettext
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import segno
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from provisioning.room_setup.room_config import RoomConfig

LANGUAGES = ("en", "sv")
TRANSLATIONS = Path(__file__).parent / "translations"
SHEETS = ("labels", "checklist", "packing-list")


@dataclass(frozen=True, slots=True)
class LabelledBox:
    """A box as its label says it; `code` is the QR code of its address as SVG."""

    config: RoomConfig
    code: Markup

    @property
    def letter(self) -> str:
        """Tell the boxes of a room apart: A leads, B, C and so on follow."""
        host = self.config.name.partition(".")[0]
        return host[-1].upper() if self.config.standby_of and host[-2:-1] == "-" else "A"

    @property
    def address(self) -> str:
        """Return what candidates open."""
        return f"https://{self.config.name}"


@dataclass(frozen=True, slots=True)
class RoomOnPaper:
    """A room and its boxes, the leading one first."""

    name: str
    boxes: tuple[LabelledBox, ...]


def rooms_on_paper(configs: Iterable[RoomConfig]) -> list[RoomOnPaper]:
    """Put boxes together by room."""
    rooms: dict[str, list[LabelledBox]] = {}
    for config in configs:
        rooms.setdefault(config.room, []).append(LabelledBox(config, _code(config)))
    return [
        RoomOnPaper(name, tuple(sorted(boxes, key=lambda one: one.letter)))
        for name, boxes in sorted(rooms.items())
    ]


def sheet(name: str, rooms: list[RoomOnPaper], *, language: str) -> str:
    """Return one of SHEETS as HTML."""
    environment = Environment(
        loader=PackageLoader("provisioning.printing"),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    words = gettext.translation("messages", TRANSLATIONS, [language], fallback=language == "en")
    environment.install_gettext_translations(words, newstyle=True)  # type: ignore[attr-defined]
    return environment.get_template(f"{name}.html").render(rooms=rooms, language=language)


def _code(config: RoomConfig) -> Markup:
    drawn = segno.make(f"https://{config.name}", error="m", micro=False)
    return Markup(drawn.svg_inline(border=4, omitsize=True))  # noqa: S704 - drawn here from a host name
