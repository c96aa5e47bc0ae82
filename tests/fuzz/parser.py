"""What is tried: a parser, and documents that it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import strategies as st

from tests.fuzz.mutations import spoilt_bytes, spoilt_json, spoilt_xml


@dataclass(frozen=True, slots=True)
class Parser:
    """A parser, documents that it takes, and how they are spoilt."""

    name: str
    read: Callable[[bytes], object]
    spoilt: st.SearchStrategy[bytes]
    valid: tuple[bytes, ...]


def parser_of(
    name: str, read: Callable[[bytes], object], *valid: bytes, structure: str = ""
) -> Parser:
    """Return a parser whose documents are spoilt in their bytes and in their `structure`."""
    ways = [spoilt_bytes(valid)]
    if structure:
        ways.append({"json": spoilt_json, "xml": spoilt_xml}[structure](valid))
    return Parser(name, read, st.one_of(ways), valid)
