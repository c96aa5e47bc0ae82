"""What a box makes of `room.toml` when it starts: its network, names, time and settings."""
