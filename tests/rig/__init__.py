"""A real box for tests: sealed documents from a real centre identity, a real process, real files."""
