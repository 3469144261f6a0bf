"""A resident's journey: `finding` an hour, `holding` it while a form is filled in, `visiting` later, its `people`."""

from litestar import Router

from parvis_idcard.routes import finding, holding, people, visiting

ROUTER = Router(
    "/",
    route_handlers=[*finding.HANDLERS, *holding.HANDLERS, *visiting.HANDLERS, *people.HANDLERS],
    exception_handlers={holding.Elsewhere: holding.go_there},
)
