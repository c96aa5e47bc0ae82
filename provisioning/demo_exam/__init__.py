"""The exam that comes with the program: "Biology 2: Lakes and wetlands", as a QTI 3 package.

Texts and pictures were made for this project and are under its licence.
"""

from __future__ import annotations

from pathlib import Path


def demo_exam_directory() -> Path:
    """Return the folder that `import_exam` takes."""
    return Path(__file__).resolve().parent
