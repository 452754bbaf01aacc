"""the product of a visit

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "appointment", sa.Column("product", sa.String(length=255), nullable=True)
    )


def downgrade() -> None:
    # Not in a batch: copying the table would lose the triggers that hang on it.
    op.drop_column("appointment", "product")
