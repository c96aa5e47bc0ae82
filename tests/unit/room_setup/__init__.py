"""room.toml and what a box makes of it."""
