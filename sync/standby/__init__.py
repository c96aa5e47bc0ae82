"""Following another box of the same room.  docs/standby-protocol.md is the specification."""
