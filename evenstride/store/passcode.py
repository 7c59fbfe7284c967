"""A passcode for a computer that several people share: it keeps people out of the pages, not out of the files."""

from __future__ import annotations

import hashlib
import hmac
import os
from datetime import UTC, datetime, timedelta

from evenstride.store.store import Store
from vision.errors import StoreError

KEY = "passcode"
SHORTEST = 4
#: scrypt's cost: 32 MB and about a tenth of a second a try.
COST = {"n": 2**15, "r": 8, "p": 1, "maxmem": 64 * 2**20}
#: So many wrong tries in a row are free; each further one doubles the wait.
FREE_TRIES = 5
FIRST_WAIT_S = 30
LONGEST_WAIT_S = 3600


def is_set(store: Store) -> bool:
    """Say whether there is a passcode."""
    return store.setting(KEY) is not None


def set_passcode(store: Store, passcode: str) -> None:
    """Set or change the passcode; an empty one takes it away.

    Raises
    ------
    StoreError
        If it is too short.
    """
    if passcode and len(passcode) < SHORTEST:
        raise StoreError(f"The passcode is shorter than {SHORTEST} characters.", "Choose a longer one.")
    salt = os.urandom(16)
    value = {"salt": salt.hex(), "hash": _hash(passcode, salt), "wrong": 0, "until": None}
    store.set_setting(KEY, value if passcode else None)


def check(store: Store, passcode: str, now: datetime | None = None) -> bool:
    """Say whether a passcode is right, and count it when it is wrong.

    Raises
    ------
    StoreError
        After too many wrong ones, with how long to wait; a right one does not help then.
    """
    now = now or datetime.now(UTC)
    with store.database.writing() as connection:  # one window at a time, so that none gets more tries than allowed
        kept = store.setting_in(connection, KEY)
        if kept is None:
            return True
        _wait(kept["until"], now)
        right = hmac.compare_digest(_hash(passcode, bytes.fromhex(kept["salt"])), kept["hash"])
        wrong = 0 if right else kept["wrong"] + 1
        wait = 0 if wrong < FREE_TRIES else min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** (wrong - FREE_TRIES))
        until = (now + timedelta(seconds=wait)).isoformat() if wait else None
        store.set_setting_in(connection, KEY, {**kept, "wrong": wrong, "until": until})
    return right


def _wait(until: str | None, now: datetime) -> None:
    left = (datetime.fromisoformat(until) - now).total_seconds() if until else 0
    if left > 0:
        minutes = "1 minute" if left <= 60 else f"{-(-left // 60):.0f} minutes"
        raise StoreError("There were too many wrong passcodes.", f"Wait {minutes} and try again.")


def _hash(passcode: str, salt: bytes) -> str:
    return hashlib.scrypt(passcode.encode("utf-8", "surrogatepass"), salt=salt, **COST).hex()
