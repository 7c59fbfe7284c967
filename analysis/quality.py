"""What the recording allows, and what it does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["info", "warning", "error"]


@dataclass(frozen=True)
class Issue:
    """One limit of the recording: `code` for programs; `message` and `advice` in plain words for people."""

    code: str
    severity: Severity
    message: str
    advice: str


@dataclass(frozen=True)
class Quality:
    """All limits of a recording. `usable` is False when no statement about the walk can be made."""

    usable: bool
    issues: tuple[Issue, ...] = ()
