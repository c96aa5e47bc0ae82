"""A real box for tests: documents sealed by a real centre, a real process, real files."""
