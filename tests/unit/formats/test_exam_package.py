"""A package opens for its boxes with its release code, and for nobody and nothing else."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.domain.errors import ExamroomError
from appliance.formats.canonical import encode_canonical
from appliance.formats.chunked_encryption import (
    CHUNK_BYTES,
    CiphertextDamagedError,
    decrypt_chunks,
    encrypt_chunks,
)
from appliance.formats.exam_package import (
    PackageContents,
    PackageTerms,
    build_package,
    inspect_package,
    open_archive,
    open_package,
    release_secret_of,
)
from appliance.formats.keys import BoxIdentity, CentreIdentity, create_centre_identity
from appliance.formats.package_manifest import (
    FILES_MAX,
    PackageBombError,
    PackageDamagedError,
    PackageExpiredError,
    PackageForAnotherBoxError,
    PackageNotYetValidError,
    PackageSignatureError,
    PackageTooLargeError,
    ReleaseCodeWrongError,
)
from appliance.formats.plain_zip import write_plain_zip
from appliance.formats.release_code import create_release_code
from appliance.formats.signing import sign
from appliance.formats.zip_reading import ZipLimits

CODE = create_release_code()
TERMS = PackageTerms("p-1", 1, "Biology 2", ("en",), 3600, 1_000, 9_000)
CONTENTS = PackageContents(
    exam_json=b'{"exam":1}',
    media={"media/cell.png": b"picture" * 20_000, "media/empty.txt": b""},
    archive={"original.zip": b"original", "scoring.json": b"rules"},
)


@pytest.fixture(scope="module")
def package(box: BoxIdentity, centre: CentreIdentity) -> bytes:
    return build_package(CONTENTS, TERMS, boxes=[box.public], centre=centre, release_code=CODE)


@pytest.fixture(scope="module")
def secret(package: bytes, box: BoxIdentity, centre: CentreIdentity) -> bytes:
    manifest = inspect_package(package, centre=centre.public, box_id=box.id, now_ms=None)
    return release_secret_of(manifest, CODE)


def test_package_opens_when_box_and_code_are_right(
    package: bytes, secret: bytes, box: BoxIdentity, centre: CentreIdentity
) -> None:
    """The box gets the exam and its media, and nothing of the archive."""
    opened = open_package(
        package, identity=box, centre=centre.public, release_secret=secret, now_ms=2_000
    )

    assert CONTENTS.exam_json == opened.exam_json
    assert CONTENTS.media == opened.media
    assert opened.manifest.title == "Biology 2"


def test_archive_opens_when_the_centre_opens_it(package: bytes, centre: CentreIdentity) -> None:
    """The original and the scoring rules come back at the centre."""
    assert CONTENTS.archive == open_archive(package, centre=centre)


def test_archive_is_refused_when_another_centre_opens_it(
    package: bytes, centre: CentreIdentity
) -> None:
    """The scoring rules need the private key of this centre."""
    other = create_centre_identity("Other", recovery=bytes(32))
    impostor = CentreIdentity(other.signing, other.sealing, centre.public)

    with pytest.raises(PackageDamagedError):
        open_archive(package, centre=impostor)


def test_package_shows_nothing_of_its_contents_before_release(package: bytes) -> None:
    """Neither names nor contents stand in clear."""
    for word in (b"cell.png", b"picture", b"exam.json", b"scoring", CODE.encode()):
        assert word not in package


def test_package_is_a_zip_that_any_program_reads(package: bytes) -> None:
    """The container is an ordinary zip, uncompressed."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        assert archive.testzip() is None
        assert archive.namelist()[:2] == ["manifest.json", "manifest.sig"]


def test_package_is_refused_when_the_code_is_another(
    package: bytes, box: BoxIdentity, centre: CentreIdentity
) -> None:
    """A well-formed wrong code says that it is wrong, and no more."""
    manifest = inspect_package(package, centre=centre.public, box_id=box.id, now_ms=None)
    wrong = release_secret_of(manifest, create_release_code())

    with pytest.raises(ReleaseCodeWrongError):
        open_package(package, identity=box, centre=centre.public, release_secret=wrong, now_ms=None)


def test_package_is_refused_when_it_is_for_another_box(
    package: bytes, secret: bytes, other_box: BoxIdentity, centre: CentreIdentity
) -> None:
    """A box that the package was not made for can neither load nor open it."""
    with pytest.raises(PackageForAnotherBoxError):
        inspect_package(package, centre=centre.public, box_id=other_box.id, now_ms=None)
    with pytest.raises(PackageForAnotherBoxError):
        open_package(
            package, identity=other_box, centre=centre.public, release_secret=secret, now_ms=None
        )


def test_package_is_refused_when_another_centre_signed_it(package: bytes, box: BoxIdentity) -> None:
    """Only the box's own centre counts."""
    other = create_centre_identity("Other", recovery=bytes(32))

    with pytest.raises(PackageSignatureError):
        inspect_package(package, centre=other.public, box_id=box.id, now_ms=None)


def test_package_is_refused_when_its_time_is_over(
    package: bytes, secret: bytes, box: BoxIdentity, centre: CentreIdentity
) -> None:
    """After its last moment it is neither loaded nor opened, unless the clock is left out."""
    with pytest.raises(PackageExpiredError):
        inspect_package(package, centre=centre.public, box_id=box.id, now_ms=9_001)
    with pytest.raises(PackageExpiredError):
        open_package(
            package, identity=box, centre=centre.public, release_secret=secret, now_ms=9_001
        )
    open_package(package, identity=box, centre=centre.public, release_secret=secret, now_ms=None)


def test_package_loads_but_does_not_open_when_its_time_has_not_come(
    package: bytes, secret: bytes, box: BoxIdentity, centre: CentreIdentity
) -> None:
    """A package may arrive days before it may be opened."""
    inspect_package(package, centre=centre.public, box_id=box.id, now_ms=999)

    with pytest.raises(PackageNotYetValidError):
        open_package(package, identity=box, centre=centre.public, release_secret=secret, now_ms=999)


def test_package_is_refused_when_any_byte_is_altered(
    box: BoxIdentity, centre: CentreIdentity
) -> None:
    """There is no byte, of the zip's own fields included, that may differ."""
    small = build_package(
        PackageContents(b"{}", {}, {}), TERMS, boxes=[box.public], centre=centre, release_code=CODE
    )
    for place in range(0, len(small), 7):
        altered = bytearray(small)
        altered[place] ^= 0x20
        with pytest.raises(ExamroomError):
            inspect_package(bytes(altered), centre=centre.public, box_id=box.id, now_ms=None)


@settings(max_examples=50, deadline=None)
@given(cut=st.integers(min_value=0))
def test_package_is_refused_when_cut_short(
    package: bytes, box: BoxIdentity, centre: CentreIdentity, cut: int
) -> None:
    """A package that was copied in part is refused."""
    with pytest.raises(ExamroomError):
        inspect_package(
            package[: cut % len(package)], centre=centre.public, box_id=box.id, now_ms=None
        )


def test_package_is_refused_when_something_was_added(
    package: bytes, box: BoxIdentity, centre: CentreIdentity
) -> None:
    """One more file in the zip is not what was signed."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}

    with pytest.raises(PackageDamagedError):
        inspect_package(
            write_plain_zip({**files, "box/9999": b"more"}),
            centre=centre.public,
            box_id=box.id,
            now_ms=None,
        )


def _compressed_zip(files: Mapping[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def test_package_is_refused_when_it_is_a_zip_bomb(box: BoxIdentity, centre: CentreIdentity) -> None:
    """A small file that would unpack to a large one has its own sentence."""
    bomb = _compressed_zip({"manifest.json": bytes(20_000_000)})

    with pytest.raises(PackageBombError):
        inspect_package(bomb, centre=centre.public, box_id=box.id, now_ms=None)


def test_package_is_refused_when_too_large(
    package: bytes, box: BoxIdentity, centre: CentreIdentity
) -> None:
    """A package over the limit is refused before it is read."""
    limits = ZipLimits(archive_bytes_max=1000)

    with pytest.raises(PackageTooLargeError):
        inspect_package(package, centre=centre.public, box_id=box.id, now_ms=None, limits=limits)


def test_package_is_not_built_when_no_box_would_take_it(
    box: BoxIdentity, centre: CentreIdentity
) -> None:
    """Too many files are refused at the centre, not in the room."""
    media = {f"{number}.png": b"" for number in range(FILES_MAX)}

    with pytest.raises(PackageTooLargeError):
        build_package(
            PackageContents(b"{}", media, {}),
            TERMS,
            boxes=[box.public],
            centre=centre,
            release_code=CODE,
        )


@pytest.mark.parametrize(
    "size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES]
)
def test_chunks_round_trip_at_every_boundary(size: int) -> None:
    """Files of any size come back as they were."""
    assert bytes(size) == decrypt_chunks(bytes(32), encrypt_chunks(bytes(32), bytes(size)))


def test_chunks_are_refused_when_reordered_or_cut_at_a_boundary() -> None:
    """A missing end and swapped chunks show, though every chunk alone is intact."""
    whole = encrypt_chunks(bytes(32), bytes(3 * CHUNK_BYTES))
    step = CHUNK_BYTES + 16
    swapped = (
        whole[:7] + whole[7 + step : 7 + 2 * step] + whole[7 : 7 + step] + whole[7 + 2 * step :]
    )

    for damaged in (whole[: 7 + 2 * step], swapped, b"", whole[:5]):
        with pytest.raises(CiphertextDamagedError):
            decrypt_chunks(bytes(32), damaged)


def test_manifest_is_refused_when_signed_but_not_canonical(
    package: bytes, box: BoxIdentity, centre: CentreIdentity
) -> None:
    """A manifest with an unknown field is not read, whoever signed it."""
    head = encode_canonical({"format": "exam-package/1", "surprise": 1})
    signature = sign(centre.signing, "exam-package/1", head)

    with pytest.raises(PackageDamagedError):
        inspect_package(
            write_plain_zip({"manifest.json": head, "manifest.sig": signature}),
            centre=centre.public,
            box_id=box.id,
            now_ms=None,
        )
