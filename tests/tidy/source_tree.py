"""The product's own source, parsed once, for the tests of this folder."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("appliance", "sync", "provisioning", "kiosk_client")


@dataclass(frozen=True)
class Source:
    """One Python file: its path from the root, its dotted name, its text and its tree."""

    path: str
    module: str
    text: str
    tree: ast.Module

    @property
    def lines(self) -> list[str]:
        """Return the lines of the file."""
        return self.text.splitlines()

    def where(self, node: ast.AST) -> str:
        """Return path and line of a node."""
        return f"{self.path}:{getattr(node, 'lineno', 0)}"


@cache
def product() -> tuple[Source, ...]:
    """Return every file of the product."""
    return tuple(source for name in PRODUCT for source in _below(ROOT / name))


@cache
def all_tests() -> tuple[Source, ...]:
    """Return every file of the tests."""
    return tuple(_below(ROOT / "tests"))


def _below(folder: Path) -> Iterator[Source]:
    for path in sorted(folder.rglob("*.py")) if folder.exists() else []:
        inside = path.relative_to(ROOT)
        text = path.read_text(encoding="utf-8")
        module = ".".join(inside.with_suffix("").parts).removesuffix(".__init__")
        yield Source(str(inside), module, text, ast.parse(text, filename=str(inside)))


def calls(source: Source) -> Iterator[tuple[ast.Call, str]]:
    """Yield every call with its dotted name; what is no plain name is shown by its last part."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            yield node, dotted(node.func)


def dotted(node: ast.AST) -> str:
    """Return `a.b.c` for a chain of names, with `?` for what is not a name."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return "?"


def told(rule: str, found: list[str]) -> str:
    """Return the message of a broken rule: the rule with its reason, then every place."""
    return "\n".join([rule, *(f"  {one}" for one in found)])
