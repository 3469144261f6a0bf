"""One resident, what they want, and everybody who has a hand in it: each step may be taken at any time.

A step takes a number, which says on which page, refund or debit, or how long; what cannot be done is refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from uuid import UUID

from tests.core.payments.model.bank import CREDITOR, Debits
from tests.core.payments.model.billing import Billing
from tests.core.payments.model.crashes import PROCESS, Crash
from tests.core.payments.model.disputes import Disputes
from tests.core.payments.model.machines import Provider, Worker
from tests.core.payments.model.providers import Card, Public, known
from tests.core.payments.model.resident import MINUTE, PRICE, Payer, Place
from tests.core.payments.model.staff import Staff

from parvis import clock
from parvis.errors import Conflict, ParvisError
from parvis.payments import accounts, intents, purposes
from parvis.payments.debits import creditors
from parvis.testing.payments import Drawer, Shop, a_drawer, a_shop

ALONE = 200
BEGIN = datetime(2027, 3, 2, 9, tzinfo=UTC)


class World(Payer, Provider, Worker, Place, Staff, Billing, Debits, Disputes):
    """Everybody at once. `pages` are the payments whose page somebody has, with what each is for."""

    def __init__(self, shop: Shop, drawer: Drawer, *, bill: bool) -> None:
        self.shop, self.provider, self.drawer, self.bill = shop, shop.provider, drawer, bill
        self.pages: dict[str, UUID] = {}
        self.bills: list[UUID] = []
        self.taken: list[str] = []
        self.late: set[str] = set()
        self.erred: set[str] = set()
        self.free, self.fated, self.crashed = True, 0, False
        self.intent = self.basket = UUID(int=0)
        self.seen: object = None

    async def do(self, step: str, n: int = 0) -> bool:
        """Take a step; whether it was possible."""
        self.taken.append(f"{step}:{n}" if n else step)
        fated, self.fated, self.crashed = self.fated, 0, False
        PROCESS.dies_before(fated)
        try:
            await getattr(self, step)(n)
        except ParvisError:
            return False
        except Crash:
            self.crashed = True
            return False
        finally:
            PROCESS.revived()
        return True

    async def at_once(self, *steps: Coroutine[object, object, None]) -> None:
        """Take steps at the same moment; those that cannot be taken are refused."""
        for answer in await asyncio.gather(*steps, return_exceptions=True):
            if isinstance(answer, BaseException) and not isinstance(answer, ParvisError):
                raise answer

    async def walk(self, steps: str) -> list[bool]:
        """Take steps, each a name and perhaps a number: `open pay wait:3`; which were possible."""
        told = [step.partition(":") for step in steps.split()]
        return [await self.do(name, int(n or 0)) for name, _, n in told]

    async def strictly(self, steps: str) -> None:
        """Take steps that are all possible, but those marked so, which are refused: `open pay! wait:3`."""
        for step in steps.split():
            [done] = await self.walk(step.removesuffix("!"))
            assert done != step.endswith("!"), f"{step} was {'possible' if done else 'refused'}"

    @contextmanager
    def told(self) -> Iterator[None]:
        """Whatever is found to be wrong comes with the steps that led to it, as a walk that can be taken again."""
        try:
            yield
        except AssertionError as wrong:
            wrong.add_note(f'({not self.tells}, {self.bill}, "{" ".join(self.taken)}")')
            raise

    def page(self, n: int) -> str:
        """One of the pages, by number. Raises Conflict where there is none."""
        return chosen(list(self.pages), n)

    def open_page(self, n: int) -> str:
        """One of the pages that may be paid, by number. Raises Conflict where there is none."""
        return chosen(list(filter(self.provider.payable, self.pages)), n)

    @asynccontextmanager
    async def unheard(self):
        """Whatever is asked of the provider is done, and its answer lost."""
        self.provider.answer_lost = True
        try:
            yield
        finally:
            self.provider.answer_lost = False


def chosen(some: Sequence[str], n: int) -> str:
    """One of some, by number. Raises Conflict where there is none."""
    if not some:
        raise Conflict
    return some[n % len(some)]


async def a_world(*, public: bool, bill: bool) -> World:
    """A resident who may pay for a place, or a bill: at a public till, or one whose provider can do everything."""
    clock.move(BEGIN - clock.now())
    shop = await a_shop(provider=Public() if public else Card(), alone_up_to=ALONE)
    if public:
        await accounts.add_account(shop.account, shop.till, "sandbox", "mandate")
    known[shop.account] = shop.provider
    world = World(shop, await a_drawer(shop.till), bill=bill)
    purposes.use({"pools": world.take})
    if bill:
        await creditors.keep(shop.till, CREDITOR)
        await world.a_bill()
    else:
        [due] = await intents.demand(world.charges(PRICE), clock.now() + 60 * MINUTE, purpose="pools")
        world.basket, world.intent = due.basket, due.id
    return world


STEPS = (
    *("open", "open_unheard", "pay", "pay_other", "pay_late", "refuse", "come_back", "change", "cancel"),
    *(
        "notify",
        "notify_at_once",
        "notify_and_cancel",
        "notify_forged",
        "notify_unknown",
        "go_down_or_up",
        "become_illegible",
    ),
    *("poll", "expire", "send", "send_unheard", "ask_again", "reconcile", "wait", "crash"),
    *("find_place", "lose_place", "free_place", "take_cash", "take_cash_back"),
    *("ask_refund", "ask_by_hand", "approve", "approve_own", "reject", "withdraw", "retry", "retry_by_hand"),
    *("pay_by_hand", "refuse_refunds", "bounce"),
    *("write_bill", "write_bills_at_once", "turn", "take_back_plan", "ask_payout"),
    *("give_mandate", "revoke_mandate", "make_batch", "take_file", "send_batch", "drop_batch", "collect"),
    *("reject_debit", "return_debit", "pass_on", "recall", "pay_out"),
    *("dispute", "dispute_unheard", "decide_dispute", "tell_disputes", "bank_took", "err", "undo_error"),
)
