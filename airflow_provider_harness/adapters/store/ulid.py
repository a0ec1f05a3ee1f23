"""ULIDs: 48 bits of milliseconds and 80 random bits in Crockford's base 32, 26 characters, sorting by time."""

from __future__ import annotations

import os
from datetime import datetime

random_bytes = os.urandom
"""Where the random bits come from: so many bytes as they are asked for."""
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def ulid(now: datetime) -> str:
    """A new id (https://github.com/ulid/spec)."""
    value = (int(now.timestamp() * 1000) << 80) | int.from_bytes(random_bytes(10))
    return "".join(_ALPHABET[(value >> shift) & 31] for shift in range(125, -1, -5))
