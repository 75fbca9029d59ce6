"""deliveries in the order of their confirmation, for who asks about interviews"""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_delivery_posting_updated", "delivery", ["target", "posting", "updated_at"])


def downgrade() -> None:
    op.drop_index("ix_delivery_posting_updated", "delivery")
