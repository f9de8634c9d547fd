"""One reader of pictures for all tests here: its models load once."""

from __future__ import annotations

import pytest

from pipelines.evidence.documents.picture_reader import PictureReader


@pytest.fixture(scope="session")
def reader() -> PictureReader:
    return PictureReader(threads=1)
