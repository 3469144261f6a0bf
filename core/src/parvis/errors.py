"""The error tree, and the values with which rules say no.

A rule returns refusals; an action raises `Refused` with them, and raising rolls its transaction back.
`web` maps every error to a page or to an RFC 9457 problem, in one place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence for people: an English msgid with its parameters, translated when it is shown.

    >>> str(Text("{free} places left", {"free": 3}))
    '3 places left'
    """

    msgid: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.msgid.format_map(self.params) if self.params else self.msgid


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reason why not: a stable code for programs, a sentence for people, the field it is about."""

    code: str
    text: Text
    field: str | None = None


class ParvisError(Exception):
    """Anything the platform says no with. `status` is the HTTP status, `code` is stable for programs."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "error"
    title: ClassVar[Text] = Text("Something went wrong on our side.")

    def __init__(self, detail: Text | str | None = None) -> None:
        self.detail = Text(detail) if isinstance(detail, str) else detail
        super().__init__(str(self.detail or self.title))


class Refused(ParvisError):
    """An action was refused, for one or more reasons that a person can do something about."""

    status = 409
    code = "refused"
    title = Text("This could not be done.")

    def __init__(self, refusals: Iterable[Refusal] | Refusal) -> None:
        self.refusals = (refusals,) if isinstance(refusals, Refusal) else tuple(refusals)
        super().__init__(self.refusals[0].text)


class Invalid(Refused):
    """What was sent cannot be understood, or breaks a rule of its field."""

    status = 422
    code = "invalid"
    title = Text("Please check what you entered.")


class NotFound(ParvisError):
    """There is no such thing, or not for this person: the two are not told apart."""

    status = 404
    code = "not-found"
    title = Text("This page does not exist, or no longer does.")


class NotSignedIn(ParvisError):
    """The route needs somebody signed in; a page leads to the sign-in, the API answers 401."""

    status = 401
    code = "not-signed-in"
    title = Text("Please sign in first.")


class Forbidden(ParvisError):
    """Signed in, but without the right."""

    status = 403
    code = "forbidden"
    title = Text("Your account does not have this right.")


class Conflict(ParvisError):
    """What is asked for contradicts what is there."""

    status = 409
    code = "conflict"
    title = Text("Something changed in the meantime.")


class TooMany(ParvisError):
    """A limit was reached; `retry_after` is in seconds."""

    status = 429
    code = "too-many"
    title = Text("Too many attempts. Please wait a little.")

    def __init__(self, detail: Text | str | None = None, retry_after: int = 60) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class Unavailable(ParvisError):
    """A component the request needs does not answer; trying again later is right."""

    status = 503
    code = "unavailable"
    title = Text("The service is not available for a moment.")


class ConfigurationError(ParvisError):
    """The operator has to mend something; a command prints it in one line and exits 1."""

    code = "configuration"
    title = Text("The configuration has to be mended.")
