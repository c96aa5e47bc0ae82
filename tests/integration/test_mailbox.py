"""What the mailbox brings is verified; what is wrong is set aside, and a sentence says which."""

from __future__ import annotations

import io
import zipfile

import pytest

from appliance.formats.exam_model import encode_exam
from appliance.formats.exam_package import PackageContents, PackageTerms, build_package
from appliance.formats.keys import (
    PublicIdentity,
    create_box_identity,
    create_centre_identity,
    create_recovery_key,
    load_box_identity,
)
from tests.integration.conftest import MakeBox
from tests.rig.box_process import CHIEF, FAR_FUTURE_MS, BoxProcess


def _package(box: BoxProcess, *, to: PublicIdentity, until_ms: int = FAR_FUTURE_MS) -> bytes:
    return build_package(
        PackageContents(encode_exam(box.exam), {}, {}),
        PackageTerms("package-2", 1, "Second", ("en",), 3600, 0, until_ms),
        boxes=[to],
        centre=box.centre,
        release_code=box.release_code,
    )


def _wrongly_signed(box: BoxProcess) -> bytes:
    own = box.centre
    box.centre = create_centre_identity("Other", recovery=create_recovery_key().public)
    data = _package(box, to=load_box_identity(box.folder / "keys").public)
    box.centre = own
    return data


def _own(box: BoxProcess) -> PublicIdentity:
    return load_box_identity(box.folder / "keys").public


def _bomb() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", bytes(64 * 2**20))
    return data.getvalue()


CASES = {
    "damaged": lambda box: _package(box, to=_own(box))[:-200],
    "made for other boxes": lambda box: _package(box, to=create_box_identity("Other").public),
    "not made by your centre": _wrongly_signed,
    "may be used is over": lambda box: _package(box, to=_own(box), until_ms=1_000_000),
    "would fill the box": lambda _box: _bomb(),
}


@pytest.mark.parametrize("words", CASES)
def test_package_that_is_wrong_is_refused_with_a_sentence(make_box: MakeBox, words: str) -> None:
    """Damaged, another box's, wrongly signed, expired, a bomb: each sentence says which."""
    box = make_box()
    (box.folder / "mailbox" / "incoming" / "second.exam_package").write_bytes(CASES[words](box))
    box.start()

    page = box.staff()._get("/box")

    assert "tag trouble" in page
    refused = page.split("tag trouble", 1)[1].split("</li>")[0]
    assert words in refused, refused
    assert (box.folder / "mailbox" / "refused" / "second.exam_package").exists()
    assert f'value="{CHIEF}"' in box.staff()._get("/sign-in")
