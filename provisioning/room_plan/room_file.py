"""Write a `RoomConfig` as the room.toml that a technician could have written."""

from __future__ import annotations

import json

from provisioning.room_setup.room_config import RoomConfig


def room_file(config: RoomConfig) -> str:
    """Return the text of room.toml; what is a default is left out."""
    given = config.model_dump(mode="json", exclude_defaults=True)
    network = given.pop("network", {})
    others = given.pop("other_boxes", [])
    lines = _values(given)
    if network:
        lines += ["", "[network]", *_values(network)]
    for other in others:
        lines += ["", "[[other_boxes]]", *_values(other)]
    return "\n".join(lines) + "\n"


def _values(values: dict[str, object]) -> list[str]:
    # JSON's strings and lists of strings are TOML's.
    return [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]
