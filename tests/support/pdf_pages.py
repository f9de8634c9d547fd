"""PDF files written by hand, so that tests decide what is drawn how."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sheet:
    """One page: what is drawn, in points from the lower left corner."""

    content: str
    size: tuple[float, float] = (595, 842)
    rotate: int = 0
    crop: tuple[float, float, float, float] | None = None
    image: bytes | None = None
    """Grey bytes of a picture of 2 x 2 pixels, drawn by ``/Im0 Do``."""


@dataclass(frozen=True)
class Extras:
    """What a file carries besides its pages."""

    script: bool = False
    file_inside: bool = False
    locked: bool = False


def text(
    x: float, y: float, words: str, size: float = 10, *, rise: float = 0, mode: int = 0, turn: str = "1 0 0 1"
) -> str:
    """Draws words; ``turn`` is the matrix that turns them."""
    shown = words.encode("cp1252").hex()
    return f"BT /F0 {size} Tf {rise} Ts {mode} Tr {turn} {x} {y} Tm <{shown}> Tj ET\n"


def rows(lines: list[str], *, top: float = 780, left: float = 60, pitch: float = 16, size: float = 10) -> str:
    """Lines of cells, which ``|`` parts, each cell drawn by itself."""
    return "".join(
        text(left + 150 * column, top - pitch * row, cell.strip(), size)
        for row, line in enumerate(lines)
        for column, cell in enumerate(line.split("|"))
        if cell.strip()
    )


def pdf(*sheets: Sheet, extras: Extras | None = None) -> bytes:
    """The file."""
    extras = extras or Extras()
    bodies: list[bytes] = []

    def add(body: bytes | str) -> int:
        bodies.append(body if isinstance(body, bytes) else body.encode("latin-1"))
        return len(bodies)

    font = add("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
    pages_number = len(bodies) + 1
    add("")
    kids = []
    for sheet in sheets:
        stream = sheet.content.encode("latin-1")
        content = add(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
        image = ""
        if sheet.image is not None:
            number = add(
                b"<< /Type /XObject /Subtype /Image /Width 2 /Height 2 /ColorSpace /DeviceGray /BitsPerComponent 8 "
                b"/Length %d >>\nstream\n%s\nendstream" % (len(sheet.image), sheet.image)
            )
            image = f"/XObject << /Im0 {number} 0 R >>"
        crop = f"/CropBox [{' '.join(map(str, sheet.crop))}]" if sheet.crop else ""
        kids.append(
            add(
                f"<< /Type /Page /Parent {pages_number} 0 R /MediaBox [0 0 {sheet.size[0]} {sheet.size[1]}] {crop} "
                f"/Rotate {sheet.rotate} /Contents {content} 0 R "
                f"/Resources << /Font << /F0 {font} 0 R >> {image} >> >>"
            )
        )
    bodies[pages_number - 1] = (
        f"<< /Type /Pages /Count {len(kids)} /Kids [{' '.join(f'{kid} 0 R' for kid in kids)}] >>".encode()
    )
    names = ""
    if extras.script:
        action = add("<< /S /JavaScript /JS (app.alert\\(1\\)) >>")
        names += f"/JavaScript << /Names [(a) {action} 0 R] >>"
    if extras.file_inside:
        inner = add(b"<< /Type /EmbeddedFile /Length 4 >>\nstream\nevil\nendstream")
        spec = add(f"<< /Type /Filespec /F (a.exe) /EF << /F {inner} 0 R >> >>")
        names += f"/EmbeddedFiles << /Names [(a) {spec} 0 R] >>"
    root = add(f"<< /Type /Catalog /Pages {pages_number} 0 R /Names << {names} >> >>")
    trailer = f"/Root {root} 0 R"
    if extras.locked:
        guard = add(f"<< /Filter /Standard /V 1 /R 2 /P -4 /O <{'ab' * 32}> /U <{'cd' * 32}> >>")
        trailer += f" /Encrypt {guard} 0 R /ID [<{'00' * 16}> <{'00' * 16}>]"
    return _file(bodies, trailer)


def _file(bodies: list[bytes], trailer: str) -> bytes:
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for number, body in enumerate(bodies, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    for place in places:
        out += b"%010d 00000 n \n" % place
    out += f"trailer\n<< /Size {len(bodies) + 1} {trailer} >>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(out)
