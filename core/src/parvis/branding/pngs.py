"""A PNG picture checked and made small: only what shows it stays, what it says of its maker goes. No I/O."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from parvis.errors import Refusal, Text

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_BYTES = 256 * 1024
_SIDE = range(16, 2049)
# What a picture looks like; texts, times, places and moving pictures are left out.
_KEPT = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"pHYs"})
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
# The seven passes of an interlaced picture: first column and row, and the steps between them.
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_BROKEN = Refusal("picture-broken", Text("This picture is damaged. Please save it once more as PNG."))


@dataclass(frozen=True, slots=True)
class Png:
    """A picture's bytes, and its sides in pixels."""

    content: bytes
    width: int
    height: int


class _Broken(Exception):
    """Not a PNG as the standard has it."""


def clean(content: bytes) -> Png | Refusal:
    """The picture with nothing but what shows it, or why it cannot be one."""
    if len(content) > _BYTES:
        return Refusal("picture-too-large", Text("A PNG picture has at most 256 kilobytes. Please make it smaller."))
    try:
        chunks = [(kind, body) for kind, body in _chunks(content) if kind in _KEPT]
        width, height, expected = _header(chunks)
        if width not in _SIDE or height not in _SIDE:
            values = {"width": width, "height": height}
            told = Text("A picture has 16 to 2048 pixels a side; this one has {width} by {height}.", values)
            return Refusal("picture-size", told)
        _check_pixels(chunks, expected)
    except _Broken:
        return _BROKEN
    return Png(SIGNATURE + b"".join(_packed(*chunk) for chunk in chunks), width, height)


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    if not content.startswith(SIGNATURE):
        raise _Broken
    at = len(SIGNATURE)
    while at + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, at)
        kind, body = content[at + 4 : at + 8], content[at + 8 : at + 8 + length]
        if len(body) != length or content[at + 8 + length : at + 12 + length] != _sum(kind, body):
            raise _Broken
        yield kind, body
        if kind == b"IEND":
            return
        at += 12 + length
    raise _Broken


def _header(chunks: list[tuple[bytes, bytes]]) -> tuple[int, int, int]:
    """Width, height, and how many bytes the pixels make."""
    kinds = [kind for kind, _ in chunks]
    if kinds[:1] != [b"IHDR"] or kinds.count(b"IHDR") != 1 or len(chunks[0][1]) != 13:
        raise _Broken
    width, height, depth, colour, packing, filtering, interlace = struct.unpack(">IIBBBBB", chunks[0][1])
    if depth not in _DEPTHS.get(colour, ()) or packing or filtering or interlace > 1:
        raise _Broken
    if colour == 3 and b"PLTE" not in kinds:
        raise _Broken
    bits = depth * _SAMPLES[colour]
    passes = _PASSES if interlace else ((0, 0, 1, 1),)
    return width, height, sum(_bytes(_part(width, x, dx), _part(height, y, dy), bits) for x, y, dx, dy in passes)


def _part(side: int, first: int, step: int) -> int:
    return max(0, -(-(side - first) // step))


def _bytes(width: int, height: int, bits: int) -> int:
    return height * (1 + -(-width * bits // 8)) if width else 0


def _check_pixels(chunks: list[tuple[bytes, bytes]], expected: int) -> None:
    """Unpack at most what the size allows: a small file may be made to grow without end."""
    unpacking = zlib.decompressobj()
    try:
        pixels = unpacking.decompress(b"".join(body for kind, body in chunks if kind == b"IDAT"), expected + 1)
    except zlib.error as error:
        raise _Broken from error
    if len(pixels) != expected or not unpacking.eof:
        raise _Broken


def _packed(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + _sum(kind, body)


def _sum(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", zlib.crc32(kind + body))
