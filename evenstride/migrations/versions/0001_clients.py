"""Trainers, their settings, clients, recordings and the files of recordings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ID = sa.String(32)


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "owners",
        sa.Column("id", ID, nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_owners"),
        sa.UniqueConstraint("identity", name="uq_owners_identity"),
    )
    op.create_table(
        "settings",
        sa.Column("owner_id", ID, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("owner_id", "key", name="pk_settings"),
        sa.ForeignKeyConstraint(["owner_id"], ["owners.id"], name="fk_settings_owner_id", ondelete="CASCADE"),
    )
    op.create_table(
        "clients",
        sa.Column("id", ID, nullable=False),
        sa.Column("owner_id", ID, nullable=False),
        sa.Column("origin", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("search_key", sa.Text(), nullable=False),
        sa.Column("birth_year", sa.Integer()),
        sa.Column("height_cm", sa.Float()),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("keeps_videos", sa.Boolean(), nullable=False),
        sa.Column("consent_on", sa.Date()),
        sa.Column("consent_wording", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_clients"),
        sa.ForeignKeyConstraint(["owner_id"], ["owners.id"], name="fk_clients_owner_id", ondelete="CASCADE"),
        sa.UniqueConstraint("owner_id", "origin", name="uq_clients_owner_id"),
    )
    op.create_index("ix_clients_owner_id_search_key", "clients", ["owner_id", "search_key"])
    op.create_table(
        "recordings",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("origin", ID, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("has_video", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated", sa.DateTime(timezone=True), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_recordings"),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name="fk_recordings_client_id", ondelete="CASCADE"),
        sa.UniqueConstraint("client_id", "origin", name="uq_recordings_client_id"),
    )
    op.create_index("ix_recordings_client_id_recorded_at", "recordings", ["client_id", "recorded_at"])
    op.create_table(
        "recording_files",
        sa.Column("recording_id", ID, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("recording_id", "name", name="pk_recording_files"),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name="fk_recording_files_recording_id", ondelete="CASCADE"
        ),
    )
