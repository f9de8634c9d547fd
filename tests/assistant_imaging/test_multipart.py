"""A multipart body in blocks of any size: its parts byte for byte, and never taken for whole where it is not."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.imaging.multipart import MOST_HEAD_BYTES, NotMultipart, NotWhole, boundary_of, media_type, parts

BOUNDARY = b"a-Boundary_7"
#: What looks like a delimiter and is none.
NEARLY = [b"\r\n", b"\r\n--", b"\r", b"--a-Boundary_", b"\r\n--a-Boundary_", b"\r\n--a-boundary_7", b"--", b"\0"]

Parts = list[tuple[dict[str, str], bytes]]
contents = st.lists(st.one_of(st.sampled_from(NEARLY), st.binary(max_size=40)), max_size=6).map(b"".join)
names = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=12)
values = st.text('abcXYZ019 =;/"', max_size=20).map(str.strip)
bodies = st.lists(st.tuples(st.dictionaries(names, values, max_size=3), contents), max_size=4)


def written(given_parts: Parts, *, preamble: bytes = b"", epilogue: bytes = b"\r\n", padding: bytes = b"") -> bytes:
    """As RFC 2046 has it."""
    out = preamble
    for headers, content in given_parts:
        head = b"".join(f"{name}: {value}\r\n".encode() for name, value in headers.items())
        out += b"--" + BOUNDARY + padding + b"\r\n" + head + b"\r\n" + content + b"\r\n"
    return out + b"--" + BOUNDARY + b"--" + epilogue


def cut(data: bytes, at: list[int]) -> Iterator[bytes]:
    """In blocks that end at these places; some are empty."""
    edges = [0, *sorted(place % (len(data) + 1) for place in at), len(data)]
    for start, end in itertools.pairwise(edges):
        yield data[start:end]


def read(data: bytes, at: list[int] | None = None) -> Parts:
    return [(dict(part.headers), b"".join(part.blocks)) for part in parts(cut(data, at or []), BOUNDARY)]


def holds_none(content: bytes) -> bool:
    return b"\r\n--" + BOUNDARY not in b"\r\n" + content


@given(
    given_parts=bodies.filter(lambda found: all(holds_none(content) for _, content in found)),
    at=st.lists(st.integers(0, 1 << 20), max_size=30),
    preamble=st.sampled_from([b"", b"\r\n", b"This is multipart.\r\n", b"--a-Boundary_\r\n"]),
    padding=st.sampled_from([b"", b" ", b"\t  "]),
    epilogue=st.sampled_from([b"", b"\r\n", b"\r\nand more"]),
)
def test_what_was_written_is_read(
    given_parts: Parts, at: list[int], preamble: bytes, padding: bytes, epilogue: bytes
) -> None:
    data = written(given_parts, preamble=preamble, padding=padding, epilogue=epilogue)
    assert read(data, at) == given_parts


@given(
    given_parts=bodies.filter(lambda found: all(holds_none(content) for _, content in found)),
    at=st.lists(st.integers(0, 1 << 20), max_size=8),
    end=st.integers(0, 1 << 20),
)
def test_one_that_is_cut_off_is_never_whole(given_parts: Parts, at: list[int], end: int) -> None:
    """But what is before the cut is what was sent."""
    data = written(given_parts, epilogue=b"")
    short = data[: end % len(data)]
    seen: Parts = []

    def take() -> None:
        for part in parts(cut(short, at), BOUNDARY):
            taken = b"".join(part.blocks)
            seen.append((dict(part.headers), taken))

    with pytest.raises(NotWhole):
        take()
    assert seen == given_parts[: len(seen)]


@given(data=st.lists(st.one_of(st.sampled_from([*NEARLY, b"--" + BOUNDARY, b": "]), st.binary(max_size=20))))
def test_anything_is_read_or_refused(data: list[bytes]) -> None:
    try:
        for part in parts(data, BOUNDARY):
            assert all(part.blocks)
    except (NotWhole, NotMultipart):
        pass


def test_no_parts() -> None:
    assert read(written([])) == []


def test_an_empty_part_with_and_without_an_empty_line() -> None:
    both = b"--a-Boundary_7\r\nA: 1\r\n\r\n--a-Boundary_7\r\nA: 2\r\n\r\n\r\n--a-Boundary_7--"
    assert read(both) == [({"a": "1"}, b""), ({"a": "2"}, b"")]


def test_a_head_that_goes_on_in_the_next_line() -> None:
    head = b"Content-Type: application/dicom;\r\n\ttransfer-syntax=1.2\r\nA: 1\r\n"
    assert read(b"--a-Boundary_7\r\n" + head + b"\r\nx\r\n--a-Boundary_7--") == [
        ({"content-type": "application/dicom;\ttransfer-syntax=1.2", "a": "1"}, b"x")
    ]


def test_a_part_that_is_left_unread_is_passed_over() -> None:
    data = written([({"n": "1"}, b"x" * 1000), ({"n": "2"}, b"y")])
    assert [part.headers["n"] for part in parts(cut(data, [7, 300, 900]), BOUNDARY)] == ["1", "2"]


def test_no_more_than_a_block_is_held() -> None:
    """A part of 64 MB passes through in blocks, each handed out before the next is asked for."""
    asked = 0

    def blocks() -> Iterator[bytes]:
        nonlocal asked
        yield b"--a-Boundary_7\r\n\r\n"
        for _ in range(1024):
            asked += 1
            yield bytes(1 << 16)
        yield b"\r\n--a-Boundary_7--"

    taken = 0
    for part in parts(blocks(), BOUNDARY):
        asked = 0
        for piece in part.blocks:
            taken += len(piece)
            assert asked * (1 << 16) - taken < 1 << 17
    assert taken == 1 << 26


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"<html>" + b" " * 2000 + b"</html>", id="no boundary"),
        pytest.param(b"--a-Boundary_7x\r\n\r\n\r\n--a-Boundary_7--", id="another boundary that begins alike"),
        pytest.param(b"--a-Boundary_7\r\nno head\r\n\r\n\r\n--a-Boundary_7--", id="a head without a colon"),
        pytest.param(b"--a-Boundary_7\r\nA: " + b"x" * MOST_HEAD_BYTES + b"\r\n\r\n", id="a long line"),
        pytest.param(b"--a-Boundary_7\r\n" + b"A: 1\r\n" * MOST_HEAD_BYTES + b"\r\n", id="many lines"),
    ],
)
def test_what_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(NotMultipart):
        read(data, [17, 40, 41])


@pytest.mark.parametrize(
    ("header", "kind", "parameters"),
    [
        ("application/dicom+json", "application/dicom+json", {}),
        ("Application/DICOM+JSON; charset=utf-8", "application/dicom+json", {"charset": "utf-8"}),
        (
            'multipart/related; type="application/dicom"; boundary=ab-c',
            "multipart/related",
            {"type": "application/dicom", "boundary": "ab-c"},
        ),
        (
            'multipart/related;boundary="a b\\"c;d" ;  Type=application/dicom;start="<1>"',
            "multipart/related",
            {"boundary": 'a b"c;d', "type": "application/dicom", "start": "<1>"},
        ),
        ("", "", {}),
        ("multipart/related; boundary", "multipart/related", {}),
    ],
)
def test_media_types(header: str, kind: str, parameters: dict[str, str]) -> None:
    assert media_type(header) == (kind, parameters)


@pytest.mark.parametrize("boundary", ["", "x" * 71, "a\r\nb", "ends with a space ", "ü"])
def test_boundaries_that_cannot_be(boundary: str) -> None:
    with pytest.raises(NotMultipart):
        boundary_of({"boundary": boundary})
    with pytest.raises(NotMultipart):
        boundary_of({})
