"""Config Keys: those that real clients computed, and every rule by a small case of our own."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from appliance.domain.errors import InvariantViolated
from appliance.formats.seb_settings import (
    DEPTH_MAX,
    config_key,
    is_request_hash,
    request_hash,
    write_settings,
)
from tests.rig.seb_file import read_seb_file

SAMPLES = Path(__file__).resolve().parents[3] / "../shared/samples/seb"
CLIENT_KEY = "b7782dd33a34b108f4c0bf0f4c8d7dbf252116037e467e86a061e9afb63f1d4e"
ORIGINATOR_INSIDE = '{"a":{"originatorVersion":1}}'


def key_of(json: str) -> str:
    return hashlib.sha256(json.encode()).hexdigest()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "unencrypted_mac_001.seb",
            "4fa9af8ec8759eb7c680752ef4ee5eaf1a860628608fccae2715d519849f9292",
        ),
        (
            "unencrypted_win_223.seb",
            "fc6f4ea5922717760f4d6d536c23b8d19bf20b52aa97940f5427a76e20f49026",
        ),
    ],
)
def test_config_key_is_the_clients_own_when_the_file_is_a_known_one(
    name: str, expected: str
) -> None:
    """Files of Moodle's tests, with the keys that SEB for macOS and for Windows computed."""
    path = SAMPLES / name
    if not path.exists():
        pytest.skip(f"the sample {name} is not here")
    assert expected == config_key(read_seb_file(path.read_bytes()))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "http://127.0.0.1:8765/panduan/seb/berhasil",
            "9b65f55eadc68da0be80ea82f305192e14c3d5c62acc8df5fd2a7523d85d39e4",
        ),
        (
            "http://127.0.0.1:8765/probe-xhr",
            "304bdce9fbeef6ebfdc40c1dd4d602fd0269ec4c83d1c08b7042d54a56158014",
        ),
    ],
)
def test_request_hash_is_what_a_real_client_sent(url: str, expected: str) -> None:
    """SEB for Windows 3.10.2, for a page and for a request by script; what follows # is no part."""
    assert expected == request_hash(url, CLIENT_KEY) == request_hash(f"{url}#part", CLIENT_KEY)
    assert is_request_hash(expected.upper(), url, CLIENT_KEY)
    assert not is_request_hash(expected, f"{url}/", CLIENT_KEY)
    assert not is_request_hash("å", url, CLIENT_KEY)


@pytest.mark.parametrize(
    ("settings", "json"),
    [
        (
            {"URLFilterRules": [], "urlFilterRegex": True, "URLFilterEnable": False},
            '{"URLFilterEnable":false,"urlFilterRegex":true,"URLFilterRules":[]}',
        ),
        ({"b": 1, "a": {}, "C": ""}, '{"b":1,"C":""}'),
        ({"a": {"d": 2, "B": [{}]}}, '{"a":{"B":[{}],"d":2}}'),
        ({"originatorVersion": "SEB_Win_3.9", "a": 1}, '{"a":1}'),
        (
            {"ORIGINATORVERSION": "x", "a": {"originatorVersion": 1}},
            '{"a":{"originatorVersion":1}}',
        ),
        ({"a": b"\x00\xff" * 30}, '{"a":"' + "AP8A/wD/" * 10 + '"}'),
        ({"a": 'å/\\"\u2028'}, '{"a":"å/\\"\u2028"}'),
        ({"a": -1, "aB": 2, "AB": 3}, '{"a":-1,"aB":2,"AB":3}'),
    ],
)
def test_config_key_follows_each_rule(settings: dict[str, object], json: str) -> None:
    """Sorted without regard to case, nothing escaped, empty dictionaries gone, arrays kept."""
    assert key_of(json) == config_key(settings)


def test_settings_are_read_as_they_were_written() -> None:
    """And so the key of the file is the key of what it was made of."""
    settings = {"a": [{"b": True}, "å & <c>"], "d": b"\x00", "e": 3}
    written = write_settings(settings)
    assert settings == read_seb_file(written)
    assert config_key(settings) == config_key(read_seb_file(written))


@pytest.mark.parametrize(
    "value", [1.5, datetime(2026, 1, 1, tzinfo=UTC), {}, 'say "a"', "back\\slash", "two\nlines"]
)
def test_nothing_is_written_that_clients_read_differently(value: object) -> None:
    """Each has broken somebody's exam: see the traps in docs/seb.md."""
    with pytest.raises(InvariantViolated):
        write_settings({"a": [{"b": value}]})


def test_names_that_differ_by_case_alone_are_not_written() -> None:
    """Clients sort them in two ways."""
    with pytest.raises(InvariantViolated):
        write_settings({"aB": 1, "ab": 2})


@pytest.mark.parametrize("value", [1.5, datetime(2026, 1, 1, tzinfo=UTC)])
def test_key_of_what_clients_disagree_about_is_refused(value: object) -> None:
    """Better no key than one that some of them do not compute."""
    with pytest.raises(InvariantViolated):
        config_key({"a": value})


def test_depth_has_a_limit() -> None:
    """Settings cannot make the box recurse without end."""
    value: dict[str, object] = {"a": 1}
    for _ in range(DEPTH_MAX + 1):
        value = {"a": value}
    with pytest.raises(InvariantViolated):
        config_key(value)
