"""How fast a stick is, and what it is too slow for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Speeds:
    """What was measured on one stick; large runs in MiB a second, small durable writes in ms."""

    write_mib_per_second: float
    read_mib_per_second: float
    small_write_p95_ms: float

    def shown(self) -> str:
        """Return them as one line."""
        return (
            f"writes {self.write_mib_per_second:.0f} MiB/s, "
            f"reads {self.read_mib_per_second:.0f} MiB/s, "
            f"small durable writes {self.small_write_p95_ms:.0f} ms"
        )


@dataclass(frozen=True, slots=True)
class Needs:
    """What one use of a stick needs at least."""

    write_mib_per_second: float
    read_mib_per_second: float
    small_write_p95_ms: float


NEEDS = {
    # A commit of a full room waits for one small write; at 100 ms half a minute of everybody's
    # saves queues up before a power cut could be told from a slow disk (docs/performance.md).
    "box": Needs(write_mib_per_second=10, read_mib_per_second=30, small_write_p95_ms=50),
    # It follows a few seconds behind, in larger files.
    "mirror": Needs(write_mib_per_second=5, read_mib_per_second=10, small_write_p95_ms=500),
    # It is only read; at less the computers of a room take minutes to start.
    "client": Needs(write_mib_per_second=0, read_mib_per_second=30, small_write_p95_ms=10_000),
}


def too_slow_for(speeds: Speeds) -> dict[str, str]:
    """Return what the stick is too slow for, with the limit that it misses."""
    found = {}
    for use, needs in NEEDS.items():
        if speeds.small_write_p95_ms > needs.small_write_p95_ms:
            found[use] = (
                f"small durable writes take {speeds.small_write_p95_ms:.0f} ms, "
                f"more than {needs.small_write_p95_ms:.0f}"
            )
        elif speeds.write_mib_per_second < needs.write_mib_per_second:
            found[use] = (
                f"it writes {speeds.write_mib_per_second:.1f} MiB/s, "
                f"less than {needs.write_mib_per_second:.0f}"
            )
        elif speeds.read_mib_per_second < needs.read_mib_per_second:
            found[use] = (
                f"it reads {speeds.read_mib_per_second:.1f} MiB/s, "
                f"less than {needs.read_mib_per_second:.0f}"
            )
    return found
