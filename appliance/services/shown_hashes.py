"""What a browser shows with a request to prove its settings.  Checked only where it decides."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shown:
    """Hashes that Safe Exam Browser made of an address and its keys.

    By headers (`is_by_page` False) of this request, and `url` is the path and query as they came.
    By the page, which asked SEB by JavaScript, of the page's own address, `url`, in full.
    """

    url: str
    config_key_hash: str
    exam_key_hash: str = ""
    is_by_page: bool = False
