"""Why something was refused is kept as it can be translated later."""

from __future__ import annotations

from appliance.formats.kept_sentence import FIELD_MAX, KeptSentence
from appliance.services.update_rules import UpdateDamagedError


def test_sentence_is_kept_with_its_fields_and_filled_in_any_language() -> None:
    """What is written is read back; English is what it says by itself."""
    kept = KeptSentence.of(UpdateDamagedError(name="root"))
    assert kept == KeptSentence.from_bytes(kept.to_bytes())
    assert str(UpdateDamagedError(name="root")) == str(kept)
    assert "Filen root" == kept.filled("Filen {name}")


def test_field_of_a_stranger_is_cut() -> None:
    """A name on a stick can be as long as a file system lets it be."""
    kept = KeptSentence.of(UpdateDamagedError(name="a" * 5000))
    assert "a" * FIELD_MAX == kept.filled("{name}")
