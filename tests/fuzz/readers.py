"""The readers of the product by name, each made in the process that uses it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tests.fuzz.reader import Reader


def _raster() -> Reader:
    from tests.fuzz.pictures import raster

    return raster()


def _dicom() -> Reader:
    from tests.fuzz.pictures import dicom

    return dicom()


def _slide() -> Reader:
    from tests.fuzz.slides import slides

    return slides()


def _volume() -> Reader:
    from tests.fuzz.volumes import volumes

    return volumes()


def _archive() -> Reader:
    from tests.fuzz.archives import archives

    return archives()


READERS: Final[Mapping[str, Callable[[], Reader]]] = {
    "archive": _archive,
    "raster": _raster,
    "dicom": _dicom,
    "slide": _slide,
    "volume": _volume,
}
