import struct
import zlib
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parvis.branding import drawings, pngs
from parvis.branding.pictures import Picture, read_picture
from parvis.errors import Refusal

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">'
SHAPE = '<path d="M0 0h9v9z"/>'


def png(width=32, height=32, depth=8, colour=6, interlace=0, more=(), pixels=None) -> bytes:
    samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    raw = bytes(height * (1 + -(-width * samples * depth // 8))) if pixels is None else pixels
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    chunks = [(b"IHDR", header), *more, (b"IDAT", zlib.compress(raw)), (b"IEND", b"")]
    return pngs.SIGNATURE + b"".join(chunk(kind, body) for kind, body in chunks)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def kept(inside: str, head: str = HEAD) -> ET.Element:
    made = drawings.clean(f"{head}{inside}</svg>")
    assert isinstance(made, str), made
    return ET.fromstring(made)


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        '<script xmlns="http://www.w3.org/1999/xhtml">alert(1)</script>',
        '<foreignObject><body xmlns="http://www.w3.org/1999/xhtml"/></foreignObject>',
        '<image href="https://e.example/x.png"/>',
        '<image href="data:image/svg+xml;base64,AAAA"/>',
        '<animate attributeName="href" to="javascript:alert(1)"/>',
        '<a href="https://e.example"><path d="M0 0"/></a>',
        "<metadata>who made it</metadata>",
        "<style>@import 'https://e.example/x.css'; path { fill: url(https://e.example/#a) }</style>",
        "<!-- a comment -->",
        "<?xml-stylesheet href='https://e.example/x.css'?>",
    ],
)
def test_parts_that_do_more_than_draw_go_and_the_rest_stays(inside: str) -> None:
    assert ET.tostring(kept(SHAPE + inside)) == ET.tostring(kept(SHAPE))


@pytest.mark.parametrize(
    "attribute",
    [
        'onload="x()"',
        'ONCLICK="x()"',
        'fill="url(https://e.example/#a)"',
        'fill="u\\72l(https://e.example/#a)"',
        'style="fill:url(//e.example/x)"',
        'style="behavior:url(#x);-moz-binding:url(x)"',
        'href="https://e.example"',
        'xlink:href="javascript:x()"',
        'class="a"',
        'xml:base="https://e.example"',
    ],
)
def test_attributes_that_do_more_than_draw_go(attribute: str) -> None:
    assert kept(f'<path d="M0 0" {attribute}/>')[0].attrib == {"d": "M0 0"}


def test_what_a_style_says_becomes_what_the_element_says() -> None:
    sheet = "<style>/* x */ .a, .b { fill: #123456; position: fixed } .b{stroke:red!important}</style>"
    found = kept(f'<defs>{sheet}</defs><path class="a b" fill="none" style="stroke-width: 2; width: 3px" d="M0 0"/>')
    assert found[1].attrib == {"fill": "#123456", "stroke": "red", "stroke-width": "2", "d": "M0 0"}


def test_a_drawing_may_use_its_own_parts() -> None:
    found = kept('<path id="a" fill="url(#b)" d="M0 0"/><use xlink:href="#a"/>')
    assert (found[0].get("fill"), found[1].get("href")) == ("url(#b)", "#a")


def test_a_drawing_with_a_size_in_pixels_is_made_to_fit() -> None:
    found = kept(SHAPE, '<svg xmlns="http://www.w3.org/2000/svg" width="60px" height="72.5">')
    assert found.attrib == {"viewBox": "0 0 60 72.5"}


def test_a_drawing_has_no_prefix_whatever_else_the_process_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ET, "_namespace_map", {"urn:iso:std:iso:20022:tech:xsd:pain.008.001.08": ""})
    kept = drawings.clean('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M0 0h1"/></svg>')
    assert kept == '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M0 0h1" /></svg>'


def test_what_programs_write_before_a_drawing_is_no_hindrance() -> None:
    public = '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">'
    before = f'\ufeff<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n{public}\n'
    assert isinstance(drawings.clean(f"{before}{HEAD}{SHAPE}</svg>"), str)


def bomb(levels: int) -> str:
    uses = ["".join(f'<use href="#l{n}"/>' for _ in range(10)) for n in range(levels)]
    parts = "".join(f'<g id="l{n + 1}">{several}</g>' for n, several in enumerate(uses[:-1]))
    return f'<g id="l0">{SHAPE}</g>{parts}<use href="#l{levels - 1}"/>'


def chain(length: int) -> str:
    return "".join(f'<g id="g{n}"><use href="#g{n + 1}"/></g>' for n in range(length))


@pytest.mark.parametrize(
    ("svg", "code"),
    [
        ("", "picture-not-svg"),
        ("<html/>", "picture-not-svg"),
        (f"<svg>{SHAPE}</svg>", "picture-not-svg"),
        (f'<!DOCTYPE svg [<!ENTITY a "b">]>{HEAD}&a;</svg>', "picture-not-svg"),
        (f"{HEAD}{SHAPE}", "picture-not-svg"),
        (f"{HEAD}<desc>{'x' * 70_000}</desc></svg>", "picture-too-large"),
        (f"{HEAD}{'<g>' * 60}{'</g>' * 60}{SHAPE}</svg>", "picture-too-rich"),
        (f"{HEAD}{'<g>' * 9000}{'</g>' * 9000}</svg>"[:60_000], "picture-not-svg"),
        (f"{HEAD}{SHAPE * 2100}</svg>", "picture-too-rich"),
        (f"{HEAD}{bomb(9)}</svg>", "picture-too-rich"),
        (f'{HEAD}{SHAPE}<g id="a"><use href="#a"/></g></svg>', "picture-too-rich"),
        (f"{HEAD}{chain(900)}</svg>", "picture-too-rich"),
        (f"{HEAD}<title>Nothing</title></svg>", "picture-empty"),
        (f'{HEAD}<image href="data:image/png;base64,AA"/></svg>', "picture-empty"),
        (f'<svg xmlns="http://www.w3.org/2000/svg" width="100%" height="9">{SHAPE}</svg>', "picture-no-size"),
    ],
)
def test_what_is_no_drawing_is_refused_with_a_reason(svg: str, code: str) -> None:
    found = drawings.clean(svg)
    assert isinstance(found, Refusal)
    assert found.code == code


def test_four_levels_of_parts_used_ten_times_are_still_drawn() -> None:
    assert isinstance(drawings.clean(f"{HEAD}{bomb(4)}</svg>"), str)


@pytest.mark.parametrize(("depth", "colour"), [(1, 0), (16, 0), (8, 2), (4, 3), (8, 3), (8, 4), (16, 6)])
def test_every_sort_of_png_is_taken(depth: int, colour: int) -> None:
    palette = [(b"PLTE", bytes(6))] if colour == 3 else []
    found = pngs.clean(png(33, 17, depth, colour, more=palette))
    assert isinstance(found, pngs.Png)
    assert (found.width, found.height) == (33, 17)


def test_an_interlaced_png_is_taken() -> None:
    # 32 by 32 in seven passes of 4 bytes a pixel and a byte a row.
    pixels = bytes(32 * 32 * 4 + 4 + 4 + 4 + 8 + 8 + 16 + 16)
    assert isinstance(pngs.clean(png(interlace=1, pixels=pixels)), pngs.Png)


def test_what_a_png_says_of_its_maker_goes() -> None:
    told = [(b"tEXt", b"Author\0Somebody"), (b"eXIf", b"place"), (b"acTL", bytes(8)), (b"gAMA", bytes(4))]
    found = pngs.clean(png(more=told) + b"and more")
    assert isinstance(found, pngs.Png)
    assert found.content == png(more=[(b"gAMA", bytes(4))])


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "picture-neither"),
        (b"\xff\xd8\xff\xe0JFIF", "picture-neither"),
        (b"GIF89a", "picture-neither"),
        (pngs.SIGNATURE, "picture-broken"),
        (png()[:-8], "picture-broken"),
        (png().replace(b"IDAT", b"IDAX"), "picture-broken"),
        (png(pixels=b"1"), "picture-broken"),
        (png(pixels=bytes(5_000_000)), "picture-broken"),
        (png(colour=3), "picture-broken"),
        (png(depth=3), "picture-broken"),
        (png(8, 32), "picture-size"),
        (png(2049, 32, 1, 0), "picture-size"),
        (png(100_000, 100_000, pixels=b""), "picture-size"),
        (png(more=[(b"tEXt", bytes(300_000))]), "picture-too-large"),
        (b"<svg/>", "picture-not-svg"),
    ],
)
def test_what_is_no_picture_is_refused_at_its_field(content: bytes, code: str) -> None:
    found = read_picture(content, "icon")
    assert isinstance(found, Refusal)
    assert (found.code, found.field) == (code, "icon")


@given(st.binary(max_size=200), st.booleans())
def test_no_bytes_break_it(content: bytes, signed: bool) -> None:
    assert isinstance(read_picture((pngs.SIGNATURE if signed else b"<") + content), Refusal)


@given(st.integers(8, 200), st.binary(min_size=1, max_size=9))
def test_a_damaged_png_is_never_taken_for_a_whole_one(at: int, garbage: bytes) -> None:
    whole = png()
    damaged = whole[:at] + garbage + whole[at + len(garbage) :]
    found = read_picture(damaged)
    assert isinstance(found, Refusal) or damaged[: len(whole)] == whole


def test_the_name_of_a_picture_carries_its_hash() -> None:
    found = read_picture(png())
    assert isinstance(found, Picture)
    assert found.file.endswith(".png")
    assert len(found.file) == 16
