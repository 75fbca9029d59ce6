"""runs of a batch: how often again, what stopped them, whether its files are registered, who asks about it"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    with op.batch_alter_table("batch", schema=None) as batch_op:
        batch_op.add_column(sa.Column("retries", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("registered_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("question", sa.String(length=100), nullable=True))
        batch_op.add_column(sa.Column("failures", JSON, nullable=False, server_default="{}"))
    batch = sa.table(
        "batch",
        sa.column("id", sa.String),
        sa.column("state", sa.String),
        sa.column("statistics", JSON),
        sa.column("retries", sa.Integer),
        sa.column("created_at", sa.DateTime(timezone=True)),
        sa.column("registered_at", sa.DateTime(timezone=True)),
        sa.column("question", sa.String),
    )
    connection = op.get_bind()
    document = sa.table("document", sa.column("batch_id", sa.String))
    registered = batch.c.state.in_(("waiting_review", "done")) | sa.exists().where(document.c.batch_id == batch.c.id)
    connection.execute(sa.update(batch).where(registered).values(registered_at=batch.c.created_at))
    for identity, state, statistics in connection.execute(sa.select(batch.c.id, batch.c.state, batch.c.statistics)):
        retries = int((statistics or {}).get("retries", 0))
        kept = {key: value for key, value in (statistics or {}).items() if key != "retries"}
        asks = f"review-{identity}" if state == "waiting_review" else None
        connection.execute(
            sa.update(batch).where(batch.c.id == identity).values(retries=retries, statistics=kept, question=asks)
        )


def downgrade() -> None:
    with op.batch_alter_table("batch", schema=None) as batch_op:
        for name in ("failures", "question", "registered_at", "retries"):
            batch_op.drop_column(name)
