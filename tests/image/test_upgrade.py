"""What the package's own script says to an upgrade of a box."""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path

import pytest

from appliance.services.kept_update import UpdateFolder

DEBIAN = Path(__file__).parents[2] / "systemd" / "debian"
UPGRADE = ("upgrade", "0.1.0", "0.2.0")


def _preinst(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    text = (DEBIAN / "preinst").read_text(encoding="utf-8")
    assert "=/var/lib/examroom\n" in text
    script = data.parent / "preinst"
    script.write_text(text.replace("/var/lib/examroom", str(data)))
    return subprocess.run(
        ["/bin/sh", str(script), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return the data of a box that has served."""
    folder = tmp_path / "data"
    UpdateFolder(folder).path.mkdir(parents=True)
    (folder / "box.db").touch()
    return folder


def test_upgrade_waits_until_the_exam_server_says_that_the_box_is_at_rest(data: Path) -> None:
    """Templates vanish under a server that runs, and one that crashes would not start again."""
    done = _preinst(data, *UPGRADE)
    assert 1 == done.returncode
    assert "a room is open" in done.stderr
    assert f"touch {UpdateFolder(data).rest_sign}\n" in done.stderr
    UpdateFolder(data).rest_sign.touch()
    assert (0, "") == ((done := _preinst(data, *UPGRADE)).returncode, done.stderr)


def test_machine_that_never_served_or_had_the_package_removed_is_installed(data: Path) -> None:
    """Removing the package has stopped the server; nobody writes there."""
    assert 0 == _preinst(data, "install", "0.1.0", "0.2.0").returncode
    assert 0 == _preinst(data, "install").returncode
    (data / "box.db").unlink()
    assert 0 == _preinst(data, *UPGRADE).returncode


def test_package_holds_the_script(tmp_path: Path) -> None:
    """One that is not collected stops nothing."""
    path = DEBIAN / "build_package.py"
    found = importlib.util.spec_from_file_location("build_package", path)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    module.control_files(tmp_path, "0.2.0")
    module.settle_modes(tmp_path)
    of_ours = {one.name for one in DEBIAN.iterdir() if one.name.startswith(("pre", "post"))}
    runs = {one.name for one in (tmp_path / "DEBIAN").iterdir() if one.stat().st_mode & 0o111}
    assert of_ours == runs
