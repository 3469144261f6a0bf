"""The pages of a resident's journey: `finding` an hour, `holding` it while a form is filled in, `visiting` later."""

from litestar import Router

from parvis_idcard.routes import finding, holding, visiting

ROUTER = Router(
    "/",
    route_handlers=[*finding.HANDLERS, *holding.HANDLERS, *visiting.HANDLERS],
    exception_handlers={holding.Elsewhere: holding.go_there},
)
