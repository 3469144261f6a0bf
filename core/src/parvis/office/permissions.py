"""What the back office lets roles do."""

from parvis.contract.values import Permission, Role
from parvis.errors import Text

ENTER = "office.enter"
TODAY = "office.today"
RECEIVE = "office.receive"
SETTLE = "office.settle"
REQUESTS = "office.requests"
FIGURES = "office.figures"
CHANGE = "office.change"
OPENINGS = "office.openings"
CLOSE = "office.close"
RULES = "office.rules"
SETTINGS = "office.settings"
PEOPLE = "office.people"
PLUGINS = "office.plugins"
LOOK = "office.look"
ANSWER = "office.answer"
CONTRACTS = "office.contracts"
LEND = "office.lend"
PLACES = "office.places"
BILL = "office.bill"
TILLS = "office.tills"
KEEP_TILL = "office.keep-till"
GIVE_BACK = "office.give-back"
OPEN_TILL = "office.open-till"
TAKE = "office.take"
TARIFFS = "office.tariffs"
SET_TARIFFS = "office.set-tariffs"

PERMISSIONS = (
    Permission(
        key=ENTER,
        name=Text("Enter the back office"),
        roles=frozenset({Role.READER, Role.AGENT, Role.MANAGER, Role.ACCOUNTANT}),
        fixed=True,
    ),
    Permission(
        key=TODAY,
        name=Text("See the appointments of the day"),
        roles=frozenset({Role.READER, Role.AGENT, Role.MANAGER}),
    ),
    Permission(
        key=RECEIVE,
        name=Text("Receive people: say who came, take in who has no appointment"),
        roles=frozenset({Role.AGENT, Role.MANAGER}),
    ),
    Permission(
        key=REQUESTS,
        name=Text("Find requests, see one"),
        roles=frozenset({Role.READER, Role.AGENT, Role.MANAGER}),
    ),
    Permission(
        key=FIGURES,
        name=Text("See figures"),
        roles=frozenset({Role.READER, Role.AGENT, Role.MANAGER}),
    ),
    Permission(
        key=CHANGE,
        name=Text("Move and cancel appointments"),
        roles=frozenset({Role.AGENT, Role.MANAGER}),
    ),
    Permission(
        key=SETTLE,
        name=Text("Set when the hours of people who do not come are given back"),
        roles=frozenset({Role.MANAGER}),
    ),
    Permission(
        key=OPENINGS,
        name=Text("See kinds, desks and opening rules"),
        roles=frozenset({Role.READER, Role.AGENT, Role.MANAGER}),
    ),
    Permission(
        key=CLOSE,
        name=Text("Close hours, change single days"),
        roles=frozenset({Role.AGENT, Role.MANAGER}),
    ),
    Permission(
        key=RULES,
        name=Text("Change kinds, desks and opening rules"),
        roles=frozenset({Role.MANAGER}),
    ),
    Permission(
        key=SETTINGS,
        name=Text("See and publish settings: texts, reminders, limits, retention"),
        roles=frozenset({Role.MANAGER}),
    ),
    Permission(
        key=PEOPLE,
        name=Text("See and change who may do what"),
        roles=frozenset({Role.MANAGER}),
        fixed=True,
    ),
    Permission(
        key=PLUGINS,
        name=Text("Enable and disable plugins"),
        roles=frozenset({Role.MANAGER}),
        fixed=True,
    ),
    Permission(
        key=LOOK,
        name=Text("Change the look: name, logo, colours, typeface"),
        roles=frozenset({Role.MANAGER}),
    ),
    Permission(
        key=ANSWER,
        name=Text("Answer residents who ask who read their request"),
        roles=frozenset({Role.MANAGER}),
        fixed=True,
    ),
    Permission(
        key=CONTRACTS,
        name=Text("Make contracts; propose, review and suspend services under contract"),
        roles=frozenset({Role.MANAGER}),
    ),
    Permission(
        key=LEND,
        name=Text("Lend calendars to another body, and take them back"),
        roles=frozenset({Role.MANAGER}),
    ),
    Permission(
        key=PLACES,
        name=Text("Bring places and calendars in from a file"),
        roles=frozenset({Role.MANAGER}),
    ),
    Permission(
        key=BILL,
        name=Text("Write bills, take them back"),
        roles=frozenset({Role.AGENT, Role.MANAGER}),
    ),
    Permission(
        key=TILLS,
        name=Text("See tills: the day, journal, receipts, refunds"),
        roles=frozenset({Role.MANAGER, Role.ACCOUNTANT}),
    ),
    Permission(
        key=KEEP_TILL,
        name=Text("Keep tills: close days and differences, ask for refunds"),
        roles=frozenset({Role.ACCOUNTANT}),
    ),
    Permission(
        key=GIVE_BACK,
        name=Text("Approve and reject refunds that somebody else asked for"),
        roles=frozenset({Role.MANAGER, Role.ACCOUNTANT}),
    ),
    Permission(
        key=OPEN_TILL,
        name=Text("Open tills, say where they collect"),
        roles=frozenset({Role.MANAGER}),
    ),
    Permission(
        key=TAKE,
        name=Text("Take money at the counter of a till (never who manages)"),
        roles=frozenset({Role.ACCOUNTANT}),
    ),
    Permission(
        key=TARIFFS,
        name=Text("See tariffs, try what something costs"),
        roles=frozenset({Role.AGENT, Role.MANAGER}),
    ),
    Permission(
        key=SET_TARIFFS,
        name=Text("Write, publish and take back tariffs"),
        roles=frozenset({Role.MANAGER}),
    ),
)
