"""What must not grow with an exam: threads, open files, the logs that have to be folded back."""

from __future__ import annotations

from pathlib import Path

from benchmarks.soak import soak

SAVES = 12_000
LOG_BYTES_MAX = 36 * 2**20
"""The limit of the log and a commit beyond it; see appliance/storage/database.py."""


def test_threads_and_files_stay_as_many_and_logs_stay_small(tmp_path: Path) -> None:
    """Thousands of saves, with a standby, the agent and a centre, all real processes."""
    samples = soak(tmp_path, candidates=40, saves=SAVES, seconds=16, stretches=4)
    settled, last = samples[1].found, samples[-1].found
    assert samples[-1].saves > SAVES / 2
    for name, value in last.items():
        if name.endswith(": threads"):
            assert value <= settled[name], name
        elif name.endswith(": open files"):
            assert value <= settled[name] + 2, name
        elif name.endswith(": log to fold back"):
            assert value <= LOG_BYTES_MAX, name
    assert {"agent", "centre", "leader", "standby"} == {name.split(":")[0] for name in last}
