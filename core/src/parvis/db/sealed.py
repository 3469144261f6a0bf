"""The column that says it is encrypted, and for which purpose: what `parvis keys renew` goes by."""

from __future__ import annotations

from typing import Any

from piccolo.columns import Bytea


class Sealed(Bytea):
    """Bytes that `crypto.encrypt` made for `purpose`, null or empty where there is nothing to keep.

    Declare every encrypted column with it; tests/architecture/test_sealed.py compares them with what is encrypted.
    """

    def __init__(self, purpose: str, default: bytes | None = b"", **more: Any) -> None:
        self.purpose = purpose
        super().__init__(default=default, **more)
