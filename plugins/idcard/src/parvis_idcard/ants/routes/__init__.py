"""What is answered over HTTP: the three paths the `national` search calls, residents' pages, and the agents' list."""

from litestar import Router

from parvis.errors import NotSignedIn
from parvis_idcard.ants.routes import checking, declarations, managing, mending, national, opening
from parvis_idcard.ants.rules import BadParameter

NATIONAL = Router(
    "/",
    route_handlers=list(national.HANDLERS),
    exception_handlers={NotSignedIn: national.wrong_token, BadParameter: national.bad_parameter},
)
PAGES = Router("/", route_handlers=[*managing.HANDLERS, *opening.HANDLERS, *checking.HANDLERS, *mending.HANDLERS])
OFFICE = Router("/", route_handlers=list(declarations.HANDLERS))
