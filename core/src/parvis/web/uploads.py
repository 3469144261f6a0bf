"""Forms that bring files: what was typed, and the bytes of each file that was chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Request
from litestar.datastructures import UploadFile

from parvis.errors import Invalid, Refusal, Text
from parvis.web.forms import Raw, gathered

# More than any picture we keep, so that one that is too large is told in a sentence, not by a broken page.
BYTES = 10 * 1024 * 1024


async def read(request: Request[Any, Any, Any]) -> tuple[Raw, Mapping[str, bytes]]:
    """What was typed and the files that are not empty, by the names of their fields.

    Raises Invalid for a field that is not text. The route is given `request_max_body_size=BYTES`; what is larger is
    answered 413 before it is read.
    """
    try:
        sent = list((await request.form()).multi_items())
    except UnicodeDecodeError as error:
        raise Invalid(Refusal("not-text", Text("What was typed could not be read."))) from error
    files = {name: await value.read() for name, value in sent if isinstance(value, UploadFile)}
    typed = gathered((name, value) for name, value in sent if isinstance(value, str))
    return typed, {name: content for name, content in files.items() if content}


def as_text(content: bytes) -> str | None:
    """A file as spreadsheets save it: UTF-8, or what Windows has in Europe; None for what is no text.

    >>> as_text("é".encode()), as_text("é".encode("cp1252")), as_text(b"PK\\x00")
    ('é', 'é', None)
    """
    if b"\x00" in content:
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")
