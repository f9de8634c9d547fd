"""A citation may be the picture that a model was shown."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    # NULL columns are no part of a seal: rows written before still hold.
    op.add_column("citations", sa.Column("frame", sa.Text(), nullable=True))
