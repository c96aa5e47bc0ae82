"""Rosters as schools have them: a CSV from a spreadsheet, with whatever headings they use.

UTF-8 with or without a byte order mark, comma, semicolon or tabulator.  A line that cannot be used
is reported with its number and a sentence; the others are read.  Nothing is guessed about names.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from appliance.domain.candidates import (
    ACCOMMODATION_NAMES,
    ADDITIONAL_TESTING_TIME,
    EXTRA_MINUTES_MAX,
    Accommodation,
    AccommodationUnclearError,
    allotted_seconds,
)
from appliance.domain.errors import InvalidInputError

FILE_MAX_BYTES = 4 * 1024 * 1024
CANDIDATES_MAX = 5_000
CELL_MAX_CHARACTERS = 200
EXTRA_PERCENT_MAX = 900

_HEADINGS: Mapping[str, tuple[str, ...]] = {
    "number": ("number", "candidatenumber", "candidate", "candidateid", "id", "no", "nr"),
    "given_name": ("givenname", "firstname", "forename", "given"),
    "family_name": ("familyname", "lastname", "surname", "family"),
    "seat": ("seat", "place", "workstation"),
    "extra_percent": ("extratimepercent", "extratime", "extrapercent"),
    "extra_minutes": ("extraminutes", "extratimeminutes", "extratimemin", "extramin"),
    "approved_by": ("approvedby", "accommodationapprovedby"),
    "approved_at": ("approvedat", "accommodationapprovedat"),
}
_COLUMN_OF = {heading: column for column, names in _HEADINGS.items() for heading in names}
_ACCOMMODATION_OF = {name.replace("-", ""): name for name in ACCOMMODATION_NAMES}
_NO = frozenset({"", "0", "no", "n", "false", "-"})
_YES = frozenset({"1", "yes", "y", "true", "x"})
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class RosterUnreadableError(InvalidInputError):
    """The file as a whole is no roster."""

    key = "roster_unreadable"
    staff_message = "This list of candidates cannot be read: {reason} Nothing was changed."


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One candidate as the school's list names them."""

    number: str
    given_name: str
    family_name: str
    seat: str | None
    accommodations: tuple[Accommodation, ...]


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that was left out, with the reason for the person who can mend it."""

    line: int
    sentence: str


@dataclass(slots=True)
class RosterReading:
    """What a roster file gave: the candidates, and what could not be used."""

    rows: list[RosterRow] = field(default_factory=list)
    bad_lines: list[BadLine] = field(default_factory=list)


class _LineRefused(Exception):  # noqa: N818 - becomes a BadLine, is never shown as an error
    pass


def read_roster_csv(data: bytes) -> RosterReading:
    """Read a roster; raises RosterUnreadableError when it is none at all."""
    lines = list(_read_lines(data))
    if not lines:
        raise RosterUnreadableError(reason="it is empty.")
    columns = [_column(heading) for heading in lines[0][1]]
    _require_columns(columns)
    reading, seen = RosterReading(), dict[str, int]()
    for line, cells in lines[1:]:
        try:
            row = _read_row(columns, cells)
            if row.number in seen:
                raise _LineRefused(f"Number {row.number} is on line {seen[row.number]} already.")
            seen[row.number] = line
            reading.rows.append(row)
        except _LineRefused as reason:
            reading.bad_lines.append(BadLine(line, str(reason)))
    return reading


def guard_cell(text: str) -> str:
    """Return a cell for a CSV export that no spreadsheet takes for a formula (OWASP)."""
    return "'" + text if text.startswith(_FORMULA_STARTS) else text


def _read_lines(data: bytes) -> Iterator[tuple[int, list[str]]]:
    if len(data) > FILE_MAX_BYTES:
        raise RosterUnreadableError(reason="it is larger than 4 MB.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise RosterUnreadableError(
            reason="it is not in UTF-8. Save it as “CSV UTF-8” in the spreadsheet program."
        ) from problem
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for count, cells in enumerate(reader):
            if count > CANDIDATES_MAX:
                raise RosterUnreadableError(reason=f"it has more than {CANDIDATES_MAX} lines.")
            if any(cell.strip() for cell in cells):
                yield reader.line_num, [cell.strip() for cell in cells]
    except csv.Error as problem:
        raise RosterUnreadableError(reason=f"line {reader.line_num} is cut short.") from problem


def _column(heading: str) -> str:
    """Name the column of a heading; an unknown heading is a column that nobody reads."""
    percent = "%" in heading
    plain = re.sub(r"[^a-z0-9]", "", heading.lower())
    column = _COLUMN_OF.get(plain) or _ACCOMMODATION_OF.get(plain) or ""
    return "extra_percent" if percent and column.startswith("extra") else column


def _require_columns(columns: list[str]) -> None:
    for column in ("number", "given_name", "family_name"):
        if columns.count(column) != 1:
            shown = column.replace("_", " ")
            raise RosterUnreadableError(
                reason=f"the first line must have exactly one column “{shown}”."
            )


def _read_row(columns: list[str], cells: list[str]) -> RosterRow:
    if len(cells) > len(columns) and any(cells[len(columns) :]):
        raise _LineRefused("There are more cells than headings.")
    cell = {column: text for column, text in zip(columns, cells, strict=False) if column}
    for column, text in cell.items():
        if len(text) > CELL_MAX_CHARACTERS or not text.isprintable():
            shown = column.replace("_", " ")
            raise _LineRefused(f"The {shown} is too long or has unprintable characters.")
    number, family_name = cell.get("number", ""), cell.get("family_name", "")
    if not number or not (family_name or cell.get("given_name")):
        raise _LineRefused("The number or the name is missing.")
    return RosterRow(
        number=number,
        given_name=cell.get("given_name", ""),
        family_name=family_name,
        seat=cell.get("seat") or None,
        accommodations=tuple(_accommodations(cell)),
    )


def _accommodations(cell: Mapping[str, str]) -> Iterator[Accommodation]:
    approved_by, approved_at = cell.get("approved_by", ""), cell.get("approved_at", "")
    extra = _extra_time(cell)
    if extra:
        accommodation = Accommodation(ADDITIONAL_TESTING_TIME, extra, approved_by, approved_at)
        _require_clear(accommodation)
        yield accommodation
    for name in sorted(ACCOMMODATION_NAMES - {ADDITIONAL_TESTING_TIME}):
        value = cell.get(name, "").lower()
        if value not in _NO:
            shown = "true" if value in _YES else cell[name]
            yield Accommodation(name, shown, approved_by, approved_at)


def _require_clear(extra_time: Accommodation) -> None:
    """Refuse here what no box would understand on the day."""
    try:
        allotted_seconds(3600, [extra_time])
    except AccommodationUnclearError as problem:
        raise _LineRefused(str(problem)) from problem


def _extra_time(cell: Mapping[str, str]) -> str:
    """Return the value of additional-testing-time in the PNP's words, or nothing."""
    written = cell.get(ADDITIONAL_TESTING_TIME, "")
    percent = _amount(cell.get("extra_percent", ""), "extra time", EXTRA_PERCENT_MAX)
    minutes = _amount(cell.get("extra_minutes", ""), "extra minutes", EXTRA_MINUTES_MAX)
    given = [bool(written), bool(percent), bool(minutes)]
    if sum(given) > 1:
        raise _LineRefused("Extra time is given in more than one way; keep one of them.")
    if percent:
        return f"time-multiplier {1 + Decimal(percent) / 100}"
    if minutes:
        return f"fixed-minutes {minutes}"
    return written


def _amount(text: str, name: str, at_most: int) -> int:
    """Read a whole number; `50 %` and `15 min` are as good as `50` and `15`."""
    match = re.fullmatch(r"([0-9]{1,5})\s*(?:%|min\.?|minutes)?", text.lower())
    if text.lower() in _NO:
        return 0
    if match is None or int(match.group(1)) > at_most:
        raise _LineRefused(f"The {name} “{text}” is not a whole number up to {at_most}.")
    return int(match.group(1))
