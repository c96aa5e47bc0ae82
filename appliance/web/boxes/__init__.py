"""What the boxes of a room say to each other.  docs/standby-protocol.md is the specification."""
