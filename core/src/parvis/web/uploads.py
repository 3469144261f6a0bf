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
