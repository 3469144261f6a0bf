from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "payments_0002_ledger"
VERSION = "1.38.0"
DESCRIPTION = "Tills, their double-entry books, receipts and closings"


async def forwards() -> MigrationManager:
    return statements(
        "payments",
        ID,
        """
        CREATE TABLE parvis.till (
            id uuid PRIMARY KEY,
            emitter uuid NOT NULL REFERENCES parvis.emitter ON DELETE RESTRICT,
            slug varchar(60) NOT NULL,
            name varchar(200) NOT NULL,
            kind varchar(8) NOT NULL CHECK (kind IN ('regie', 'mandate', 'own')),
            alone_up_to bigint NOT NULL DEFAULT 0 CHECK (alone_up_to >= 0),
            UNIQUE (emitter, slug)
        );

        -- The books' last entry and day. Its row lock makes entries of one till wait for one another, so that their
        -- numbers have no gap and the balances no lost update.
        CREATE TABLE parvis.ledger_head (
            till uuid PRIMARY KEY REFERENCES parvis.till ON DELETE RESTRICT,
            entries bigint NOT NULL DEFAULT 0,
            last_day date NOT NULL DEFAULT '2000-01-01',
            closed_through date
        ) WITH (fillfactor = 50);
        CREATE TABLE parvis.ledger_entry (
            id uuid PRIMARY KEY,
            till uuid NOT NULL REFERENCES parvis.till ON DELETE RESTRICT,
            number bigint NOT NULL CHECK (number > 0),
            day date NOT NULL,
            at timestamptz NOT NULL,
            kind varchar(20) NOT NULL,
            source uuid NOT NULL,
            lines smallint NOT NULL CHECK (lines >= 2),
            UNIQUE (till, number),
            UNIQUE (till, kind, source)
        );
        CREATE TABLE parvis.ledger_line (
            entry uuid NOT NULL REFERENCES parvis.ledger_entry ON DELETE RESTRICT,
            n smallint NOT NULL,
            account varchar(60) NOT NULL CHECK (account ~ '^(receivable|vat|bank|cash|paid_over|fees|refund_due|credit'
                '|disputed|suspense|rounding|(revenue|clearing):[a-z0-9._-]{1,50})$'),
            cents bigint NOT NULL CHECK (cents <> 0),
            PRIMARY KEY (entry, n)
        );
        CREATE TABLE parvis.ledger_balance (
            till uuid NOT NULL REFERENCES parvis.till ON DELETE RESTRICT,
            account varchar(60) NOT NULL,
            debit bigint NOT NULL CHECK (debit >= 0),
            credit bigint NOT NULL CHECK (credit >= 0),
            PRIMARY KEY (till, account)
        ) WITH (fillfactor = 50);
        CREATE TABLE parvis.receipt_counter (
            till uuid NOT NULL REFERENCES parvis.till ON DELETE RESTRICT,
            year smallint NOT NULL,
            last integer NOT NULL,
            PRIMARY KEY (till, year)
        ) WITH (fillfactor = 50);
        CREATE TABLE parvis.receipt (
            id uuid PRIMARY KEY,
            till uuid NOT NULL REFERENCES parvis.till ON DELETE RESTRICT,
            year smallint NOT NULL,
            number integer NOT NULL CHECK (number > 0),
            source uuid NOT NULL UNIQUE,
            cents bigint NOT NULL CHECK (cents > 0),
            at timestamptz NOT NULL,
            UNIQUE (till, year, number)
        );
        CREATE TABLE parvis.till_closing (
            id uuid PRIMARY KEY,
            till uuid NOT NULL REFERENCES parvis.till ON DELETE RESTRICT,
            number integer NOT NULL CHECK (number > 0),
            day date NOT NULL,
            at timestamptz NOT NULL,
            person uuid,
            first_entry bigint NOT NULL,
            last_entry bigint NOT NULL CHECK (last_entry >= first_entry - 1),
            totals jsonb NOT NULL,
            digest bytea NOT NULL,
            UNIQUE (till, number),
            UNIQUE (till, day)
        );

        -- An entry whose lines do not sum to zero, or are not as many as it says, is refused when its transaction ends.
        -- Lines are looked at with all their statement's, so that none is added to an entry later.
        CREATE FUNCTION parvis.ledger_refuse(wrong uuid) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog AS
        $$
        BEGIN
            RAISE EXCEPTION 'the lines of entry % do not balance', wrong
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'ledger_balanced';
        END
        $$;
        CREATE FUNCTION parvis.ledger_check_entry() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS
        $$
        BEGIN
            PERFORM FROM parvis.ledger_line l WHERE l.entry = NEW.id HAVING sum(l.cents) = 0 AND count(*) = NEW.lines;
            IF NOT FOUND THEN
                PERFORM parvis.ledger_refuse(NEW.id);
            END IF;
            RETURN NULL;
        END
        $$;
        CREATE FUNCTION parvis.ledger_check_lines() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS
        $$
        BEGIN
            PERFORM parvis.ledger_refuse(e.id) FROM parvis.ledger_entry e JOIN parvis.ledger_line l ON l.entry = e.id
                WHERE e.id IN (SELECT entry FROM added)
                GROUP BY e.id HAVING sum(l.cents) <> 0 OR count(*) <> e.lines;
            RETURN NULL;
        END
        $$;
        CREATE CONSTRAINT TRIGGER ledger_entry_balanced AFTER INSERT ON parvis.ledger_entry
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION parvis.ledger_check_entry();
        CREATE TRIGGER ledger_line_balanced AFTER INSERT ON parvis.ledger_line
            REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION parvis.ledger_check_lines();

        -- Nobody rewrites the books, their owner neither: a mistake is corrected by another entry.
        CREATE FUNCTION parvis.refuse_rewriting() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS
        $$
        BEGIN
            RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
        END
        $$;
        CREATE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON parvis.ledger_entry
            FOR EACH STATEMENT EXECUTE FUNCTION parvis.refuse_rewriting();
        CREATE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON parvis.ledger_line
            FOR EACH STATEMENT EXECUTE FUNCTION parvis.refuse_rewriting();
        CREATE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON parvis.receipt
            FOR EACH STATEMENT EXECUTE FUNCTION parvis.refuse_rewriting();
        CREATE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON parvis.till_closing
            FOR EACH STATEMENT EXECUTE FUNCTION parvis.refuse_rewriting();

        -- The one writer of the books: its entry's number, or NULL if the fact (kind and source) is entered already.
        -- The day is never before that of the last entry, nor one that is closed.
        CREATE FUNCTION parvis.post_entry(
            entry uuid, of_till uuid, of_kind varchar, of_source uuid, on_day date, happened timestamptz,
            accounts varchar[], amounts bigint[]
        ) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
        $$
        DECLARE
            head parvis.ledger_head;
        BEGIN
            UPDATE parvis.ledger_head SET entries = entries + 1,
                last_day = greatest(last_day, on_day, closed_through + 1)
                WHERE till = of_till RETURNING * INTO head;
            IF NOT FOUND THEN
                RAISE EXCEPTION 'there is no till %', of_till USING ERRCODE = 'foreign_key_violation';
            END IF;
            INSERT INTO parvis.ledger_entry (id, till, number, day, at, kind, source, lines)
                VALUES (entry, of_till, head.entries, head.last_day, happened, of_kind, of_source, cardinality(amounts))
                ON CONFLICT (till, kind, source) DO NOTHING;
            IF NOT FOUND THEN
                UPDATE parvis.ledger_head SET entries = entries - 1 WHERE till = of_till;
                RETURN NULL;
            END IF;
            INSERT INTO parvis.ledger_line (entry, n, account, cents)
                SELECT entry, line.n, line.account, line.cents
                FROM unnest(accounts, amounts) WITH ORDINALITY AS line (account, cents, n);
            INSERT INTO parvis.ledger_balance AS kept (till, account, debit, credit)
                SELECT of_till, line.account, sum(greatest(line.cents, 0)), sum(greatest(-line.cents, 0))
                FROM unnest(accounts, amounts) AS line (account, cents) GROUP BY line.account ORDER BY line.account
                ON CONFLICT (till, account) DO UPDATE
                SET debit = kept.debit + excluded.debit, credit = kept.credit + excluded.credit;
            RETURN head.entries;
        END
        $$;

        -- Close a till's days up to one, under the lock that entries wait for; the last entry of those days, or NULL if
        -- they are closed already.
        CREATE FUNCTION parvis.close_books(of_till uuid, through date) RETURNS bigint
            LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
        $$
        BEGIN
            UPDATE parvis.ledger_head SET closed_through = through
                WHERE till = of_till AND coalesce(closed_through < through, true);
            IF NOT FOUND THEN
                RETURN NULL;
            END IF;
            RETURN (SELECT coalesce(max(number), 0) FROM parvis.ledger_entry WHERE till = of_till AND day <= through);
        END
        $$;
        CREATE FUNCTION parvis.open_books(of_till uuid) RETURNS void
            LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS
        $$
            INSERT INTO parvis.ledger_head (till) VALUES (of_till) ON CONFLICT DO NOTHING
        $$;
        CREATE INDEX ledger_entry_day ON parvis.ledger_entry (till, day);

        COMMENT ON TABLE parvis.ledger_head IS 'append-only by a function: the serving role may only read';
        COMMENT ON TABLE parvis.ledger_entry IS 'append-only by a function: the serving role may only read';
        COMMENT ON TABLE parvis.ledger_line IS 'append-only by a function: the serving role may only read';
        COMMENT ON TABLE parvis.ledger_balance IS 'append-only by a function: the serving role may only read';
        COMMENT ON TABLE parvis.receipt IS 'append-only: the serving role may read and add';
        COMMENT ON TABLE parvis.till_closing IS 'append-only: the serving role may read and add';
        """,
    )
