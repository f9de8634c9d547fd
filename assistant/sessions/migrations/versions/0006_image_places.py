"""A citation of a picture names it as the reader does, and may be a place in it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    # NULL columns are no part of a seal: rows written before still hold.
    op.add_column("citations", sa.Column("label", sa.Text(), nullable=True))
