"""Clients and their recordings, kept on this computer or on a company's PostgreSQL server."""

from evenstride.store.records import (
    CONSENT_WORDING,
    ChangedMeanwhile,
    Client,
    Conditions,
    Erasure,
    ListedClient,
    NotFound,
    PosturePicture,
    Recording,
)
from evenstride.store.store import LOCAL, Store, open_store
from vision.errors import StoreError

__all__ = [
    "CONSENT_WORDING",
    "LOCAL",
    "ChangedMeanwhile",
    "Client",
    "Conditions",
    "Erasure",
    "ListedClient",
    "NotFound",
    "PosturePicture",
    "Recording",
    "Store",
    "StoreError",
    "open_store",
]
