"""one lane a target, and profiles found by what they have in common"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lane",
        sa.Column("target", sa.String(length=250), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(length=40), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("target", "slot"),
    )
    op.create_table(
        "profile_key",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("profile_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["profile_id"], ["profile.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key", "profile_id"),
    )
    op.create_index(op.f("ix_profile_key_profile_id"), "profile_key", ["profile_id"])
    unfinished = sa.text("finished_at IS NULL")
    op.create_index(
        "ix_delivery_unfinished", "delivery", ["state"], sqlite_where=unfinished, postgresql_where=unfinished
    )
    op.create_index("ix_delivery_updated", "delivery", ["updated_at"])


def downgrade() -> None:
    op.drop_index("ix_delivery_updated", "delivery")
    op.drop_index("ix_delivery_unfinished", "delivery")
    op.drop_table("profile_key")
    op.drop_table("lane")
