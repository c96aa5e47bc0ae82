"""Bundles carry one unbroken run of entries from one box to one centre."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.domain.errors import ExamroomError
from appliance.domain.journal import ChainBrokenError, Entry, chain_start
from appliance.formats import bundle as bundle_format
from appliance.formats.bundle import (
    BundleDamagedError,
    open_bundle,
    read_bundle_header,
    verify_bundle,
    write_bundle,
)
from appliance.formats.canonical import encode_canonical
from appliance.formats.keys import BoxIdentity, CentreIdentity, create_centre_identity
from appliance.formats.sealed_envelope import write_sealed
from appliance.formats.sealing import SealBrokenError
from appliance.formats.signing import SignatureWrongError


def _write(entries: list[Entry], box: BoxIdentity, centre: CentreIdentity) -> bytes:
    return write_bundle(
        entries,
        journal_id="journal-1",
        previous_hash=chain_start("journal-1"),
        box=box,
        centre=centre.public,
    )


def test_bundle_opens_at_the_centre(
    entries: list[Entry], box: BoxIdentity, centre: CentreIdentity
) -> None:
    """The centre reads the entries as the box wrote them; the header says which run it is."""
    data = _write(entries, box, centre)

    assert entries == open_bundle(data, centre=centre, box=box.public)
    header = read_bundle_header(data)
    assert (header.first_seq, header.last_seq, header.epoch) == (1, 20, 1)


def test_bundle_stays_closed_to_everybody_else(
    entries: list[Entry], box: BoxIdentity, centre: CentreIdentity
) -> None:
    """Another centre cannot open it, though it can see whose it is."""
    data = _write(entries, box, centre)
    other = create_centre_identity("Other", recovery=bytes(32))

    with pytest.raises(SealBrokenError):
        open_bundle(data, centre=other, box=box.public)
    assert b"response_saved" not in data


def test_bundle_is_refused_when_another_box_signed_it(
    entries: list[Entry], box: BoxIdentity, other_box: BoxIdentity, centre: CentreIdentity
) -> None:
    """A bundle counts only with the signature of the box it names."""
    data = _write(entries, other_box, centre)

    with pytest.raises(SignatureWrongError):
        verify_bundle(data, box=box.public)


def test_bundle_is_refused_when_any_byte_is_altered_or_missing(
    entries: list[Entry], box: BoxIdentity, centre: CentreIdentity
) -> None:
    """There is no byte of a bundle that may differ."""
    data = _write(entries, box, centre)

    for place in range(len(data)):
        altered = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        for damaged in (altered, data[:place]):
            with pytest.raises(ExamroomError):
                open_bundle(damaged, centre=centre, box=box.public)


def test_bundle_is_refused_when_its_entries_are_not_a_chain(
    entries: list[Entry], box: BoxIdentity, centre: CentreIdentity
) -> None:
    """A signed bundle with a gap inside is refused at the entry that does not fit."""
    data = _write([*entries[:5], *entries[6:]], box, centre)

    with pytest.raises(ChainBrokenError):
        open_bundle(data, centre=centre, box=box.public)


def test_bundle_is_refused_when_it_unpacks_beyond_the_limit(
    entries: list[Entry],
    box: BoxIdentity,
    centre: CentreIdentity,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A compression bomb stops at the limit."""
    monkeypatch.setattr(bundle_format, "UNPACKED_MAX_BYTES", 100)

    with pytest.raises(BundleDamagedError):
        open_bundle(_write(entries, box, centre), centre=centre, box=box.public)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_unpacking_never_raises_anything_else(data: bytes) -> None:
    """Whatever a broken box compresses, the refusal is ours."""
    for packed in (data, zlib.compress(data)):
        with pytest.raises(ExamroomError):
            bundle_format._read_rows(bundle_format._unpack(packed))


@pytest.mark.parametrize(
    "lie",
    [{"last_seq": 19}, {"last_hash": bytes(32)}, {"epoch": 2}],
    ids=lambda lie: next(iter(lie)),
)
def test_bundle_is_refused_when_its_header_names_another_run(
    entries: list[Entry], box: BoxIdentity, centre: CentreIdentity, lie: dict[str, object]
) -> None:
    """A box that signs a header which does not fit its entries is not believed."""
    header = read_bundle_header(_write(entries, box, centre))
    lying = header.model_copy(update=lie)
    rows = encode_canonical([bundle_format._row(entry) for entry in entries])
    packed, receiver = zlib.compress(rows), centre.public
    data = write_sealed(bundle_format.MAGIC, lying, packed, receiver=receiver, signing=box.signing)

    with pytest.raises(BundleDamagedError):
        open_bundle(data, centre=centre, box=box.public)
