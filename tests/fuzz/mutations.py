"""Ways to spoil a valid document: in its bytes, and in what its JSON or XML says."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st
from lxml import etree

SPOILS_MAX = 6
"""Of one document.  Many spoils at once are refused at the first and try nothing new."""
DRAW = Callable[[st.SearchStrategy[Any]], Any]

PIECES = (
    *(b"\0", b"\xff\xfe", b"\xed\xa0\x80", b"\r\n", b'"', b"\\", b"\\ud800", b"&#0;", b"]]>"),
    *(b"[" * 3000, b'{"a":' * 300, b"<a>" * 3000, b"9" * 5000, b"1e999999", b"NaN", b"-0", b"0x"),
    *("\u202e\ufeff".encode(), b"{" * 40, b"=", b"~", b",", b";", b"\t", b"%s%n", b"../" * 9),
)
NUMBERS = (0, -1, 1, 2**31, 2**53, 2**53 - 1, -(2**63) - 1, 2**64, 10**400, 0.5, 1e308)
TEXTS = (
    *("", " ", "\0", "\ud800", "a" * 70_000, "../x", "\u202e", "NaN", "Infinity", "-1", "0", "1e9"),
    *("1/0", "²", "٣", "9" * 500, "%00", "{0}", "é" * 300, "true", "RESPONSE", "x y", "#", "1 2 3"),
)
OTHERS = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from(NUMBERS),
    st.sampled_from(TEXTS),
    st.text(max_size=30),
    st.just([]),
    st.just({}),
    st.just([[[[[[[[[[[[]]]]]]]]]]]]),
    st.just({"kind": "choice"}),
)


@st.composite
def spoilt_bytes(draw: DRAW, valid: Sequence[bytes]) -> bytes:
    """Flip, cut out, repeat, insert, cut off, or go on with another document."""
    data = draw(st.sampled_from(valid))
    for _ in range(draw(st.integers(1, SPOILS_MAX))):
        at = draw(st.integers(0, len(data)))
        length = draw(st.integers(1, 64))
        match draw(st.integers(0, 5)):
            case 0 if at < len(data):
                data = data[:at] + bytes([draw(st.integers(0, 255))]) + data[at + 1 :]
            case 1:
                data = data[:at] + data[at + length :]
            case 2:
                data = data[: at + length] + data[at:]
            case 3:
                data = data[:at] + draw(st.sampled_from(PIECES)) + data[at:]
            case 4:
                data = data[:at]
            case _:
                other = draw(st.sampled_from(valid))
                data = data[:at] + other[draw(st.integers(0, len(other))) :]
    return bytes(data)


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Return (container, key or index) of everything inside."""
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, inner in inside:
        found.append((value, key))
        if isinstance(inner, dict | list):
            found += _places(inner)
    return found


@st.composite
def spoilt_json(draw: DRAW, valid: Sequence[bytes]) -> bytes:
    """Put something else in some places, or take it away, twice it, or give it another name."""
    value = json.loads(draw(st.sampled_from(valid)))
    for _ in range(draw(st.integers(1, SPOILS_MAX))):
        places = _places(value)
        if not places:
            break
        inside, key = draw(st.sampled_from(places))
        match draw(st.integers(0, 4)):
            case 0:
                del inside[key]
            case 1 if isinstance(inside, list):
                inside.append(inside[key])
            case 2 if isinstance(inside, dict):
                inside[draw(st.sampled_from(TEXTS))] = inside.pop(key)
            case 3:
                other, other_key = draw(st.sampled_from(places))
                inside[key] = deepcopy(other[other_key])
            case _:
                inside[key] = deepcopy(draw(OTHERS))
    text = json.dumps(
        value, ensure_ascii=draw(st.booleans()), sort_keys=True, separators=(",", ":")
    )
    return text.encode(errors="surrogatepass")


@st.composite
def spoilt_xml(draw: DRAW, valid: Sequence[bytes]) -> bytes:
    """Remove, double, swallow or rename elements; give attributes and texts other values."""
    root = etree.fromstring(draw(st.sampled_from(valid)))
    for _ in range(draw(st.integers(1, SPOILS_MAX))):
        elements = [one for one in root.iter() if isinstance(one.tag, str)]
        one = draw(st.sampled_from(elements))
        other = draw(st.sampled_from(elements))
        parent = one.getparent()
        match draw(st.integers(0, 6)):
            case 0 if parent is not None:
                parent.remove(one)
            case 1 if parent is not None:
                parent.append(deepcopy(one))
            case 2 if parent is not None:
                other.append(deepcopy(one))
            case 3:
                one.tag = other.tag
            case 4 if one.attrib:
                del one.attrib[draw(st.sampled_from(sorted(one.attrib)))]
            case 5 if one.attrib:
                one.set(draw(st.sampled_from(sorted(one.attrib))), _xml_text(draw))
            case _:
                one.text = _xml_text(draw)
    return etree.tostring(root)


def _xml_text(draw: DRAW) -> str:
    text: str = draw(st.sampled_from(TEXTS))
    return "".join(character for character in text if character >= " " and character < "\ud800")
