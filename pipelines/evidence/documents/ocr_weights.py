"""The models that read pictures: found in RapidOCR's wheel, checked before every use.

Origin: PP-OCRv6 small by PaddlePaddle (Apache-2.0), detection and recognition, as ONNX files that the wheel of rapidocr
3.10.0 carries. Its third model, which tells lines that stand upside down, is never used: it turned 99 into 66.
"""

from __future__ import annotations

import hashlib
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from typing import Final

from pipelines.errors import ModelNeeded
from pipelines.records import Availability, Engine

MODEL: Final = "PP-OCRv6 small"
DETECTION: Final = "PP-OCRv6_det_small.onnx"
RECOGNITION: Final = "PP-OCRv6_rec_small.onnx"
SHA256: Final = {
    DETECTION: "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
    RECOGNITION: "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
}
INSTALL: Final = "run: pip install rapidocr==3.10.0"
REPAIR: Final = "run: pip install --force-reinstall --no-deps rapidocr==3.10.0"
_WHEEL: Final = "rapidocr"


def weights_available() -> Availability:
    """Whether pictures can be expected to be read, without hashing anything."""
    if all(path is not None and path.is_file() for path in map(_path, SHA256)):
        return Availability(ready=True, detail=f"{MODEL} from the wheel of {_WHEEL}")
    return Availability(ready=False, detail=f"the models of {_WHEEL} are not installed", remedy=INSTALL)


def weights(file: str) -> Path:
    """Where one of the two models lies, after a look at every byte of it.

    Raises:
        ModelNeeded: it is missing, or another one than ours was measured with.
    """
    path = _path(file)
    if path is None or not path.is_file():
        raise ModelNeeded(file, "the model that reads pictures of pages is not installed", INSTALL)
    if hashlib.sha256(path.read_bytes()).hexdigest() != SHA256[file]:
        raise ModelNeeded(file, "is damaged or another version", REPAIR)
    return path


def ocr_engine() -> Engine:
    """What reads pictures."""
    return Engine(
        name=_WHEEL,
        version=version(_WHEEL),
        model=MODEL,
        weights_sha256=hashlib.sha256("".join(SHA256.values()).encode()).hexdigest(),
        note="weights_sha256 is of the hashes of detection and recognition, one after the other",
    )


def _path(file: str) -> Path | None:
    try:
        return Path(str(distribution(_WHEEL).locate_file(f"rapidocr/models/{file}")))
    except PackageNotFoundError:
        return None
