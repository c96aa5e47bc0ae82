"""Work that goes on beside a test until the test has seen enough."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager


@contextmanager
def at_once(works: Iterable[Callable[[threading.Event], None]]) -> Iterator[None]:
    """Run each in a thread of its own; the event that each is given says when the block ends."""
    stop = threading.Event()
    threads = [threading.Thread(target=work, args=(stop,)) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
