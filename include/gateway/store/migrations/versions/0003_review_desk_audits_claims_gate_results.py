"""review desk: audits, claims, gate results"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "gate_result",
        sa.Column("batch_id", sa.String(length=40), nullable=False),
        sa.Column("gate", sa.String(length=120), nullable=False),
        sa.Column("agent_id", sa.String(length=64), nullable=False),
        sa.Column("suite_version", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("field", sa.String(length=80), nullable=True),
        sa.Column("severity", sa.String(length=16), nullable=False),
        sa.Column("evaluated", sa.Integer(), nullable=False),
        sa.Column("unexpected", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"]),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("batch_id", "gate"),
    )
    with op.batch_alter_table("gate_result", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_gate_result_agent_id"), ["agent_id"], unique=False)

    op.create_table(
        "audit",
        sa.Column("profile_id", sa.String(length=40), nullable=False),
        sa.Column("batch_id", sa.String(length=40), nullable=False),
        sa.Column("agent_id", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=8), nullable=True),
        sa.Column("wrong_fields", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("reviewer", sa.String(length=200), nullable=True),
        sa.Column("sampled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"]),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"]),
        sa.ForeignKeyConstraint(["profile_id"], ["profile.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("profile_id"),
    )
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_agent_id"), ["agent_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index("ix_audit_open", ["outcome", "sampled_at"], unique=False)

    op.create_table(
        "claim",
        sa.Column("profile_id", sa.String(length=40), nullable=False),
        sa.Column("reviewer", sa.String(length=200), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["profile_id"], ["profile.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("profile_id"),
    )
    with op.batch_alter_table("batch", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_batch_agent_id"))
        batch_op.create_index("ix_batch_agent_created", ["agent_id", "created_at"], unique=False)

    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_document_batch_id"))
        batch_op.create_index("ix_document_agent_state", ["agent_id", "state"], unique=False)
        batch_op.create_index("ix_document_batch_state", ["batch_id", "state"], unique=False)

    with op.batch_alter_table("profile", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_profile_batch_id"))
        batch_op.drop_index(batch_op.f("ix_profile_state"))
        batch_op.create_index("ix_profile_agent_state", ["agent_id", "state", "created_at"], unique=False)
        batch_op.create_index("ix_profile_batch_state", ["batch_id", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_profile_duplicate_of"), ["duplicate_of"], unique=False)
        batch_op.create_index("ix_profile_state_created", ["state", "created_at", "id"], unique=False)

    with op.batch_alter_table("review", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "codes", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False, server_default="[]"
            )
        )
        batch_op.add_column(sa.Column("other_id", sa.String(length=40), nullable=True))
        batch_op.create_index(batch_op.f("ix_review_created_at"), ["created_at"], unique=False)
        batch_op.create_foreign_key("fk_review_other", "profile", ["other_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("review", schema=None) as batch_op:
        batch_op.drop_constraint("fk_review_other", type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_review_created_at"))
        batch_op.drop_column("other_id")
        batch_op.drop_column("codes")

    with op.batch_alter_table("profile", schema=None) as batch_op:
        batch_op.drop_index("ix_profile_state_created")
        batch_op.drop_index(batch_op.f("ix_profile_duplicate_of"))
        batch_op.drop_index("ix_profile_batch_state")
        batch_op.drop_index("ix_profile_agent_state")
        batch_op.create_index(batch_op.f("ix_profile_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_profile_batch_id"), ["batch_id"], unique=False)

    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.drop_index("ix_document_batch_state")
        batch_op.drop_index("ix_document_agent_state")
        batch_op.create_index(batch_op.f("ix_document_batch_id"), ["batch_id"], unique=False)

    with op.batch_alter_table("batch", schema=None) as batch_op:
        batch_op.drop_index("ix_batch_agent_created")
        batch_op.create_index(batch_op.f("ix_batch_agent_id"), ["agent_id"], unique=False)

    op.drop_table("claim")
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_open")
        batch_op.drop_index(batch_op.f("ix_audit_batch_id"))
        batch_op.drop_index(batch_op.f("ix_audit_agent_id"))

    op.drop_table("audit")
    with op.batch_alter_table("gate_result", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_gate_result_agent_id"))

    op.drop_table("gate_result")
