"""A disk whose fsync takes longer, by a small C library that is preloaded into the box."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("slow_fsync.c")


def build_slow_fsync(folder: Path) -> Path | None:
    """Build the library in `folder`; None where there is no C compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    library = folder / "slow_fsync.so"
    subprocess.run(
        [compiler, "-O2", "-shared", "-fPIC", "-o", str(library), str(SOURCE), "-ldl"],
        check=True,
        timeout=60,
    )
    return library


def slow_disk(library: Path | None, fsync_ms: int) -> dict[str, str]:
    """Return the environment of a process whose fsync takes `fsync_ms` longer."""
    if library is None or fsync_ms == 0:
        return {}
    return {"LD_PRELOAD": str(library), "EXAMROOM_FSYNC_MS": str(fsync_ms)}
