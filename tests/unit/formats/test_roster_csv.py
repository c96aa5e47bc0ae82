"""Rosters from spreadsheets are read as they come, and bad lines are named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.domain.candidates import Accommodation
from appliance.formats.roster_csv import (
    RosterRow,
    RosterUnreadableError,
    guard_cell,
    read_roster_csv,
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_roster_is_read_whatever_the_spreadsheet_made_of_it(encoding: str, delimiter: str) -> None:
    """Headings in other words, other delimiters and a byte order mark do not matter."""
    lines = [
        ["Candidate number", "First name", "Last name", "E-mail", "Seat", "Extra time %"],
        ["2031", "Åsa", "Öberg", "a@example.org", "7", "50 %"],
    ]
    data = "\r\n".join(delimiter.join(line) for line in lines).encode(encoding)

    reading = read_roster_csv(data)

    extra = Accommodation("additional-testing-time", "time-multiplier 1.5")
    assert [RosterRow("2031", "Åsa", "Öberg", "7", (extra,))] == reading.rows
    assert reading.bad_lines == []


def test_accommodations_are_read_by_their_pnp_names() -> None:
    """Extra minutes, other accommodations and who approved them are carried along."""
    data = (
        b"number,given name,family name,extra minutes,high-contrast,magnification,approved by\n"
        b"1,A,B,15,yes,200 %,Head\n"
        b"2,C,D,,no,,\n"
    )

    rows = read_roster_csv(data).rows

    assert [
        Accommodation("additional-testing-time", "fixed-minutes 15", "Head"),
        Accommodation("high-contrast", "true", "Head"),
        Accommodation("magnification", "200 %", "Head"),
    ] == list(rows[0].accommodations)
    assert rows[1].accommodations == ()


def test_bad_lines_are_named_and_the_others_read() -> None:
    """A missing name, a repeated number and nonsense for extra time each have their sentence."""
    data = (
        b"number;given name;family name;extra time\n1;A;B;\n;C;D;\n1;E;F;\n2;G;H;lots\n3;I;J;10\n"
    )

    reading = read_roster_csv(data)

    assert [row.number for row in reading.rows] == ["1", "3"]
    assert [bad.line for bad in reading.bad_lines] == [3, 4, 5]
    assert "on line 2 already" in reading.bad_lines[1].sentence


@pytest.mark.parametrize(
    "data",
    [b"", b"name\nA\n", b"\xff\xfe", b'number,given name,family name\n1,"A', b"x" * 5_000_000],
)
def test_file_that_is_no_roster_is_refused(data: bytes) -> None:
    """A file that cannot be read as a whole is refused with the reason."""
    with pytest.raises(RosterUnreadableError):
        read_roster_csv(data)


@given(st.binary(max_size=200))
def test_foreign_bytes_never_raise_anything_else(data: bytes) -> None:
    """Whatever the file holds, it is read or refused."""
    try:
        read_roster_csv(b"number,given name,family name\n" + data)
    except RosterUnreadableError:
        return


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx"])
def test_formula_is_disarmed_on_export(cell: str) -> None:
    """A spreadsheet shows such a cell as text."""
    assert "'" + cell == guard_cell(cell)


def test_plain_cell_is_left_alone_on_export() -> None:
    """Names stay as they are."""
    assert guard_cell("O'Neill") == "O'Neill"
