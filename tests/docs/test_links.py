"""Links between pages lead somewhere, and what a page names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")], key=lambda page: page.as_posix()
)
TAKEN_LATER = {"docs/images/candidate.png", "docs/images/room.png", "docs/performance.md"}
"""What the README shows or names and a person or a measurement adds."""

_LINK = re.compile(r"\]\(([^)#\s]+)(#[^)\s]*)?\)")
_TEST = re.compile(r"`(test_\w+)`")
_SOURCE = re.compile(r"`((?:appliance|sync|provisioning|tests|benchmarks|docs)/[\w./-]+)`")


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    """A reader follows a link because they need what is behind it."""
    targets = [
        found.group(1)
        for found in _LINK.finditer(page.read_text(encoding="utf-8"))
        if "://" not in found.group(1)
    ]
    missing = [one for one in targets if not (page.parent / one).exists()]
    missing = [
        one
        for one in missing
        if (page.parent / one).resolve().relative_to(ROOT).as_posix() not in TAKEN_LATER
    ]
    assert missing == [], f"{_name(page)} links to what is not there"


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_files_that_a_page_names_exist(page: Path) -> None:
    """A path in a page is an invitation to look."""
    named = {found.group(1) for found in _SOURCE.finditer(page.read_text(encoding="utf-8"))}
    missing = sorted(one for one in named if not (ROOT / one).exists() and one not in TAKEN_LATER)
    assert missing == [], f"{_name(page)} names files that are not there"


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_tests_that_a_page_names_exist(page: Path) -> None:
    """A promise that points to a test points to one that runs."""
    known = {
        found
        for path in (ROOT / "tests").rglob("test_*.py")
        for found in re.findall(r"def (test_\w+)", path.read_text(encoding="utf-8"))
    } | {path.stem for path in (ROOT / "tests").rglob("test_*.py")}
    named = set(_TEST.findall(page.read_text(encoding="utf-8")))
    assert sorted(named - known) == [], f"{_name(page)} names tests that are not there"


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_pages_use_the_words_of_the_glossary(page: Path) -> None:
    """One word per thing, for readers as for code."""
    if page.name == "glossary.md":
        return  # it lists the words that are not used
    text = re.sub(r"`[^`]*`|```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    found = re.findall(r"\b(students?|examinees?|proctors?|quiz(?:zes)?)\b", text, re.IGNORECASE)
    assert found == [], f"{_name(page)} says {found}: see docs/glossary.md"
