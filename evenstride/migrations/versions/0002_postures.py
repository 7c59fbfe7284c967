"""Posture pictures of clients."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

ID = sa.String(32)


def upgrade() -> None:
    """Add their table; nothing else is touched."""
    op.create_table(
        "postures",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("origin", ID, nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("picture", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_postures"),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name="fk_postures_client_id", ondelete="CASCADE"),
        sa.UniqueConstraint("client_id", "origin", name="uq_postures_client_id"),
    )
    op.create_index("ix_postures_client_id_taken_at", "postures", ["client_id", "taken_at"])
