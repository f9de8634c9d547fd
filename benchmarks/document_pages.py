"""Pages per second: text layers against PDFium's bare text, pictures against RapidOCR alone; and the memory taken."""

from __future__ import annotations

import io
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np

from benchmarks.line import print_line
from pipelines.evidence.documents.ocr_weights import DETECTION, RECOGNITION, weights
from pipelines.evidence.documents.picture_reader import PictureReader
from pipelines.evidence.documents.reading import read_document
from tests.support.pdf_pages import Sheet, pdf, rows
from tests.support.scanned import png, rendered

ROUNDS = 5
TEXT_PAGES = 20
LINES = [f"Analyte number {row} | {row * 1.7 + 3:.1f} | mmol/L | 3.5-{row + 9}.0" for row in range(40)]
TEXT_GOAL = 25
PICTURE_GOAL = 1.0


def spent(work: Callable[[], object]) -> float:
    """Seconds of processor time."""
    start = time.process_time()
    work()
    return time.process_time() - start


def bare_text(data: bytes) -> list[str]:
    import pypdfium2

    document = pypdfium2.PdfDocument(data)
    return [page.get_textpage().get_text_bounded() for page in document]


def rapid_ocr() -> Callable[[bytes], object]:
    """RapidOCR as it comes, but for its classifier, with the same models and one thread."""
    from PIL import Image
    from rapidocr import RapidOCR

    engine = RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.use_cls": False,
            "Det.model_path": str(weights(DETECTION)),
            "Rec.model_path": str(weights(RECOGNITION)),
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
        }
    )
    return lambda data: engine(np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))


def peak_megabytes() -> float:
    """Of this process so far."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def main() -> None:
    report = pdf(*[Sheet(rows(LINES))] * TEXT_PAGES)
    read_document(report, "report.pdf")
    texts = [
        (spent(lambda: read_document(report, "report.pdf")), spent(lambda: bare_text(report))) for _ in range(ROUNDS)
    ]
    after_text = peak_megabytes()
    own_text, bare = (statistics.median(column) for column in zip(*texts, strict=True))

    picture = png(rendered(rows(LINES)))
    reader, alone = PictureReader(threads=1), rapid_ocr()
    read_document(picture, "page.png", reader=reader)
    after_picture = peak_megabytes()
    alone(picture)
    pictures = [
        (spent(lambda: read_document(picture, "page.png", reader=reader)), spent(lambda: alone(picture)))
        for _ in range(ROUNDS)
    ]
    own_picture, theirs = (statistics.median(column) for column in zip(*pictures, strict=True))
    slower = own_picture / theirs
    print_line(
        "document_pages",
        {
            "text_pages_per_second": TEXT_PAGES / own_text,
            "bare_text_pages_per_second": TEXT_PAGES / bare,
            "text_times_bare": own_text / bare,
            "picture_pages_per_second": 1 / own_picture,
            "rapidocr_pages_per_second": 1 / theirs,
            "picture_times_rapidocr": slower,
            "peak_mb_text": after_text,
            "peak_mb_picture": after_picture,
        },
        slower,
        f"words in their places at most {TEXT_GOAL} times the time of bare text; a picture at most {PICTURE_GOAL} "
        "times the time of RapidOCR alone, its numbers read twice (processor time, one thread)",
        met=own_text / bare <= TEXT_GOAL and slower <= PICTURE_GOAL,
    )


if __name__ == "__main__":
    main()
