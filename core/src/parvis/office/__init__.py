"""The back office, in rooms: an emitter's day, requests, opening rules, figures, look, settings, people, plugins,
contracts, calendars lent, places, tills, tariffs, questions of residents; the operator's pages; the second factor for
them."""

from parvis.office import (
    accounts,
    contracts,
    counter,
    day,
    factor,
    figures,
    lending,
    look,
    openings,
    people,
    places,
    plugins,
    questions,
    requests,
    routes,
    settings,
    tariffs,
    tills,
)

HANDLERS = (
    *routes.HANDLERS,
    *day.HANDLERS,
    *openings.HANDLERS,
    *requests.HANDLERS,
    *figures.HANDLERS,
    *look.HANDLERS,
    *settings.HANDLERS,
    *people.HANDLERS,
    *plugins.HANDLERS,
    *questions.HANDLERS,
    *factor.HANDLERS,
    *contracts.HANDLERS,
    *lending.HANDLERS,
    *accounts.HANDLERS,
    *places.HANDLERS,
    *tills.HANDLERS,
    *counter.HANDLERS,
    *tariffs.HANDLERS,
)

__all__ = ["HANDLERS"]
