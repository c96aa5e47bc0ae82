"""The measured figures as Markdown tables, and the machine they were measured on."""

from __future__ import annotations

import os
import platform
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

START, END = "<!-- measured: start -->", "<!-- measured: end -->"
DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "performance.md"


@dataclass(slots=True)
class Table:
    """A table; every cell is text already."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    note: str = ""

    def markdown(self) -> str:
        """Return it as Markdown that is also legible as text."""
        cells = [self.columns, *self.rows]
        widths = [max(len(row[at]) for row in cells) for at in range(len(self.columns))]
        lines = [_line(self.columns, widths), "|" + "|".join("-" * (w + 2) for w in widths) + "|"]
        lines += [_line(row, widths) for row in self.rows]
        text = f"### {self.title}\n\n" + "\n".join(lines) + "\n"
        return text + (f"\n{self.note}\n" if self.note else "")


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    return "| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |"


def machine(data_dir: Path, command: str) -> str:
    """Return what the figures depend on, as a list."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    facts = {
        "Measured": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC by `{command}`",
        "Processor": f"{models[0] if models else platform.machine()}, {os.cpu_count()} cores, "
        "the load generator on the same ones",
        "System": f"{platform.system()} {platform.release()}, Python {sys.version.split()[0]}",
        "Disk": _file_system(data_dir),
    }
    return "".join(f"- {name}: {value}\n" for name, value in facts.items())


def _file_system(folder: Path) -> str:
    found, kind = "", "unknown"
    for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines():
        _, mounted, file_system, *_ = line.split()
        if str(folder.resolve()).startswith(mounted) and len(mounted) >= len(found):
            found, kind = mounted, file_system
    return f"{kind}, fsync {_fsync_ms(folder):.2f} ms"


def _fsync_ms(folder: Path) -> float:
    """Return the median of some writes of 4 KiB, each with its fsync."""
    taken = []
    with (folder / "fsync-probe").open("wb", buffering=0) as probe:
        for _ in range(50):
            probe.write(b"x" * 4096)
            began = time.perf_counter()
            os.fsync(probe.fileno())
            taken.append((time.perf_counter() - began) * 1000)
    return sorted(taken)[len(taken) // 2]


def write_document(text: str) -> None:
    """Put the measured part into docs/performance.md; what people wrote around it stays."""
    before, after = "# Performance\n\n", "\n"
    if DOCUMENT.exists():
        old = DOCUMENT.read_text(encoding="utf-8")
        before, _, rest = old.partition(START)
        after = rest.partition(END)[2]
    DOCUMENT.write_text(f"{before}{START}\n{text}\n{END}{after}", encoding="utf-8")
