"""The tables of the client store. A change here needs a migration in evenstride/migrations."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

#: Length of an id: 32 hexadecimal digits of a random UUID, which nobody guesses.
ID = String(32)


def _belongs_to(table: str) -> Column[str]:
    return Column(f"{table}_id", ID, ForeignKey(f"{table}s.id", ondelete="CASCADE"), nullable=False)


#: Trainers. Without a login there is one, whose identity is "local".
owners = Table(
    "owners",
    metadata,
    Column("id", ID, primary_key=True),
    Column("identity", Text, nullable=False, unique=True),
)

#: What a trainer chose: name and logo for reports, the passcode's hash.
settings = Table(
    "settings",
    metadata,
    Column("owner_id", ID, ForeignKey("owners.id", ondelete="CASCADE"), primary_key=True),
    Column("key", String(64), primary_key=True),
    Column("value", JSON, nullable=False),
)

clients = Table(
    "clients",
    metadata,
    Column("id", ID, primary_key=True),
    _belongs_to("owner"),
    Column("origin", ID, nullable=False),  # the id where the client was first added; an import keeps it
    Column("name", Text, nullable=False),  # exactly as typed
    Column("search_key", Text, nullable=False),  # the name without case and accents
    Column("birth_year", Integer),
    Column("height_cm", Float),
    Column("notes", Text, nullable=False),
    Column("keeps_videos", Boolean, nullable=False),
    Column("consent_on", Date),
    Column("consent_wording", Text, nullable=False),
    Column("version", Integer, nullable=False),  # counts changes: who changes an older one is told
    Column("created", DateTime(timezone=True), nullable=False),
    Column("updated", DateTime(timezone=True), nullable=False),
    UniqueConstraint("owner_id", "origin"),
    Index("ix_clients_owner_id_search_key", "owner_id", "search_key"),
)

recordings = Table(
    "recordings",
    metadata,
    Column("id", ID, primary_key=True),
    _belongs_to("client"),
    Column("origin", ID, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("conditions", JSON, nullable=False),
    Column("notes", Text, nullable=False),
    Column("has_video", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created", DateTime(timezone=True), nullable=False),
    Column("updated", DateTime(timezone=True), nullable=False),
    Column("result", Text, nullable=False),  # result.json, to the letter; last, because it is long
    UniqueConstraint("client_id", "origin"),
    Index("ix_recordings_client_id_recorded_at", "client_id", "recorded_at"),
)

#: Everything else of a result folder but the film: tables, landmarks, report, pictures.
recording_files = Table(
    "recording_files",
    metadata,
    Column("recording_id", ID, ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(100), primary_key=True),
    Column("size", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

#: How a client stands: posture.json to the letter, and the picture with the lines drawn on.
postures = Table(
    "postures",
    metadata,
    Column("id", ID, primary_key=True),
    _belongs_to("client"),
    Column("origin", ID, nullable=False),
    Column("taken_at", DateTime(timezone=True), nullable=False),
    Column("created", DateTime(timezone=True), nullable=False),
    Column("result", Text, nullable=False),
    Column("picture", LargeBinary, nullable=False),
    UniqueConstraint("client_id", "origin"),
    Index("ix_postures_client_id_taken_at", "client_id", "taken_at"),
)
