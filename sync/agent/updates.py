"""Fetching an update from the centre: in pieces, for a while in each turn, only at rest.

The mailbox brings the document, which the exam server puts down as `wanted`.  What is fetched stays
when the line breaks or a room opens, and is gone on with afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from appliance.domain.errors import ExamroomError, TransientError
from appliance.formats.keys import PublicIdentity
from appliance.formats.update_document import (
    FETCHED_PIECE_BYTES,
    UpdateDocument,
    UpdatePart,
    update_target,
)
from appliance.platform.clock import Clock
from appliance.platform.system_image import running_image
from appliance.services.kept_update import UpdateFolder
from appliance.services.take_update import take_update
from appliance.services.update_rules import NoRoomForUpdateError, UpdateWaitsError
from sync.agent.centre_client import Centre

FETCH_MS = 20_000
"""In one turn; then results and documents come first again."""


class TurnOverError(Exception):
    """The rest is fetched in later turns."""


@dataclass(frozen=True, slots=True)
class UpdateFetcher:
    """Fetches what is wanted; all that it needs for that."""

    centre: Centre
    pinned: PublicIdentity
    kept: UpdateFolder
    clock: Clock

    def fetch_for_a_while(self) -> None:
        """Go on with the update that is wanted, if there is one.

        Raises TransientError; one that is refused for good is noted for the box's page.
        """
        signed = self.kept.read_wanted()
        if not signed:
            return
        sources_of = partial(self._sources, self.clock.monotonic_ms() + FETCH_MS)
        try:
            take_update(self.kept, signed, sources_of, centre=self.pinned, running=running_image())
        except (UpdateWaitsError, TurnOverError):
            return
        except NoRoomForUpdateError as problem:
            self.kept.note_refused(problem, self.clock.wall_ms())
            raise
        except TransientError:
            raise
        except ExamroomError as problem:
            self.kept.note_refused(problem, self.clock.wall_ms())
        self.kept.wanted.unlink(missing_ok=True)

    def _sources(
        self, until_ms: int, document: UpdateDocument
    ) -> dict[str, partial[Iterator[bytes]]]:
        return {
            name: partial(self._pieces, until_ms, part) for name, part in document.parts.items()
        }

    def _pieces(self, until_ms: int, part: UpdatePart, offset: int) -> Iterator[bytes]:
        while offset < part.size:
            if self.clock.monotonic_ms() > until_ms:
                raise TurnOverError
            number, known = divmod(offset, FETCHED_PIECE_BYTES)
            piece = self.centre.fetch(update_target(part.sha256.hex(), number))[known:]
            if not piece:
                return  # It is shorter there than what was signed.
            yield piece
            offset += len(piece)
