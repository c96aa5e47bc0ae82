"""Arrows point down and never in a circle.  import-linter checks the layers; this, every module."""

from __future__ import annotations

import ast

from tests.tidy.source_tree import Source, product, told


def _targets(source: Source, known: frozenset[str]) -> set[str]:
    """Return the modules of ours that a file imports, those inside functions counted."""
    found = set()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            inside = {f"{node.module}.{one.name}" for one in node.names}
            # `from package import module` needs the module; its package only holds the name.
            found |= inside & known or {node.module}
    return (found & known) - {source.module}


def _circle(graph: dict[str, set[str]]) -> list[str]:
    """Return the modules of one circle, or nothing."""
    done: set[str] = set()
    for start in sorted(graph):
        path: list[str] = []
        stack = [(start, iter(sorted(graph[start])))]
        while stack:
            name, rest = stack[-1]
            if name not in path:
                path.append(name)
            following = next(rest, None)
            if following is None:
                stack.pop()
                path.remove(name)
                done.add(name)
            elif following in path:
                return [*path[path.index(following) :], following]
            elif following not in done:
                stack.append((following, iter(sorted(graph[following]))))
    return []


def test_no_import_goes_in_a_circle() -> None:
    """Two modules that need each other are one module, or hide a third."""
    known = frozenset(source.module for source in product())
    graph = {source.module: _targets(source, known) for source in product()}
    circle = _circle(graph)
    assert circle == [], told(
        "No import goes in a circle, not inside a function either: move what both need below.",
        [" -> ".join(circle)],
    )


def test_a_circle_would_be_found() -> None:
    """The search above is not blind."""
    expected = ["b", "c", "b"]
    assert expected == _circle({"a": {"b"}, "b": {"c"}, "c": {"b"}})


def test_nothing_is_imported_relatively() -> None:
    """An absolute name says where a thing lives."""
    found = [
        source.where(node)
        for source in product()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert found == [], told("Import by the absolute name: it can be searched for.", found)
