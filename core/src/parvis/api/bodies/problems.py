"""Errors, as `web.problems` tells them."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Struct
from msgspec import UnsetType as Unset


class Fault(Struct, frozen=True, kw_only=True):
    """One reason of a problem."""

    code: Annotated[str, Meta(examples=["slot-full"])]
    detail: Annotated[str, Meta(description="For people, in the language of the request.")]
    field: (
        Annotated[str, Meta(description="The field or parameter it is about.", examples=["people"])] | msgspec.UnsetType
    ) = msgspec.UNSET


class Problem(Struct, frozen=True, kw_only=True):
    """An error as RFC 9457 describes it. Programs read `code`; `title` and `detail` are for people."""

    type: Annotated[str, Meta(examples=["urn:parvis:problem:slot-full"])]
    title: Annotated[str, Meta(examples=["This hour has just been taken. Please choose another one."])]
    status: Annotated[int, Meta(ge=400, le=599, examples=[409])]
    code: Annotated[str, Meta(examples=["slot-full"])]
    instance: Annotated[
        str, Meta(description="Names this answer in the instance's log.", examples=["urn:parvis:request:…"])
    ]
    detail: str | Unset = UNSET
    errors: tuple[Fault, ...] | Unset = UNSET
