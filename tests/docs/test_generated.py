"""The generated pages say what the code says now."""

from __future__ import annotations

import pytest

from docs.generate import DOCS, PAGES


@pytest.mark.parametrize("name", sorted(PAGES))
def test_generated_page_is_current(name: str) -> None:
    """A page that lags behind the code is worse than none: somebody will believe it."""
    expected = PAGES[name]()
    assert expected == (DOCS / name).read_text(encoding="utf-8"), f"run `make docs`: {name} is old"
