"""the living gate

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import booking.db

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table(
        "course",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=40), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("treatment", sa.String(length=40), nullable=False),
        sa.Column("area", sa.String(length=40), nullable=False),
        sa.Column("least_days", sa.Integer(), nullable=False),
        sa.Column("greatest_days", sa.Integer(), nullable=False),
        sa.Column("created_at", booking.db.UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("least_days <= greatest_days", name=op.f("ck_course_order")),
        sa.ForeignKeyConstraint(
            ["site_id"], ["site.id"], name=op.f("fk_course_site_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course")),
        sa.UniqueConstraint("public_id", name=op.f("uq_course_public_id")),
    )
    op.create_table(
        "freed_slot",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", booking.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("ends_at", booking.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("noted_at", booking.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"], ["site.id"], name=op.f("fk_freed_slot_site_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_freed_slot")),
    )
    with op.batch_alter_table("freed_slot", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_freed_slot_noted_at"), ["noted_at"], unique=False
        )

    op.create_table(
        "rescreening",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=True),
        sa.Column("cause", sa.String(length=40), nullable=False),
        sa.Column("noted_at", booking.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("after_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_rescreening_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["site_id"], ["site.id"], name=op.f("fk_rescreening_site_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rescreening")),
    )
    with op.batch_alter_table("rescreening", schema=None) as batch_op:
        batch_op.create_index("ix_rescreening_noted", ["noted_at", "id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_rescreening_patient_id"), ["patient_id"], unique=False
        )

    op.create_table(
        "rulebook_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("based_on_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.String(length=40), nullable=True),
        sa.Column("profile", sa.String(length=40), nullable=False),
        sa.Column("edits", sa.JSON(), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("in_force", sa.Boolean(), nullable=False),
        sa.Column("loosens", sa.Boolean(), nullable=False),
        sa.Column("author", sa.String(length=255), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("created_at", booking.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("changed_at", booking.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("signed_by", sa.String(length=255), nullable=True),
        sa.Column("signed_at", booking.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("published_by", sa.String(length=255), nullable=True),
        sa.Column("published_at", booking.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("effective_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "state IN ('draft', 'published', 'withdrawn')",
            name=op.f("ck_rulebook_version_state"),
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["user.id"], name=op.f("fk_rulebook_version_author_id")
        ),
        sa.ForeignKeyConstraint(
            ["based_on_id"],
            ["rulebook_version.id"],
            name=op.f("fk_rulebook_version_based_on_id"),
        ),
        sa.ForeignKeyConstraint(
            ["site_id"], ["site.id"], name=op.f("fk_rulebook_version_site_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rulebook_version")),
    )
    with op.batch_alter_table("rulebook_version", schema=None) as batch_op:
        batch_op.create_index(
            "ix_rulebook_version_site_version", ["site_id", "version"], unique=False
        )
        batch_op.create_index(
            "uq_rulebook_version_in_force",
            ["site_id"],
            unique=True,
            sqlite_where=sa.text("in_force = 1"),
            postgresql_where=sa.text("in_force"),
        )

    op.create_table(
        "settlement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("question", sa.String(length=40), nullable=False),
        sa.Column("ref", sa.String(length=255), nullable=False),
        sa.Column("said", booking.db.Sealed(), nullable=False),
        sa.Column("said_digest", sa.String(), nullable=False),
        sa.Column("counts", sa.String(length=40), nullable=False),
        sa.Column("by", sa.String(length=255), nullable=False),
        sa.Column("at", booking.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("note", booking.db.Sealed(), nullable=True),
        sa.CheckConstraint(
            "counts IN ('answer', 'record')", name=op.f("ck_settlement_counts")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_settlement_patient_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlement")),
        sa.UniqueConstraint(
            "patient_id",
            "question",
            "ref",
            "said_digest",
            name=op.f("uq_settlement_patient_id_question_ref_said_digest"),
        ),
    )
    with op.batch_alter_table("settlement", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_settlement_patient_id"), ["patient_id"], unique=False
        )

    op.create_table(
        "course_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("appointment_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["appointment.id"],
            name=op.f("fk_course_session_appointment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["course_id"], ["course.id"], name=op.f("fk_course_session_course_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course_session")),
        sa.UniqueConstraint(
            "appointment_id", name=op.f("uq_course_session_appointment_id")
        ),
        sa.UniqueConstraint(
            "course_id", "number", name=op.f("uq_course_session_course_id_number")
        ),
    )
    op.create_table(
        "proxy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("appointment_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("relation", sa.String(length=40), nullable=False),
        sa.CheckConstraint(
            "relation IN ('parent', 'guardian', 'carer', 'other')",
            name=op.f("ck_proxy_relation"),
        ),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointment.id"], name=op.f("fk_proxy_appointment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proxy")),
        sa.UniqueConstraint("appointment_id", name=op.f("uq_proxy_appointment_id")),
    )
    op.create_table(
        "recheck_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("appointment_id", sa.Integer(), nullable=False),
        sa.Column("placement", sa.Integer(), nullable=False),
        sa.Column("way", sa.String(length=40), nullable=False),
        sa.Column("changed", sa.Boolean(), nullable=False),
        sa.Column("at", booking.db.UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "way IN ('mail', 'desk', 'arrival')", name=op.f("ck_recheck_answer_way")
        ),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["appointment.id"],
            name=op.f("fk_recheck_answer_appointment_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recheck_answer")),
        sa.UniqueConstraint(
            "appointment_id",
            "placement",
            "way",
            name=op.f("uq_recheck_answer_appointment_id_placement_way"),
        ),
    )
    op.create_table(
        "symptom_report",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("appointment_id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("answer", sa.String(length=40), nullable=False),
        sa.Column("urgency", sa.String(length=40), nullable=False),
        sa.Column("signs", booking.db.Sealed(), nullable=False),
        sa.Column("text", booking.db.Sealed(), nullable=True),
        sa.Column("record_id", sa.Integer(), nullable=True),
        sa.Column("at", booking.db.UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "answer IN ('fine', 'call')", name=op.f("ck_symptom_report_answer")
        ),
        sa.CheckConstraint(
            "urgency IN ('none', 'days', 'today', 'emergency')",
            name=op.f("ck_symptom_report_urgency"),
        ),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["appointment.id"],
            name=op.f("fk_symptom_report_appointment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_symptom_report_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["record_id"], ["record.id"], name=op.f("fk_symptom_report_record_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_symptom_report")),
    )
    with op.batch_alter_table("symptom_report", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_symptom_report_appointment_id"),
            ["appointment_id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_symptom_report_patient_id"), ["patient_id"], unique=False
        )

    op.create_table(
        "task",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("owner", sa.String(length=40), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=True),
        sa.Column("appointment_id", sa.Integer(), nullable=True),
        sa.Column("detail", booking.db.Sealed(), nullable=True),
        sa.Column("opened_at", booking.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("due_at", booking.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("done_at", booking.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.String(length=255), nullable=True),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("note", booking.db.Sealed(), nullable=True),
        sa.CheckConstraint(
            "owner IN ('reception', 'clinician')", name=op.f("ck_task_owner")
        ),
        sa.CheckConstraint(
            "(done_at IS NULL) = (done_by IS NULL)", name=op.f("ck_task_both_or_none")
        ),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointment.id"], name=op.f("fk_task_appointment_id")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_task_patient_id")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_task_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
    )
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_task_appointment_id"), ["appointment_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_task_patient_id"), ["patient_id"], unique=False
        )
        batch_op.create_index(
            "ix_task_site_done_due", ["site_id", "done_at", "due_at"], unique=False
        )
        batch_op.create_index(
            "uq_task_open_key",
            ["key"],
            unique=True,
            sqlite_where=sa.text("done_at IS NULL"),
            postgresql_where=sa.text("done_at IS NULL"),
        )

    op.create_table(
        "waitlist_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=40), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("screening_id", sa.Integer(), nullable=False),
        sa.Column("appointment_id", sa.Integer(), nullable=True),
        sa.Column("treatment", sa.String(length=40), nullable=False),
        sa.Column("area", sa.String(length=40), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("weekdays", sa.JSON(), nullable=False),
        sa.Column("from_time", sa.Time(), nullable=True),
        sa.Column("until_time", sa.Time(), nullable=True),
        sa.Column("practitioners", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("link_version", sa.Integer(), nullable=False),
        sa.Column("joined_at", booking.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", booking.db.UTCDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "first_day <= last_day", name=op.f("ck_waitlist_entry_order")
        ),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["appointment.id"],
            name=op.f("fk_waitlist_entry_appointment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_waitlist_entry_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["screening_id"],
            ["screening.id"],
            name=op.f("fk_waitlist_entry_screening_id"),
        ),
        sa.ForeignKeyConstraint(
            ["site_id"], ["site.id"], name=op.f("fk_waitlist_entry_site_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waitlist_entry")),
        sa.UniqueConstraint("public_id", name=op.f("uq_waitlist_entry_public_id")),
    )
    with op.batch_alter_table("waitlist_entry", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_waitlist_entry_appointment_id"),
            ["appointment_id"],
            unique=False,
        )
        batch_op.create_index(
            "ix_waitlist_entry_match",
            ["site_id", "treatment", "state", "joined_at"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_waitlist_entry_patient_id"), ["patient_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_waitlist_entry_screening_id"), ["screening_id"], unique=False
        )

    op.create_table(
        "waitlist_offer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=40), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("appointment_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("offered_at", booking.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("answer_by", booking.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", booking.db.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["appointment.id"],
            name=op.f("fk_waitlist_offer_appointment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["waitlist_entry.id"], name=op.f("fk_waitlist_offer_entry_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waitlist_offer")),
        sa.UniqueConstraint("public_id", name=op.f("uq_waitlist_offer_public_id")),
    )
    with op.batch_alter_table("waitlist_offer", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_waitlist_offer_appointment_id"),
            ["appointment_id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_waitlist_offer_entry_id"), ["entry_id"], unique=False
        )
        batch_op.create_index(
            "ix_waitlist_offer_state_answer_by", ["state", "answer_by"], unique=False
        )
        batch_op.create_index(
            "uq_waitlist_offer_open_entry",
            ["entry_id"],
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )

    with op.batch_alter_table("screening", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("answer_days", booking.db.Sealed(), nullable=True)
        )

    with op.batch_alter_table("site", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "recheck_silence",
                sa.String(length=40),
                server_default="call",
                nullable=False,
            )
        )
        batch_op.add_column(
            sa.Column(
                "waitlist_group", sa.Integer(), server_default="1", nullable=False
            )
        )
        batch_op.add_column(
            sa.Column(
                "waitlist_minutes", sa.Integer(), server_default="120", nullable=False
            )
        )

    with op.batch_alter_table("treatment", schema=None) as batch_op:
        batch_op.add_column(sa.Column("prerequisites", sa.JSON(), nullable=True))


def downgrade() -> None:
    # Not in batches: those would build anew tables that others refer to.
    op.drop_column("treatment", "prerequisites")

    op.drop_column("site", "waitlist_minutes")
    op.drop_column("site", "waitlist_group")
    op.drop_column("site", "recheck_silence")

    op.drop_column("screening", "answer_days")

    with op.batch_alter_table("waitlist_offer", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_waitlist_offer_open_entry",
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )
        batch_op.drop_index("ix_waitlist_offer_state_answer_by")
        batch_op.drop_index(batch_op.f("ix_waitlist_offer_entry_id"))
        batch_op.drop_index(batch_op.f("ix_waitlist_offer_appointment_id"))

    op.drop_table("waitlist_offer")
    with op.batch_alter_table("waitlist_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_waitlist_entry_screening_id"))
        batch_op.drop_index(batch_op.f("ix_waitlist_entry_patient_id"))
        batch_op.drop_index("ix_waitlist_entry_match")
        batch_op.drop_index(batch_op.f("ix_waitlist_entry_appointment_id"))

    op.drop_table("waitlist_entry")
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_task_open_key",
            sqlite_where=sa.text("done_at IS NULL"),
            postgresql_where=sa.text("done_at IS NULL"),
        )
        batch_op.drop_index("ix_task_site_done_due")
        batch_op.drop_index(batch_op.f("ix_task_patient_id"))
        batch_op.drop_index(batch_op.f("ix_task_appointment_id"))

    op.drop_table("task")
    with op.batch_alter_table("symptom_report", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_symptom_report_patient_id"))
        batch_op.drop_index(batch_op.f("ix_symptom_report_appointment_id"))

    op.drop_table("symptom_report")
    op.drop_table("recheck_answer")
    op.drop_table("proxy")
    op.drop_table("course_session")
    with op.batch_alter_table("settlement", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_settlement_patient_id"))

    op.drop_table("settlement")
    with op.batch_alter_table("rulebook_version", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_rulebook_version_in_force",
            sqlite_where=sa.text("in_force = 1"),
            postgresql_where=sa.text("in_force"),
        )
        batch_op.drop_index("ix_rulebook_version_site_version")

    op.drop_table("rulebook_version")
    with op.batch_alter_table("rescreening", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_rescreening_patient_id"))
        batch_op.drop_index("ix_rescreening_noted")

    op.drop_table("rescreening")
    with op.batch_alter_table("freed_slot", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_freed_slot_noted_at"))

    op.drop_table("freed_slot")
    op.drop_table("course")
