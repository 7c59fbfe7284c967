"""What stands on top of a trainer's reports: a name and a logo, set once, used by the app and the command line."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from evenstride.store.store import Store

KEY = "trainer"


@dataclass(frozen=True)
class Letterhead:
    """A name, and a picture as it was prepared by `evenstride.report.content.prepare_logo`; either may be missing."""

    name: str | None
    logo: bytes | None


def letterhead(store: Store) -> Letterhead:
    """Return the trainer's name and logo, as far as they are set."""
    kept = store.setting(KEY, {})
    logo = kept.get("logo")
    return Letterhead(kept.get("name") or None, base64.b64decode(logo) if logo else None)


def set_letterhead(store: Store, name: str, logo: bytes | None) -> None:
    """Save both."""
    store.set_setting(KEY, {"name": name, "logo": base64.b64encode(logo).decode() if logo else None})
