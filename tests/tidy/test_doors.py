"""Doors to the world outside: clocks, randomness, transactions, calls over a network."""

from __future__ import annotations

import ast

from tests.tidy.source_tree import Source, calls, dotted, product, told

CLOCKS_AND_DICE = (
    "datetime.now",
    "datetime.datetime.now",
    "datetime.utcnow",
    "date.today",
    "time.time",
    "time.time_ns",
    "time.monotonic",
    "time.monotonic_ns",
    "time.clock_gettime_ns",
    "uuid4",
    "uuid.uuid4",
)

EXCEPTIONS = {
    ("provisioning/demo/simulated_candidate.py", "random"): "simulated candidates type unevenly",
    ("provisioning/demo/processes.py", "clock"): "waits for processes it started, with a limit",
    ("provisioning/demo/staff_driver.py", "clock"): "waits for the mailbox, with a limit",
}
"""(file, what) -> why this one may look at a clock or throw dice outside appliance/platform."""

REQUEST_CALLS = ("get", "post", "put", "patch", "delete", "head", "options", "request")


def _door(name: str) -> str | None:
    """Return what a call opens: "clock", "random" or nothing."""
    if name in CLOCKS_AND_DICE:
        return "random" if "uuid4" in name else "clock"
    if name.startswith("random.") or name == "Random":
        return "random"
    return None


def test_clocks_and_randomness_live_in_platform_only() -> None:
    """Whatever looks at a clock or throws dice elsewhere cannot be tested or rebuilt."""
    found = []
    for source in product():
        if source.path.startswith("appliance/platform/"):
            continue
        for node, name in calls(source):
            door = _door(name)
            if door is not None and (source.path, door) not in EXCEPTIONS:
                found.append(f"{source.where(node)} calls {name}")
    assert found == [], told(
        "Clocks and randomness come from appliance.platform, handed in: only then can a test set "
        "them, and only then does a rebuilt journal equal the live one. If this place really must, "
        "give its reason in EXCEPTIONS.",
        found,
    )


def test_every_exception_for_a_clock_is_still_used() -> None:
    """A reason for something that is gone hides the next one."""
    used = {
        (source.path, _door(name))
        for source in product()
        for _node, name in calls(source)
        if _door(name) is not None
    }
    stale = [f"{path} ({what})" for path, what in EXCEPTIONS if (path, what) not in used]
    assert stale == [], told("Take these out of EXCEPTIONS: nothing there needs them.", stale)


def test_the_domain_has_no_door_at_all() -> None:
    """Decisions are pure: the same state, command and moment give the same entries."""
    doors = {"os", "time", "random", "secrets", "socket", "threading", "subprocess", "uuid", "io"}
    found = [
        f"{source.where(node)} imports {name}"
        for source in product()
        if source.path.startswith("appliance/domain/")
        for node in ast.walk(source.tree)
        for name in _imported(node)
        if name.partition(".")[0] in doors
    ]
    assert found == [], told("The domain is pure; hand in what it needs to know.", found)


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [one.name for one in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [node.module]
    return []


def test_atomic_is_called_in_storage_only() -> None:
    """A transaction opened elsewhere would not be the writer's one commit."""
    found = [
        f"{source.where(node)} calls {name}"
        for source in product()
        if not source.path.startswith("appliance/storage/")
        for node, name in calls(source)
        if name.endswith(".atomic")
    ]
    assert found == [], told(
        "Transactions of the box are opened in appliance.storage only: one writer, one commit for "
        "the whole group, or the group commit is lost.",
        found,
    )


def _makes_requests(source: Source) -> bool:
    return any("requests" in _imported(node) for node in ast.walk(source.tree))


def test_every_request_has_a_timeout() -> None:
    """`requests` waits for ever by default."""
    found = []
    for source in product():
        if not _makes_requests(source):
            continue
        for node, name in calls(source):
            owner, _, verb = name.rpartition(".")
            called = owner.rpartition(".")[2]
            calling = called in {"requests", "session", "_session"} or owner == "super()"
            named = {one.arg for one in node.keywords}
            # `**options` may hold it; a session of ours that sets it itself is a subclass.
            if verb in REQUEST_CALLS and calling and not named & {"timeout", None}:
                found.append(f"{source.where(node)} calls {name}")
    assert found == [], told(
        "Every call over a network names its timeout: without one a dead line holds a thread "
        "for ever.",
        found,
    )


def test_dotted_names_are_read_as_written() -> None:
    """The tests of this file stand on it."""
    expected = "a.b.c"
    assert expected == dotted(ast.parse("a.b.c", mode="eval").body)
