"""The product's randomness, drawn from the seed: one seed is one history, keys and ids included."""

from __future__ import annotations

import secrets

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from appliance.formats import keys
from tests.simulation.world import World


class _Signing:
    def __init__(self, world: World) -> None:
        self._world = world

    def generate(self) -> Ed25519PrivateKey:
        """Draw a key."""
        return Ed25519PrivateKey.from_private_bytes(self._world.chance.randbytes(32))


class _Sealing:
    def __init__(self, world: World) -> None:
        self._world = world

    def generate(self) -> X25519PrivateKey:
        """Draw a key."""
        return X25519PrivateKey.from_private_bytes(self._world.chance.randbytes(32))


def seed_randomness(world: World, patch: pytest.MonkeyPatch) -> None:
    """Let ids, tokens and new box keys come from the seed."""
    chance = world.chance
    patch.setattr(secrets, "token_bytes", lambda count=32: chance.randbytes(count))
    patch.setattr(secrets, "token_hex", lambda count=32: chance.randbytes(count).hex())
    patch.setattr(secrets, "token_urlsafe", lambda count=32: chance.randbytes(count).hex())
    patch.setattr(secrets, "choice", chance.choice)
    patch.setattr(secrets, "randbelow", chance.randrange)
    real = keys.create_box_identity

    def create(name: str) -> keys.BoxIdentity:
        patch.setattr(keys, "Ed25519PrivateKey", _Signing(world))
        patch.setattr(keys, "X25519PrivateKey", _Sealing(world))
        try:
            return real(name)
        finally:
            patch.setattr(keys, "Ed25519PrivateKey", Ed25519PrivateKey)
            patch.setattr(keys, "X25519PrivateKey", X25519PrivateKey)

    patch.setattr(keys, "create_box_identity", create)
