"""the content of every rulebook that ever decided

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import booking.db

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rulebook_content",
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("profile", sa.String(length=40), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("kept_at", booking.db.UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_rulebook_content")),
    )
    with op.batch_alter_table("rulebook_version", schema=None) as batch_op:
        batch_op.add_column(sa.Column("editors", sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("rulebook_version", schema=None) as batch_op:
        batch_op.drop_column("editors")
    op.drop_table("rulebook_content")
