"""QTI items for the interactions that neither the demo exam nor the samples have."""

# ruff: noqa: E501 - the items read better with an element a line

from __future__ import annotations

import io
import struct
import wave
import zlib
from pathlib import Path

ITEM = """<?xml version="1.0" encoding="UTF-8"?>
<qti-assessment-item xmlns="http://www.imsglobal.org/xsd/imsqtiasi_v3p0" identifier="{name}"
    title="{name}" xml:lang="en" adaptive="false" time-dependent="false">
  <qti-response-declaration identifier="RESPONSE" cardinality="{cardinality}" base-type="{base}"/>
  <qti-outcome-declaration identifier="SCORE" cardinality="single" base-type="float"
      normal-maximum="1" external-scored="human"/>
  <qti-item-body>{body}</qti-item-body>
</qti-assessment-item>"""

PICTURE = '<img src="grey.png" width="300" height="200" alt="A grey field"/>'
BODIES = {
    "associate": (
        "multiple",
        "pair",
        """<qti-associate-interaction response-identifier="RESPONSE" max-associations="2">
        <qti-prompt>Who eats whom?</qti-prompt>
        <qti-simple-associable-choice identifier="fox" match-max="1">fox</qti-simple-associable-choice>
        <qti-simple-associable-choice identifier="hare" match-max="1">hare</qti-simple-associable-choice>
        <qti-simple-associable-choice identifier="pike" match-max="1">pike</qti-simple-associable-choice>
        <qti-simple-associable-choice identifier="roach" match-max="1">roach</qti-simple-associable-choice>
        </qti-associate-interaction>""",
    ),
    "upload": (
        "single",
        "file",
        '<qti-upload-interaction response-identifier="RESPONSE"><qti-prompt>Your drawing</qti-prompt>'
        "</qti-upload-interaction>",
    ),
    "media": (
        "single",
        "integer",
        '<qti-media-interaction response-identifier="RESPONSE" max-plays="2" autostart="false">'
        '<qti-prompt>Listen</qti-prompt><audio src="tone.wav"/></qti-media-interaction>',
    ),
    "points": (
        "multiple",
        "point",
        '<qti-select-point-interaction response-identifier="RESPONSE" max-choices="2">'
        f"<qti-prompt>Mark two places</qti-prompt>{PICTURE}</qti-select-point-interaction>",
    ),
    "position": (
        "single",
        "point",
        f"<qti-position-object-stage>{PICTURE}<qti-position-object-interaction "
        'response-identifier="RESPONSE" max-choices="1"><img src="grey.png" width="30" height="20" '
        'alt="a piece"/></qti-position-object-interaction></qti-position-object-stage>',
    ),
    "regions": (
        "ordered",
        "identifier",
        f'<qti-graphic-order-interaction response-identifier="RESPONSE">{PICTURE}'
        '<qti-hotspot-choice identifier="a" shape="rect" coords="10,10,60,60"/>'
        '<qti-hotspot-choice identifier="b" shape="poly" coords="100,10,180,10,140,90"/>'
        '<qti-hotspot-choice identifier="c" shape="circle" coords="240,140,30"/>'
        "</qti-graphic-order-interaction>",
    ),
    "lines": (
        "multiple",
        "pair",
        '<qti-graphic-associate-interaction response-identifier="RESPONSE" max-associations="2">'
        f'{PICTURE}<qti-associable-hotspot identifier="a" shape="circle" coords="40,40,20" match-max="2"/>'
        '<qti-associable-hotspot identifier="b" shape="circle" coords="240,60,20" match-max="2"/>'
        '<qti-associable-hotspot identifier="c" shape="circle" coords="140,150,20" match-max="2"/>'
        "</qti-graphic-associate-interaction>",
    ),
    "labels": (
        "multiple",
        "directedPair",
        f'<qti-graphic-gap-match-interaction response-identifier="RESPONSE">{PICTURE}'
        '<qti-gap-text identifier="x" match-max="1">north</qti-gap-text>'
        '<qti-gap-text identifier="y" match-max="1">south</qti-gap-text>'
        '<qti-associable-hotspot identifier="top" shape="rect" coords="100,10,200,50"/>'
        '<qti-associable-hotspot identifier="foot" shape="rect" coords="100,150,200,190"/>'
        "</qti-graphic-gap-match-interaction>",
    ),
    "long-match": (
        "multiple",
        "directedPair",
        '<qti-match-interaction response-identifier="RESPONSE" max-associations="2">'
        "<qti-prompt>Match</qti-prompt><qti-simple-match-set>"
        '<qti-simple-associable-choice identifier="a" match-max="1">first</qti-simple-associable-choice>'
        '<qti-simple-associable-choice identifier="b" match-max="1">second</qti-simple-associable-choice>'
        "</qti-simple-match-set><qti-simple-match-set>"
        + "".join(
            f'<qti-simple-associable-choice identifier="c{n}" match-max="1">a long description of '
            f"number {n} that fills a column</qti-simple-associable-choice>"
            for n in range(4)
        )
        + "</qti-simple-match-set></qti-match-interaction>",
    ),
}


def write_items(folder: Path) -> Path:
    """Write the items with a picture and a sound into a folder and return it."""
    for name, (cardinality, base, body) in BODIES.items():
        written = ITEM.format(name=name, cardinality=cardinality, base=base, body=body)
        (folder / f"{name}.xml").write_text(written)
    (folder / "grey.png").write_bytes(grey_png(300, 200))
    (folder / "tone.wav").write_bytes(silence_wav())
    return folder


def grey_png(width: int, height: int) -> bytes:
    """Return a grey PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress((b"\0" + b"\xc8" * width) * height)
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def silence_wav() -> bytes:
    """Return a fifth of a second of silence."""
    written = io.BytesIO()
    with wave.open(written, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\0\0" * 1600)
    return written.getvalue()
