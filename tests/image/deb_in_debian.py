"""Install the Debian package in a Debian 12 and a Debian 13 made for it: `make deb-test`.

    python -m tests.image.deb_in_debian PACKAGE

It needs root, mmdebstrap and a mirror, so it is not among the tests that each change must pass.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

SUITES = ("bookworm", "trixie")
INSIDE = Path(__file__).with_name("in_debian.sh")
SUITE_SECONDS = 900


def dependencies(package: Path) -> str:
    """Return what the package depends on, for mmdebstrap."""
    fields = subprocess.run(
        ["/usr/bin/dpkg-deb", "--field", str(package), "Pre-Depends", "Depends"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    names = re.findall(r"(?:^\S+: |, )([a-z0-9.+-]+)", fields, re.MULTILINE)
    return ",".join(sorted(set(names)))


def main(package: Path) -> None:
    """Try each Debian; what the package says there is shown."""
    for suite in SUITES:
        subprocess.run(
            [
                *("mmdebstrap", "--quiet", "--variant=minbase", "--format=null"),
                f"--include={dependencies(package)}",
                f"--customize-hook=upload {package} /tmp/examroom.deb",
                f"--customize-hook=upload {INSIDE} /tmp/in_debian.sh",
                '--customize-hook=chroot "$1" sh /tmp/in_debian.sh',
                suite,
            ],
            check=True,
            timeout=SUITE_SECONDS,
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
