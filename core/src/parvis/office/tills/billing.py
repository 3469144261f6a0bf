"""Bills: an agent asks somebody for an amount, by the reference of a request or by an address."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.audit import actions as audit
from parvis.contract.values import Channel
from parvis.db import InvalidReference, new_id, read_reference, transaction
from parvis.dossiers import reading
from parvis.errors import Conflict, Invalid, NotFound, Refusal, Refused, Text
from parvis.identity import guards
from parvis.identity.actors import Actor
from parvis.identity.contacts import Contact
from parvis.office.permissions import BILL
from parvis.office.tariffs import asking
from parvis.office.tills.daily import paper as pdf
from parvis.office.tills.looking import may_take
from parvis.payments import dues, money
from parvis.payments.books import ledger
from parvis.payments.books.ledger import Till
from parvis.payments.counter.counting import product
from parvis.payments.credits import using
from parvis.payments.intents import Charge
from parvis.payments.invoices import bills, invoicing, issuing, repeating, splitting
from parvis.payments.invoices.bills import BillTo
from parvis.payments.invoices.issuing import Invoice
from parvis.payments.tariffs import catalogue
from parvis.payments.tariffs.catalogue import Tariff
from parvis.payments.tariffs.quotes import Quote
from parvis.territory import queries as territory
from parvis.territory.queries import EmitterInfo
from parvis.web import fields, forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
_SEE = guards.page(guards.staff(BILL), "agent", "manager")
_WRITE = guards.page(guards.staff(BILL), "agent", "manager", status_code=200)
_DAYS = timedelta(days=30)
_MOST_OF = 9_999
_VAT = {"0": 0, "210": 210, "550": 550, "1000": 1000, "2000": 2000}
_TO = Text("Write the reference of a request, or an e-mail address.")
_UNSEEN = Text("Look at the price, and write the bill if it is right.")
_SENT = Text("What you have changed since is not written yet: write it as a second bill, or go back to the bills.")
_NO_REQUEST = Text("No request of yours has this reference.")
_NO_ACTIVITY = Text("Write the activity, such as “canteen”.")
_NO_AMOUNT = Text("Write the amount, such as 12,50.")
_TOO_MUCH = Text("This comes to more than a bill can be about.")
_NO_CONTACT = Text("This request has no contact: write an e-mail address instead.")


class Bill(msgspec.Struct, frozen=True, kw_only=True):
    """A bill as it is typed."""

    till: Annotated[str, fields.Missing(Text("Choose a till."))]
    label: Annotated[fields.Line, fields.Missing(Text("Write what it is for."))]
    activity: fields.Line = ""
    # The price of one, and how many it is for.
    cents: fields.Line = ""
    quantity: Annotated[int, msgspec.Meta(ge=1, le=_MOST_OF)] = 1
    vat: Literal["0", "210", "550", "1000", "2000"] = "0"
    reference: fields.Line = ""
    mail: fields.Email | None = None
    # Whom the invoice is made out to, and when what it is for was, or is, done.
    buyer: Annotated[str, fields.Reader(fields.words), msgspec.Meta(max_length=300)] = ""
    served: Annotated[fields.Line, msgspec.Meta(max_length=100)] = ""
    last_day: Annotated[date, fields.Missing(Text("Choose the last day to pay."))]
    # In how many parts, a month apart, the first of them until the last day above.
    parts: Annotated[int, msgspec.Meta(ge=1, le=splitting.MOST_PARTS)] = 1
    language: Literal["fr", "de", "en"] = "fr"
    # Whether what they have in credit at this till is deducted.
    credit: bool = False
    # The tariff that gives the price, and the price that was shown.
    tariff: str = ""
    seen: Annotated[int, msgspec.Meta(ge=-1)] = -1
    # Of the page the form was on: sent again, by a second click or after going back, it is the same bill.
    once: UUID | None = None


@get("/office/{emitter:str}/bills", **_SEE)
async def listed(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """The bills written here, the latest first."""
    own = await territory.emitter_by_slug(emitter)
    return await bills_page(request, own, forms.blank())


@get("/office/{emitter:str}/bills/new", **_SEE)
async def ask(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """For what, of whom?"""
    own = await territory.emitter_by_slug(emitter)
    known = {"reference": request.query_params.get("reference"), "last_day": ledger.today() + _DAYS}
    known |= {"vat": "0", "quantity": 1}
    if tariff := await asking.chosen(own.id, request.query_params.get("tariff", "")):
        known |= {"tariff": tariff.activity, "label": tariff.title, "for_day": ledger.today()}
    return await _form(request, own, forms.blank(language="fr", credit="yes", **known))


@post("/office/{emitter:str}/bills/new", **_WRITE)
async def write(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """Write it; the payer is told."""
    own, form = await territory.emitter_by_slug(emitter), await forms.read(request, Bill)
    actor = guards.actor_of(request)
    tariff = await asking.chosen(own.id, form.text("tariff"))
    try:
        quote = asking.quoted(tariff, form, asking.day_of(form, ledger.today())) if tariff else None
    except (Invalid, Refused) as refused:
        return await _form(request, own, form.refused(refused.refusals))
    if again := _again(form, quote):
        return await _form(request, own, again, quote)
    typed = form.value
    try:
        charge = await _charge(own, typed, quote, tariff)
        to = await _whom(own, typed.reference, typed.mail, typed.language, actor)
        async with transaction():
            new = typed.once is None or await repeating.is_first(typed.once)
            if new:
                await _written(own, form, charge, to, actor)
    except (Invalid, Refused) as refused:
        return await _form(request, own, form.refused(refused.refusals), quote)
    except Conflict as conflict:
        return await _form(request, own, form.refused([Refusal(conflict.code, _UNSEEN)]))
    if typed.once and not new and (before := await repeating.first(typed.once, form.raw)).differs:
        return await _sent_again(request, own, form, before.basket, quote)
    return pages.see_other(f"/office/{emitter}/bills?told=written")


@get("/office/{emitter:str}/bills/invoices/{invoice:uuid}", **_SEE)
async def paper(request: _AnyRequest, emitter: FromPath[str], invoice: FromPath[UUID]) -> Response[bytes]:
    """An invoice or a credit note, as the payer has it; who took it is noted, for it names them."""
    own, found = await territory.emitter_by_slug(emitter), await issuing.invoice(invoice)
    if (await ledger.till_by_id(found.till)).emitter != own.id:
        raise NotFound
    async with transaction():
        await audit.trace(guards.actor_of(request), "take-invoice", "basket", found.basket, emitter=own.id)
    return pdf(await invoicing.paper(found), invoicing.file_name(found))


async def _written(own: EmitterInfo, form: Form[Bill], charge: Charge, to: BillTo, actor: Actor) -> None:
    """Write the bill, in the caller's transaction. Raises Invalid, Refused."""
    typed, by = form.value, actor.person or own.id
    whom = replace(to, buyer=typed.buyer)
    intent, *_ = await bills.write(
        [charge], whom, typed.last_day, by, typed.parts, use_credit=typed.credit, served=typed.served
    )
    if typed.once:
        await repeating.note(typed.once, intent.basket, form.raw)
    await audit.trace(actor, "write-bill", "basket", intent.basket, emitter=own.id, cents=charge.cents)


async def _sent_again(
    request: _AnyRequest, own: EmitterInfo, form: Form[Any], basket: UUID, quote: Quote | None
) -> Response[Any]:
    """What the form wrote when it came first, and what it says now, to be written as another bill or not."""
    papers = await issuing.invoices_of([basket])
    if {due.emitter for due in await dues.dues_in(basket)} != {own.id}:
        raise NotFound
    other = replace(form, raw={name: typed for name, typed in form.raw.items() if name != "once"})
    return await _form(request, own, other.refused([Refusal("bill-sent", _SENT)]), quote, papers[0])


def _again(form: Form[Any], quote: Quote | None) -> Form[Any] | None:
    """The form as it is shown once more: to see the price, to mend something; None where the bill can be written."""
    if quote is None:
        needed = {"activity": _NO_ACTIVITY, "cents": _NO_AMOUNT}
        missing = [Refusal("missing", text, name) for name, text in needed.items() if not form.text(name).strip()]
        return form.refused(missing) if missing or form.errors else None
    if form.text("step") == "price":
        return replace(form, errors={})
    if not form.errors and form.value.seen != quote.price.cents:
        return form.refused([Refusal("price-unseen", _UNSEEN)])
    return form if form.errors else None


async def _charge(own: EmitterInfo, typed: Bill, quote: Quote | None, tariff: Tariff | None) -> Charge:
    """The bill's line: what the tariff says, or the amount that was typed. Raises Invalid."""
    till = await _till(own, typed.till)
    if quote and tariff:
        return Charge.quoted(quote, till.id, typed.label, product(tariff.activity))
    cents = money.read_cents(typed.cents, "cents") * typed.quantity
    if cents > money.MOST:
        raise Invalid(Refusal("bill-most", _TOO_MUCH, "quantity"))
    return Charge(till.id, typed.label, product(typed.activity), cents, _VAT[typed.vat], quantity=typed.quantity)


async def _till(own: EmitterInfo, typed: str) -> Till:
    for till in await ledger.tills_of(own.id):
        if str(till.id) == typed:
            return till
    raise Invalid(Refusal("till", Text("Choose a till."), "till"))


async def _whom(own: EmitterInfo, reference: str, mail: str | None, language: str, actor: Actor) -> BillTo:
    """Whom it goes to. Raises Invalid."""
    if not reference:
        if mail is None:
            raise Invalid(Refusal("bill-to", _TO, "reference"))
        return BillTo(contact=Contact(Channel.MAIL, mail), language=language)
    try:
        found = await reading.by_reference(read_reference(reference), actor, own.id)
    except (InvalidReference, NotFound) as error:
        raise Invalid(Refusal("bill-to", _NO_REQUEST, "reference")) from error
    contact = Contact(Channel.MAIL, mail) if mail else found.contact
    if contact is None:
        raise Invalid(Refusal("bill-contact", _NO_CONTACT, "mail"))
    return BillTo(contact=contact, language=found.language, person=found.person, dossier=found.id)


async def _in_credit(own: EmitterInfo, form: Form[Any], actor: Actor) -> int:
    """What whoever is to pay has in credit at the till, as far as the form says who and where (cents); it is noted."""
    if not form.text("till") or not (form.text("mail") or form.text("reference")):
        return 0
    try:
        mail, till = fields.email(form.text("mail")), await _till(own, form.text("till"))
        typed = None if isinstance(mail, Text) else mail
        to = await _whom(own, form.text("reference"), typed, form.text("language"), actor)
    except Invalid:
        return 0
    found = await using.credits_of(till.id, to.contact, to.person)
    async with transaction():
        for basket in sorted({credit.basket for credit in found}):
            await audit.trace(actor, "see-credit", "basket", basket, emitter=own.id)
    return sum(credit.left for credit in found)


async def bills_page(request: _AnyRequest, own: EmitterInfo, form: Form[Any]) -> Response[Any]:
    """The bills written here, the latest first, and why something was refused."""
    tills = await ledger.tills_of(own.id)
    found = [due for till in tills for due in await dues.dues_at(till.id, bills.PURPOSE)]
    papers = await issuing.invoices_of([due.basket for due in found])
    return pages.render(
        request,
        "office/tills/bills.html",
        status=409 if form.errors else 200,
        base=f"/office/{own.slug}/bills",
        tills=tills,
        takes=may_take(guards.actor_of(request), own.slug),
        counter=f"/office/{own.slug}/counter",
        bills=sorted(found, key=lambda due: due.created, reverse=True),
        invoices={due.intent: issuing.about(papers, due) for due in found},
        plans=Counter((due.basket, due.till) for due in found if due.payable or due.state == "expired"),
        form=form,
        told=request.query_params.get("told", ""),
    )


async def _form(
    request: _AnyRequest,
    own: EmitterInfo,
    form: Form[Any],
    quote: Quote | None = None,
    written: Invoice | None = None,
) -> Response[Any]:
    tariff, tills = await asking.chosen(own.id, form.text("tariff")), await ledger.tills_of(own.id)
    grid = tariff and asking.grid_of(tariff, form, ledger.today())
    return pages.render(
        request,
        "office/tills/bill.html",
        status=422 if form.errors else 200,
        base=f"/office/{own.slug}/bills",
        tariffs=[(one.activity, one.title) for one in await catalogue.tariffs_of(own.id) if one.grids],
        tariff=tariff,
        grid=grid,
        questions=asking.questions(grid) if grid else [],
        answer=asking.answer(quote.grid, quote.price) if quote else None,
        tills=tills,
        most=max([(await splitting.rule_of(till.id)).most for till in tills], default=1),
        form=form,
        credit=await _in_credit(own, form, guards.actor_of(request)),
        first=ledger.today(),
        once=form.text("once") or new_id(),
        written=written,
    )


HANDLERS = (listed, ask, write, paper)
