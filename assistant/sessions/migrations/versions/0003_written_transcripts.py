"""Transcripts keep how their words were written, what may have been misheard, and what the sound was like."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    # NULL columns are no part of a seal: rows written before still hold.
    for name in ("changes", "suggestions", "quality", "language"):
        op.add_column("transcripts", sa.Column(name, sa.Text(), nullable=True))
