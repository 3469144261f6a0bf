"""What entering a fact and settling a payment read and write, as by hand: scripts for pgbench, unchecked."""

from __future__ import annotations

# pgbench takes what follows a colon for a variable, also inside a text: accounts have other names than ours.
RAW = """
CREATE TABLE public.raw_head (till int PRIMARY KEY, entries bigint NOT NULL) WITH (fillfactor = 50);
CREATE TABLE public.raw_entry (LIKE parvis.ledger_entry INCLUDING ALL);
CREATE TABLE public.raw_line (LIKE parvis.ledger_line INCLUDING ALL);
CREATE TABLE public.raw_balance (LIKE parvis.ledger_balance INCLUDING ALL) WITH (fillfactor = 50);
INSERT INTO public.raw_head SELECT n, 0 FROM generate_series(0, 999) n;
CREATE TABLE public.raw_due (n int PRIMARY KEY, till uuid NOT NULL, cents bigint NOT NULL, state text NOT NULL);
INSERT INTO public.raw_due SELECT n, gen_random_uuid(), 2500, 'pending' FROM generate_series(0, 99999) n;
CREATE TABLE public.raw_attempt (due int PRIMARY KEY, ref text NOT NULL UNIQUE, state text NOT NULL);
INSERT INTO public.raw_attempt SELECT n, 'ref-' || n, 'live' FROM generate_series(0, 99999) n;
CREATE TABLE public.raw_charge
    (due int NOT NULL, revenue text NOT NULL, cents bigint NOT NULL, vat_bp smallint NOT NULL);
INSERT INTO public.raw_charge SELECT n, 'pools', 1000, 0 FROM generate_series(0, 99999) n;
INSERT INTO public.raw_charge SELECT n, 'canteen', 1500, 550 FROM generate_series(0, 99999) n;
CREATE INDEX ON public.raw_charge (due);
CREATE TABLE public.raw_capture (id uuid PRIMARY KEY, ref text NOT NULL, due int NOT NULL, cents bigint NOT NULL,
    at timestamptz NOT NULL, day date NOT NULL);
CREATE INDEX ON public.raw_capture (ref);
CREATE INDEX ON public.raw_capture (due);
CREATE INDEX ON public.raw_capture (day);
CREATE TABLE public.raw_receipt_counter (till int PRIMARY KEY, last int NOT NULL) WITH (fillfactor = 50);
INSERT INTO public.raw_receipt_counter SELECT n, 0 FROM generate_series(0, 999) n;
CREATE TABLE public.raw_receipt (LIKE parvis.receipt INCLUDING ALL);
CREATE TABLE public.raw_event (LIKE parvis.event INCLUDING ALL);
"""
_ENTRY = """
UPDATE public.raw_head SET entries = entries + 1 WHERE till = :t RETURNING entries AS number,
    ('a0000000-0000-0000-0000-' || lpad(till::text, 12, '0')) AS till, uuidv7() AS entry \\gset
INSERT INTO public.raw_entry (id, till, number, day, at, kind, source, lines)
    VALUES (:entry::uuid, :till::uuid, :number::bigint, '2027-01-04', '2027-01-04', 'charge', uuidv7(), {count});
INSERT INTO public.raw_line VALUES {lines};
INSERT INTO public.raw_balance AS kept VALUES {balances}
    ON CONFLICT (till, account) DO UPDATE
    SET debit = kept.debit + excluded.debit, credit = kept.credit + excluded.credit;
"""
_SALE = (("receivable", 2500), ("bank", -1000), ("fees", -1100), ("vat", -400))
_CAPTURE = (("cash", 2500), ("receivable", -2500))


def entering(tills: int) -> str:
    """One fact of four lines at one of some tills, at most 1,000."""
    return f"\\set t random(0, {tills - 1})\nBEGIN;{_entry(_SALE)}COMMIT;\n"


def settling(tills: int) -> str:
    """One payment settled: its amount locked, its money, what it sold, two entries, a receipt, a fact for others."""
    return (
        f"\\set i :i + 1\n\\set n (:i * 16 + :client_id + :seed * 7919) % 100000\n\\set t :n % {tills}\nBEGIN;"
        f"{_FOUND}{_entry(_SALE)}{_entry(_CAPTURE)}{_GIVEN}COMMIT;\n"
    )


_FOUND = """
SELECT due FROM public.raw_attempt WHERE ref = 'ref-' || :n::int;
SELECT cents, state FROM public.raw_due WHERE n = :n FOR NO KEY UPDATE;
SELECT id FROM public.raw_capture WHERE ref = 'ref-' || :n::int;
INSERT INTO public.raw_capture VALUES (uuidv7(), 'ref-' || :n::int, :n, 2500, '2027-01-04', '2027-01-04');
UPDATE public.raw_attempt SET state = 'paid' WHERE due = :n;
UPDATE public.raw_due SET state = 'paid' WHERE n = :n;
SELECT revenue, cents, vat_bp FROM public.raw_charge WHERE due = :n;
"""
_GIVEN = """
UPDATE public.raw_receipt_counter SET last = last + 1 WHERE till = :t RETURNING last \\gset
INSERT INTO public.raw_receipt (id, till, year, number, source, cents, at)
    VALUES (uuidv7(), :till::uuid, 2027, :last::int, uuidv7(), 2500, '2027-01-04');
INSERT INTO public.raw_event (id, type, payload, recorded) VALUES (uuidv7(), 'payment.settled', '{}', '2027-01-04');
"""


def _entry(lines: tuple[tuple[str, int], ...]) -> str:
    rows = (f"(:entry::uuid, {n}, '{account}', {cents})" for n, (account, cents) in enumerate(lines, start=1))
    sums = (f"(:till::uuid, '{name}', {max(cents, 0)}, {max(-cents, 0)})" for name, cents in sorted(lines))
    return _ENTRY.format(count=len(lines), lines=", ".join(rows), balances=", ".join(sums))
