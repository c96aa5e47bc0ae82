"""Where on the disk a version lies: a pair of partitions, found by the hash of its root."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from appliance.domain.errors import CorruptionError
from provisioning.sticks.partition_table import Partition

# https://uapi-group.org/specifications/specs/discoverable_partitions_specification/
ROOT_KIND = UUID("4f68bce3-e8cd-4db1-96e7-fbcaf984b709")
VERITY_KIND = UUID("2c7357ed-ebd2-46d9-aec1-23d437ec2bf5")


class NoFreeSlotError(CorruptionError):
    """The disk does not have a second pair of partitions."""

    key = "no_free_slot"
    staff_message = (
        "The disk of this box has no place for a second version. Nothing was changed. "
        "Write the image of the new version to a fresh disk or stick."
    )


@dataclass(frozen=True, slots=True)
class Slot:
    """The pair of partitions of one version."""

    root: Partition
    verity: Partition


def ids_of(root_hash: str) -> tuple[UUID, UUID]:
    """Return by which ids the first programs find root and verity of a version."""
    return UUID(root_hash[:32]), UUID(root_hash[-32:])


def free_slot(partitions: list[Partition], running_hash: str) -> Slot:
    """Return the pair that does not run; raises NoFreeSlotError."""
    in_use = ids_of(running_hash)
    free = [one for one in partitions if one.own_id not in in_use]
    roots = [one for one in free if one.kind == ROOT_KIND]
    verities = [one for one in free if one.kind == VERITY_KIND]
    runs = {one.own_id for one in partitions} >= set(in_use)
    if not runs or len(roots) != 1 or len(verities) != 1:
        raise NoFreeSlotError
    return Slot(roots[0], verities[0])
