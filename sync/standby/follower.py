"""The follower: fetches what comes after the newest entry of the copy, and holds nothing back.

It runs in every box.  While the box leads a room it rests; it wakes when the box stands by for
another one, and when the box was overtaken: then it first hands over what this box alone has.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

from appliance.domain.errors import ExamroomError
from appliance.domain.journal import Entry
from appliance.formats.bundle import open_bundle, read_bundle_header
from appliance.formats.epoch_proof import EpochProof, read_epoch_proof
from appliance.formats.keys import PublicIdentity
from appliance.formats.room_secrets import open_room_secrets
from appliance.formats.standby_requests import (
    ENTRIES_MAX,
    JOURNAL_HEADER,
    AskEntries,
    Join,
    OfJournal,
)
from appliance.formats.strays import write_strays
from appliance.services.box import Box
from appliance.services.follow import begin_following, end_following, hold_copy, known_origins
from appliance.services.following import Following
from appliance.services.hand_over import become_follower, strays
from appliance.services.peers import BoxView, PeerUnknownError, all_peers, origin_of
from appliance.services.room_tls import authority_path
from appliance.services.serve_followers import CopyDivergedError
from appliance.storage.box_store import JournalRecord
from appliance.storage.reading import JournalReader, journal_path
from appliance.storage.release_secrets import ReleaseSecrets
from sync.standby.box_client import BoxClient, BoxOutOfReachError, BoxRefusedError
from sync.standby.files import fetch_file

TURN_SECONDS = 0.3
"""How long a follower that has everything waits before it asks again: "within a second"."""

VIEW_EVERY_MS = 2_000
FILES_EVERY_MS = 3_000
FINISH_MS_MAX = 6_000
TURN_SECONDS_MAX = 2.0
STAND_DOWN_SECONDS = 2.0
OPENING_KINDS = frozenset({"exam_released", "exam_opened_again"})

_log = structlog.get_logger()


class RoomFollower:
    """Keeps a copy of what another box leads."""

    def __init__(self, box: Box, connect: Callable[..., BoxClient] = BoxClient) -> None:
        """Follow for `box`.

        `connect(origin, identity, clock, authority)` makes the way to another one.
        """
        self._box = box
        self._connect = connect
        self._origin = box.settings.standby_of
        self._client: BoxClient | None = None
        self._turn = threading.Lock()
        self._stop = threading.Event()
        self._view_due_ms = 0
        self._copy_due_ms = 0
        self._files_due_ms = 0
        self._leader: PublicIdentity | None = None
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End with the box."""
        self._stop.set()
        self._thread.join()

    def is_alive(self) -> bool:
        """Say whether it still takes its turns."""
        return self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop.wait(TURN_SECONDS):
            more = True
            while more and not self._stop.is_set():
                more = self.take_turn()

    def take_turn(self) -> bool:
        """Fetch once; say whether there is more at once.  Trouble is shown, and tried again."""
        with self._turn:
            return self._box.room is None and self._try()

    def _try(self) -> bool:
        following = self._box.following
        if following is not None and following.is_finished:
            return False
        try:
            more = self._follow()
        except ExamroomError as trouble:
            self._view_due_ms = 0
            # The next try begins with what this box trusts by then.
            self._client = None
            if following is not None:
                following.trouble_key = trouble.key
            return False
        if self._box.following is not None:
            self._box.following.trouble_key = None
        return more

    def _follow(self) -> bool:
        now_ms = self._box.clock.monotonic_ms()
        if now_ms >= self._copy_due_ms:
            self._copy_due_ms = now_ms + VIEW_EVERY_MS
            hold_copy(self._box, self)
        if now_ms >= self._view_due_ms:
            view = self._look()
            if view is None:
                return False
            self._view_due_ms = now_ms + VIEW_EVERY_MS
            if not self._settle(view):
                return False
        following = self._box.following
        return following is not None and self._fetch(following)

    def _look(self) -> BoxView | None:
        """Look at the box that leads: where it was last, else wherever this room has a box."""
        found: BoxView | None = None
        trouble: BoxOutOfReachError | None = None
        origins = self._origins()
        for origin in origins:
            try:
                view = self._client_at(origin).view()
            except BoxOutOfReachError as silent:
                trouble = silent
                continue
            if view.leads:
                self._origin = origin
                return view
            found = view
            if view.leader and view.leader not in (*origins, origin_of(self._box)):
                origins.append(view.leader)  # it does not lead, but knows who does
        if found is None and trouble is not None:
            raise trouble
        return found

    def _client_at(self, origin: str) -> BoxClient:
        if self._client is None or self._client.origin != origin:
            authority = authority_path(self._box.settings.data_dir)
            self._client = self._connect(origin, self._box.identity, self._box.clock, authority)
        return self._client

    def _origins(self) -> list[str]:
        """Return where the leader may be, the likeliest first."""
        overtaking = self._overtaking()
        wanted = [self._origin, overtaking[1].origin if overtaking else ""]
        wanted += [self._box.shown_leader, self._box.settings.standby_of, *known_origins(self._box)]
        own = origin_of(self._box)
        return [
            one for one in dict.fromkeys(one.rstrip("/") for one in wanted) if one and one != own
        ]

    def _overtaking(self) -> tuple[JournalRecord, EpochProof] | None:
        store = self._box.store
        for record in reversed(store.journals()):
            overtaking = store.overtaking(record.journal_id)
            if overtaking is not None and record.sealed_at_ms is None:
                known = all_peers(self._box)
                return record, read_epoch_proof(overtaking.epoch_proof, boxes=known)
        return None

    def _settle(self, view: BoxView) -> bool:
        """Follow what this box leads; say whether there is something to follow."""
        if not view.leads or view.journal_id is None:
            return self._box.following is not None and view.journal_id is not None
        leader = all_peers(self._box).get(view.box_id)
        if leader is None or self._client is None:
            raise PeerUnknownError
        self._leader = leader
        if not self._hand_over(self._client, leader, view.journal_id):
            return False
        following = self._box.following
        if following is not None and (
            following.record.journal_id != view.journal_id or following.leader_id != view.box_id
        ):
            end_following(self._box, following)
            following = None
        if following is None:
            following = begin_following(self._box, view, self)
            if following is not None:
                self._join(following)
        return following is not None

    def _hand_over(self, client: BoxClient, leader: PublicIdentity, journal_id: str) -> bool:
        """Hand over what this box alone has, if it was overtaken; say whether that is done."""
        retired = self._box.retired
        if retired is not None and not retired.is_down.is_set():
            return False
        found = self._overtaking()
        if found is None or found[0].journal_id != journal_id or found[0].role != "overtaken":
            return True
        self._hand_over_surplus(client, leader, found[0])
        return True

    def _hand_over_surplus(
        self, client: BoxClient, leader: PublicIdentity, record: JournalRecord
    ) -> None:
        """Hand over what the leader may not have, and begin a fresh copy where that is needed."""
        path = journal_path(self._box.settings.data_dir, record.journal_id)
        if not path.exists():
            become_follower(self._box, record, 0)
            return
        common_seq = self._common_seq(client, record)
        for epoch, some in strays(self._box, record, common_seq):
            data = write_strays(
                some,
                journal_id=record.journal_id,
                epoch=epoch,
                box=self._box.identity,
                receiver=leader,
            )
            client.ask("strays", data, headers={JOURNAL_HEADER: record.journal_id})
        become_follower(self._box, record, common_seq)
        _log.info("handed_over", journal_id=record.journal_id)

    def _common_seq(self, client: BoxClient, record: JournalRecord) -> int:
        """Return the last entry that the leader has as it is here, by halving."""
        path = journal_path(self._box.settings.data_dir, record.journal_id)
        with JournalReader(path, record.journal_key or b"") as reader:
            head = reader.head()
            common, differs = 0, (head[1] if head else 0) + 1
            while differs - common > 1:
                middle = (common + differs) // 2
                entry = reader.entries_after(middle - 1, 1)[0]
                if self._leader_has(client, record.journal_id, entry):
                    common = middle
                else:
                    differs = middle
        return common

    def _leader_has(self, client: BoxClient, journal_id: str, entry: Entry) -> bool:
        try:
            client.ask("entries", _after(journal_id, entry.seq, entry.hash, entries_max=0))
        except BoxRefusedError as refused:
            if refused.fields["reason"] == CopyDivergedError.key:
                return False
            raise
        return True

    def _join(self, following: Following) -> None:
        """Say where candidates' pages reach this box, and keep what opens the released exams."""
        if self._client is None or self._leader is None:
            return
        journal_id = following.record.journal_id
        body = Join(journal_id=journal_id, origin=origin_of(self._box))
        secrets = open_room_secrets(
            self._client.ask("join", body).data,
            journal_id=journal_id,
            box=self._leader,
            receiver=self._box.identity,
        )
        kept = ReleaseSecrets(following.copy.journal.path, following.record.journal_key or b"")
        known = dict(kept.all())
        for package_id, secret in secrets.release_secrets.items():
            if known.get(package_id) != secret:
                kept.keep(package_id, secret)

    def _fetch(self, following: Following) -> bool:
        client, leader = self._client, self._leader
        if client is None or leader is None:
            return False
        journal = following.copy.journal
        ask = _after(journal.journal_id, journal.head_seq, journal.head_hash)
        try:
            reply = client.ask("entries", ask)
        except BoxRefusedError as refused:
            if refused.fields["reason"] == CopyDivergedError.key:
                self._begin_afresh(following)
            raise
        now_ms = self._box.clock.monotonic_ms()
        following.heard_ms = now_ms
        if reply.data:
            entries = self._opened(reply.data, following, leader)
            if not self._append(entries, following):
                return False
            if entries[-1].seq < reply.head_seq:
                return True
        # In a room where somebody always writes there is something new each time: it is caught up
        # with where the leader stood when it answered.
        following.caught_up_ms = now_ms
        has_more_files = self._fetch_files(client, leader, following)
        if following.copy.state.session.sealed_at_ms is not None and not has_more_files:
            end_following(self._box, following)
        return has_more_files

    def _append(self, entries: list[Entry], following: Following) -> bool:
        """Make entries durable here; return whether this box still follows."""
        if any(entry.kind in OPENING_KINDS for entry in entries):
            # Before the entry is acknowledged: a copy that knows of a release must be able to open.
            self._join(following)
        with following.lock:
            if following.is_finished:
                return False
            following.copy.append(entries)
        following.newest_at_ms = entries[-1].at_ms
        return True

    def _opened(self, data: bytes, following: Following, leader: PublicIdentity) -> list[Entry]:
        if read_bundle_header(data).journal_id != following.record.journal_id:
            raise BoxOutOfReachError
        return open_bundle(data, centre=self._box.identity, box=leader)

    def _fetch_files(self, client: BoxClient, leader: PublicIdentity, following: Following) -> bool:
        """Fetch a file if it is time; return whether the next one is to come at once."""
        now_ms = self._box.clock.monotonic_ms()
        if now_ms < self._files_due_ms:
            return False
        self._files_due_ms = now_ms + FILES_EVERY_MS
        has_more = fetch_file(self._box, client, leader, following)
        if has_more:
            self._files_due_ms = now_ms
        return has_more

    def _begin_afresh(self, following: Following) -> None:
        """The copy is of another course of things: hand over what it has more, and fetch anew."""
        client, leader = self._client, self._leader
        if client is None or leader is None:
            return
        end_following(self._box, following)
        self._hand_over_surplus(client, leader, following.record)

    def finish(self) -> None:
        """See Follower."""
        following = self._box.following
        if following is None:
            return
        # A turn may hang on a leader that does not answer any more; then nothing is to be had.
        if self._turn.acquire(timeout=TURN_SECONDS_MAX):
            try:
                self._fetch_the_rest(following)
            finally:
                self._turn.release()
        with following.lock:
            following.is_finished = True

    def _fetch_the_rest(self, following: Following) -> None:
        try:
            # The box that led, not the one that was looked at last: that may be another standby,
            # which would keep the request until it has taken over, and rest then.
            client = self._client_at(self._origin)
            if client.view().box_id != following.leader_id:
                return
            asked = OfJournal(journal_id=following.record.journal_id)
            client.ask("stand-down", asked, read_seconds=STAND_DOWN_SECONDS)
            until_ms = self._box.clock.monotonic_ms() + FINISH_MS_MAX
            while self._box.clock.monotonic_ms() < until_ms and self._fetch(following):
                pass
        except ExamroomError as trouble:
            _log.info("leader_did_not_stand_down", error_key=trouble.key)


def _after(
    journal_id: str, seq: int, digest: bytes, *, entries_max: int = ENTRIES_MAX
) -> AskEntries:
    """Return the request for what follows an entry, which says that all up to it is held here."""
    return AskEntries(
        journal_id=journal_id, after_seq=seq, after_hash=digest, entries_max=entries_max
    )
