"""Whatever bytes come from outside, a parser takes them or refuses them with a sentence.

EXAMROOM_FUZZ_SECONDS says how long each parser is tried, and then every run tries other bytes;
`make fuzz SECONDS=60` is the long way.  The bytes that a parser fell over are left in
tests/fuzz/kept/PARSER/, from where they are tried again in every run: commit them with the fix.
"""

from __future__ import annotations

import hashlib
import os
import resource
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from appliance.domain.errors import ExamroomError
from tests.fuzz.parser import Parser
from tests.fuzz.parsers import parsers

LONG = "EXAMROOM_FUZZ_SECONDS" in os.environ
SECONDS = float(os.environ.get("EXAMROOM_FUZZ_SECONDS", "0.8"))
EXAMPLES_AT_ONCE = 50
CASE_SECONDS_MAX = 3.0
GROWTH_MAX_KIB = 256 * 1024
KEPT = Path(__file__).with_name("kept")
NAMES = sorted(parsers())


class _Spoilt(bytes):
    """Bytes that a report of a failure does not show: they are in a file."""

    def __repr__(self) -> str:
        return f"({len(self)} bytes)"


def _try(parser: Parser, data: bytes) -> None:
    """Raise unless the parser takes the bytes, or refuses them with a sentence, soon."""
    began, before_kib = time.process_time(), _peak_kib()
    try:
        parser.read(data)
    except ExamroomError as refused:
        sentence = str(refused)
    else:
        sentence = "taken"
    assert sentence
    assert time.process_time() - began < CASE_SECONDS_MAX
    assert _peak_kib() - before_kib < GROWTH_MAX_KIB


def _peak_kib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@pytest.mark.parametrize("name", NAMES)
def test_parser_takes_what_is_whole(name: str) -> None:
    """Otherwise nothing below would get further than the first line."""
    parser = parsers()[name]
    for data in parser.valid:
        parser.read(data)


@pytest.mark.parametrize("name", NAMES)
def test_parser_takes_or_refuses_whatever_comes(name: str) -> None:
    """No spoilt document ends in anything but the document or a sentence."""
    parser = parsers()[name]
    failed = KEPT / name / "new"

    @settings(
        max_examples=EXAMPLES_AT_ONCE,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(parser.spoilt.map(_Spoilt))
    def hold(data: bytes) -> None:
        try:
            _try(parser, data)
        except BaseException:
            failed.parent.mkdir(parents=True, exist_ok=True)
            failed.write_bytes(data)
            raise

    begin = time.time_ns() if LONG else int(hashlib.sha256(name.encode()).hexdigest()[:8], 16)
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        seed(begin)(hold)()
        begin += 1


@pytest.mark.parametrize("path", sorted(KEPT.glob("*/*")), ids=lambda path: path.parent.name)
def test_what_a_parser_once_fell_over_is_taken_or_refused(path: Path) -> None:
    """Every input that ever failed, again."""
    _try(parsers()[path.parent.name], path.read_bytes())
