"""A resident's journey: `linking` to it, `finding` an hour, `holding` it, its `details`, `confirming` it, `visiting`
later, its `people`; and an agent's `counter`."""

from litestar import Router

from parvis_idcard.routes import confirming, counter, details, finding, holding, linking, people, visiting

COUNTER_PAGES = counter.ROUTER
ROUTER = Router(
    "/",
    route_handlers=[
        *finding.HANDLERS,
        *linking.HANDLERS,
        *holding.HANDLERS,
        *details.HANDLERS,
        *confirming.HANDLERS,
        *visiting.HANDLERS,
        *people.HANDLERS,
    ],
    exception_handlers={holding.Elsewhere: holding.go_there},
)
