"""A citation may be a place on a page, and names the version of a record's resource that has one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    # NULL columns are no part of a seal: rows written before still hold.
    op.add_column("citations", sa.Column("page", sa.Integer(), nullable=True))
    for name in ("box", "text", "version"):
        op.add_column("citations", sa.Column(name, sa.Text(), nullable=True))
