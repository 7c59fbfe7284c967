"""The error tree. Every error carries a stable code and one sentence of advice, and never needs a traceback."""

from __future__ import annotations

from typing import ClassVar


class EvenstrideError(Exception):
    """Base of all errors a user may see: `str(error)` says what is wrong with which file, `advice` what to do."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str, advice: str) -> None:
        super().__init__(message)
        self.advice = advice

    @property
    def message(self) -> str:
        """What is wrong, in one sentence that names the file."""
        return str(self)

    def __reduce__(self) -> tuple[type[EvenstrideError], tuple[str, str]]:
        # Errors cross process borders; the default would lose `advice`.
        return type(self), (self.message, self.advice)


class UnreadableVideo(EvenstrideError):
    """The file is missing, empty, truncated, or not a video."""

    code = "unreadable_video"


class UnsupportedVideo(EvenstrideError):
    """The file is a video, but not one that can be used: no picture track, a single frame, an unknown codec."""

    code = "unsupported_video"


class NoPerson(EvenstrideError):
    """Nobody was found in the picture."""

    code = "no_person"


class ModelUnavailable(EvenstrideError):
    """The pose model could not be found or fetched, or its contents are not what they should be."""

    code = "model_unavailable"


class OutputError(EvenstrideError):
    """A result could not be written."""

    code = "output_error"


class Cancelled(EvenstrideError):
    """The caller asked to stop. Nothing was left behind."""

    code = "cancelled"


class StoreError(EvenstrideError):
    """The clients' database could not be opened, read or written, or what was asked for is not in it."""

    code = "store_error"
