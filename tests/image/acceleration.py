"""Whether KVM is of any use here.

Its device may be there and lead nowhere, as in nested machines: so firmware is started with it, and
has a few seconds to say its first words.
"""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

FIRST_WORDS = b"BdsDxe"
FIRST_WORDS_SECONDS = 20
EMULATION = ("-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max")
KVM = ("-accel", "kvm", "-cpu", "host")
KVM_DEVICE = Path("/dev/kvm")


@cache
def acceleration(firmware: Path) -> tuple[str, ...]:
    """Return QEMU's words for KVM where a machine starts with it, else for plain emulation."""
    works = KVM_DEVICE.exists() and comes_up(firmware, KVM)
    sys.stdout.write(f"machines run {'by KVM' if works else 'in plain emulation'}\n")
    return KVM if works else EMULATION


def comes_up(firmware: Path, words: tuple[str, ...]) -> bool:
    """Say whether firmware that finds no disk says so."""
    command = ("qemu-system-x86_64", "-nodefaults", "-machine", "q35", *words, "-m", "512")
    rom = ("-drive", f"if=pflash,format=raw,readonly=on,file={firmware}")
    try:
        done = subprocess.run(
            [*command, "-display", "none", "-serial", "stdio", *rom],
            capture_output=True,
            check=False,
            timeout=FIRST_WORDS_SECONDS,
        )
        said = done.stdout
    except subprocess.TimeoutExpired as ended:
        said = ended.stdout or b""
    return FIRST_WORDS in said
