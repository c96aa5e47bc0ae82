"""The words of rendering and the keys by which they are asked for."""

from __future__ import annotations

import re
from pathlib import Path

from appliance.rendering import texts
from appliance.rendering.texts import MSGIDS, msgids, texts_for

FOLDER = Path(texts.__file__).parent
ASKED = re.compile(r"""(?:\.text\(|texts\[)\s*(.*?)[,)\]]""", re.DOTALL)
QUOTED = re.compile(r"""["']([a-z_]+)["']""")
# Keys that are put together from pieces or come from a table.
COMPOSED = {
    *("words_one", "words_many", "words_one_of", "words_many_of"),
    *("plays_left_none", "plays_left_one", "plays_left_many"),
}


def _sources() -> str:
    files = [*FOLDER.glob("*.py"), *FOLDER.rglob("*.js")]
    return "\n".join(file.read_text() for file in files if file.name != "texts.py")


def test_every_text_is_asked_for_somewhere() -> None:
    """A text nobody shows would be translated for nothing."""
    mentioned = set(QUOTED.findall(_sources())) | COMPOSED
    assert set() == set(MSGIDS) - mentioned


def test_every_text_asked_for_is_known() -> None:
    """A key that is missing would show nothing, or break the page in an exam."""
    asked = {key for part in ASKED.findall(_sources()) for key in QUOTED.findall(part)}
    assert set() == {key for key in asked if key not in MSGIDS}
    assert len(asked) > 40


def test_translation_covers_all_texts_when_made() -> None:
    """The page gives the same mapping to Python and to the browser."""
    assert MSGIDS.keys() == texts_for(str.upper).keys()
    assert sorted(set(MSGIDS.values())) == msgids()
