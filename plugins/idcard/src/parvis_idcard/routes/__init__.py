"""A resident's journey: `finding` an hour, `holding` it, `visiting` later, its `people`; and an agent's `counter`."""

from litestar import Router

from parvis_idcard.routes import counter, finding, holding, people, visiting

COUNTER_PAGES = counter.ROUTER
ROUTER = Router(
    "/",
    route_handlers=[*finding.HANDLERS, *holding.HANDLERS, *visiting.HANDLERS, *people.HANDLERS],
    exception_handlers={holding.Elsewhere: holding.go_there},
)
