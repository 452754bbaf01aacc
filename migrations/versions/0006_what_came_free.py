"""what came free, and messages to people on the waitlist

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table, column in (("freed_slot", "claims"), ("waitlist_offer", "freed")):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(
                sa.Column(column, sa.JSON(), nullable=False, server_default="[]")
            )
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.alter_column(column, existing_type=sa.JSON(), server_default=None)
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.add_column(sa.Column("entry_id", sa.Integer(), nullable=True))
        batch_op.alter_column(
            "appointment_id", existing_type=sa.Integer(), nullable=True
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_message_entry_id"), "waitlist_entry", ["entry_id"], ["id"]
        )
        batch_op.create_unique_constraint(
            batch_op.f("uq_message_entry_id_step_channel_sequence"),
            ["entry_id", "step", "channel", "sequence"],
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_message_about_one"),
            "(appointment_id IS NULL) <> (entry_id IS NULL)",
        )


def downgrade() -> None:
    op.execute("DELETE FROM message WHERE appointment_id IS NULL")
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_message_about_one"), type_="check")
        batch_op.drop_constraint(
            batch_op.f("uq_message_entry_id_step_channel_sequence"), type_="unique"
        )
        batch_op.drop_constraint(batch_op.f("fk_message_entry_id"), type_="foreignkey")
        batch_op.alter_column(
            "appointment_id", existing_type=sa.Integer(), nullable=False
        )
        batch_op.drop_column("entry_id")
    for table, column in (("freed_slot", "claims"), ("waitlist_offer", "freed")):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column(column)
