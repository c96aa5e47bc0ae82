"""Taking an update that somebody brings: verified, wanted here, allowed now, in turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from appliance.formats.canonical import DocumentMalformedError, DocumentTooLargeError
from appliance.formats.keys import PublicIdentity
from appliance.formats.signing import SignatureWrongError
from appliance.formats.update_document import UpdateDocument, read_update
from appliance.platform.system_image import SystemImage
from appliance.services.kept_update import PiecesFrom, UpdateFolder, read_status
from appliance.services.update_rules import UpdateNotNewerError, require_wanted

SourcesOf = Callable[[UpdateDocument], Mapping[str, PiecesFrom]]
"""Gives for a document where each of its parts comes from."""


def take_update(
    kept: UpdateFolder,
    signed: bytes,
    sources_of: SourcesOf,
    *,
    centre: PublicIdentity,
    running: SystemImage | None,
) -> bool:
    """Keep an update with all its parts; return False where the box has that version already.

    Raises what `read_update`, `require_wanted` and `UpdateFolder.keep` raise.
    """
    document = read_update(signed, centre=centre)
    with kept.carrying():
        try:
            require_wanted_here(kept, document, centre=centre, running=running)
        except UpdateNotNewerError as problem:
            if problem.fields["own"] == document.version:
                return False
            raise
        kept.require_rest()
        kept.keep(signed, document, sources_of(document))
    return True


def require_wanted_here(
    kept: UpdateFolder,
    document: UpdateDocument,
    *,
    centre: PublicIdentity,
    running: SystemImage | None,
) -> None:
    """Raise unless this box should have the update; raises as `require_wanted` does."""
    status = read_status()
    try:
        ready = kept.read_ready(centre)
    except (DocumentMalformedError, DocumentTooLargeError, SignatureWrongError):
        ready = None  # Altered where it lies: another one may take its place.
    also_here = (status.installed, ready.version if ready else None)
    require_wanted(document, running, also_here=also_here, given_up=status.given_up)
