"""Encrypted fields, signed tokens, digests of secrets. Keys have an id, so that they can be rotated."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import ssl
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from parvis.errors import ConfigurationError, ParvisError, Text
from parvis.settings import Settings

_NONCE = 12


class Unreadable(ParvisError):
    """A token or an encrypted field was altered, has expired, or was made with a key that is gone."""

    status = 403
    code = "link-unreadable"
    title = Text("This link is incomplete or too old.")


@dataclass(frozen=True, slots=True)
class Keys:
    """The instance's keys by id, 32 bytes each.

    `writing` names the one that encrypts and signs, `finding` the one of the digests by which things are found again.
    """

    by_id: Mapping[str, bytes]
    writing: str
    finding: str

    def derive(self, key_id: str, purpose: str) -> bytes:
        """A 32-byte key for one purpose. Raises Unreadable for an unknown key id."""
        if key_id not in self.by_id:
            raise Unreadable
        return _derived(self.by_id[key_id], purpose)


@lru_cache(maxsize=256)
def _derived(key: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(key)


_keys: list[Keys] = []


def new_key() -> str:
    """A fresh key in the form `PARVIS_KEYS` takes: `id:base64`."""
    return f"{secrets.token_hex(3)}:{base64.b64encode(secrets.token_bytes(32)).decode()}"


def load_keys(settings: Settings) -> Keys:
    """Keys from the settings; outside production made once and kept in the data folder (mode 0600)."""
    raw = settings.keys or _kept_key(settings.data / "keys")
    try:
        pairs = [item.strip().split(":", 1) for item in raw.split(",")]
        by_id = {key_id: base64.b64decode(value, validate=True) for key_id, value in pairs}
    except ValueError as error:
        raise ConfigurationError("PARVIS_KEYS: write id:base64, comma-separated.") from error
    if any(len(key) != 32 for key in by_id.values()):
        raise ConfigurationError("PARVIS_KEYS: every key has 32 bytes; `parvis keys new` prints one.")
    # A new key goes in front: the last one stays the same through every rotation, and digests with it.
    return Keys(by_id, writing=pairs[0][0], finding=pairs[-1][0])


def use(keys: Keys) -> None:
    """Make `keys` the process's own; a composition root calls it once."""
    _keys[:] = [keys]


def encrypt(plain: bytes, purpose: str) -> bytes:
    """AES-256-GCM under the writing key, as `id:` + nonce + ciphertext; `purpose` must match to read it."""
    keys = _keys[-1]
    nonce = secrets.token_bytes(_NONCE)
    sealed = AESGCM(keys.derive(keys.writing, purpose)).encrypt(nonce, plain, purpose.encode())
    return keys.writing.encode() + b":" + nonce + sealed


def decrypt(sealed: bytes, purpose: str) -> bytes:
    """The plain bytes. Raises Unreadable if anything does not fit."""
    key_id, _, rest = bytes(sealed).partition(b":")
    try:
        key = _keys[-1].derive(key_id.decode(), purpose)
        return AESGCM(key).decrypt(rest[:_NONCE], rest[_NONCE:], purpose.encode())
    except (InvalidTag, ValueError) as error:
        raise Unreadable from error


def renewed(sealed: bytes, purpose: str) -> bytes:
    """The same plain bytes under the key that writes now. Raises Unreadable if they cannot be read."""
    return encrypt(decrypt(sealed, purpose), purpose)


def at_hand() -> Keys:
    """The process's keys."""
    return _keys[-1]


def sign(payload: str, purpose: str, until: datetime) -> str:
    """A token for a link: readable payload, expiry, signature. Put no personal data in it."""
    keys = _keys[-1]
    body = f"{keys.writing}.{int(until.timestamp())}.{_b64(payload.encode())}"
    return f"{body}.{_b64(_mac(keys, keys.writing, purpose, body))}"


def verify(token: str, purpose: str, now: datetime) -> str:
    """The payload of a token made by `sign`. Raises Unreadable if altered, expired or of another purpose."""
    body, _, signature = token.rpartition(".")
    try:
        key_id, expires, payload = body.split(".")
        expected = _mac(_keys[-1], key_id, purpose, body)
        if not hmac.compare_digest(_unb64(signature), expected) or int(expires) < now.timestamp():
            raise Unreadable
        return _unb64(payload).decode()
    except ValueError as error:
        raise Unreadable from error


def stamp(content: bytes, purpose: str) -> str:
    """What proves, for as long as its key is kept, that this instance wrote `content`: `id.signature`."""
    keys = _keys[-1]
    return f"{keys.writing}.{_b64(hmac.digest(keys.derive(keys.writing, f'stamp:{purpose}'), content, 'sha256'))}"


def bears(stamped: str, content: bytes, purpose: str) -> bool:
    """Whether `stamped` is the stamp of this content. Raises Unreadable if its key is not at hand."""
    key_id, _, _ = stamped.partition(".")
    expected = _b64(hmac.digest(_keys[-1].derive(key_id, f"stamp:{purpose}"), content, "sha256"))
    return hmac.compare_digest(stamped.encode(), f"{key_id}.{expected}".encode())


def digest(secret: str) -> bytes:
    """SHA-256 of a random secret (128 bits or more), for keeping at rest."""
    return hashlib.sha256(secret.encode()).digest()


def code_digest(code: str, salt: str) -> bytes:
    """A keyed digest of what is short or easily guessed (a code, a number, an address), the same after a rotation."""
    keys = _keys[-1]
    return _mac(keys, keys.finding, "digest", f"{salt}.{code}")


def blind(words: Iterable[str], purpose: str) -> set[int]:
    """Keyed digests of four bytes, as PostgreSQL's integers: equal words meet, by chance a few others do."""
    keys = _keys[-1]
    key = keys.derive(keys.finding, f"blind:{purpose}")
    return {int.from_bytes(hmac.digest(key, word.encode(), "sha256")[:4], "big", signed=True) for word in words}


def new_secret() -> str:
    """192 random bits, safe in an address."""
    return secrets.token_urlsafe(24)


def random_code(figures: int = 6) -> str:
    """A code people type, e.g. 048213."""
    return f"{secrets.randbelow(10**figures):0{figures}d}"


def random_delay(longest: timedelta) -> timedelta:
    """A delay nobody can guess, from 0 to `longest`, in whole seconds."""
    return timedelta(seconds=secrets.randbelow(int(longest.total_seconds()) + 1))


def same(left: bytes, right: bytes) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(left, right)


@cache
def trust() -> ssl.SSLContext:
    """Whose word is taken for another server: the system's authorities, read once as that takes longer than a call."""
    return ssl.create_default_context()


def _mac(keys: Keys, key_id: str, purpose: str, body: str) -> bytes:
    return hmac.digest(keys.derive(key_id, f"sign:{purpose}"), body.encode(), "sha256")


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unb64(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _kept_key(file: Path) -> str:
    file.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError), os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as made:
        made.write(new_key())
    return file.read_text().strip()
