from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "calendars_0001_tables"
VERSION = "1.38.0"
DESCRIPTION = "Calendars, desks, opening rules, desk days, bookings, change feed"


async def forwards() -> MigrationManager:
    return statements(
        "calendars",
        ID,
        """
        CREATE EXTENSION IF NOT EXISTS btree_gist;
        CREATE TABLE parvis.calendar (
            id uuid PRIMARY KEY,
            place uuid NOT NULL REFERENCES parvis.place ON DELETE RESTRICT,
            service varchar(40) NOT NULL,
            zone varchar(40) NOT NULL,
            active boolean NOT NULL DEFAULT true,
            horizon_days smallint NOT NULL DEFAULT 90 CHECK (horizon_days BETWEEN 0 AND 400),
            opens_weekday smallint CHECK (opens_weekday BETWEEN 1 AND 7),
            opens_at time NOT NULL DEFAULT '00:00',
            public_holidays varchar(20) NOT NULL DEFAULT 'Alsace-Moselle',
            school_zone varchar(10) NOT NULL DEFAULT 'Zone B',
            counter_percent smallint NOT NULL DEFAULT 0 CHECK (counter_percent BETWEEN 0 AND 100),
            counter_days smallint NOT NULL DEFAULT 0 CHECK (counter_days BETWEEN 0 AND 400),
            UNIQUE (place, service)
        );
        CREATE INDEX calendar_service ON parvis.calendar (service);
        CREATE INDEX place_point ON parvis.place USING gist (point(longitude, latitude));
        CREATE TABLE parvis.calendar_kind (
            id uuid PRIMARY KEY,
            calendar uuid NOT NULL REFERENCES parvis.calendar ON DELETE CASCADE,
            kind varchar(40) NOT NULL,
            minutes_first smallint NOT NULL CHECK (minutes_first BETWEEN 1 AND 600),
            minutes_further smallint NOT NULL CHECK (minutes_further BETWEEN 0 AND 600),
            step_minutes smallint NOT NULL CHECK (step_minutes BETWEEN 5 AND 600 AND step_minutes % 5 = 0),
            people_max smallint NOT NULL DEFAULT 8 CHECK (people_max BETWEEN 1 AND 50),
            online boolean NOT NULL DEFAULT true,
            UNIQUE (calendar, kind)
        );
        CREATE TABLE parvis.desk (
            id uuid PRIMARY KEY,
            calendar uuid NOT NULL REFERENCES parvis.calendar ON DELETE RESTRICT,
            name varchar(60) NOT NULL,
            kinds varchar(40)[] NOT NULL DEFAULT '{}',
            active boolean NOT NULL DEFAULT true,
            UNIQUE (calendar, name)
        );
        CREATE TABLE parvis.opening_rule (
            id uuid PRIMARY KEY,
            desk uuid NOT NULL REFERENCES parvis.desk ON DELETE CASCADE,
            weekday smallint NOT NULL CHECK (weekday BETWEEN 1 AND 7),
            opens time NOT NULL,
            closes time NOT NULL CHECK (closes > opens),
            valid_from date,
            valid_until date CHECK (valid_until >= valid_from),
            season varchar(8) NOT NULL DEFAULT 'always' CHECK (season IN ('always', 'term', 'holidays')),
            counter boolean NOT NULL DEFAULT false
        );
        CREATE INDEX opening_rule_desk ON parvis.opening_rule (desk);
        CREATE TABLE parvis.opening_exception (
            id uuid PRIMARY KEY,
            calendar uuid NOT NULL REFERENCES parvis.calendar ON DELETE CASCADE,
            desks uuid[] NOT NULL DEFAULT '{}',
            sort varchar(8) NOT NULL CHECK (sort IN ('closed', 'extra', 'instead')),
            first_day date NOT NULL,
            last_day date NOT NULL CHECK (last_day >= first_day),
            opens time,
            closes time CHECK (closes > opens),
            counter boolean NOT NULL DEFAULT false,
            reason varchar(200) NOT NULL DEFAULT '',
            CHECK ((opens IS NULL) = (closes IS NULL)),
            CHECK (sort = 'closed' OR opens IS NOT NULL)
        );
        CREATE INDEX opening_exception_calendar ON parvis.opening_exception (calendar);

        -- One row a desk and local day. The strings cover the cells from `opens` on; no index but the key, and room
        -- in each page, so that every claim is a heap-only update.
        CREATE TABLE parvis.desk_day (
            desk uuid NOT NULL REFERENCES parvis.desk ON DELETE RESTRICT,
            day date NOT NULL,
            opens smallint NOT NULL CHECK (opens >= 0 AND opens + length(grid) <= 300),
            grid varbit NOT NULL,
            free varbit NOT NULL CHECK ((free | grid) = grid),
            kept varbit CHECK ((kept | grid) = grid),
            PRIMARY KEY (desk, day)
        ) WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.02);

        CREATE TABLE parvis.booking (
            id uuid PRIMARY KEY,
            desk uuid NOT NULL REFERENCES parvis.desk ON DELETE RESTRICT,
            day date NOT NULL,
            cell smallint NOT NULL,
            cells smallint NOT NULL CHECK (cells > 0),
            period tstzrange NOT NULL CHECK (NOT isempty(period)),
            state varchar(10) NOT NULL CHECK (state IN ('held', 'confirmed', 'kept', 'cancelled')),
            kind varchar(40) NOT NULL,
            people smallint NOT NULL CHECK (people > 0),
            hold_until timestamptz,
            extended boolean NOT NULL DEFAULT false,
            sequence smallint NOT NULL DEFAULT 0,
            secret bytea,
            dossier uuid,
            created timestamptz NOT NULL,
            CHECK ((hold_until IS NOT NULL) = (state IN ('held', 'kept'))),
            CONSTRAINT booking_no_overlap
                EXCLUDE USING gist (desk WITH =, period WITH &&) WHERE (state IN ('held', 'confirmed', 'kept'))
        );
        CREATE INDEX booking_hold_until ON parvis.booking (hold_until) WHERE hold_until IS NOT NULL;

        -- The change feed: writers add here, without any index; the sequencer moves rows on in order.
        CREATE TABLE parvis.slot_change_waiting (
            xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
            ord bigint GENERATED ALWAYS AS IDENTITY,
            calendar uuid,
            desk uuid,
            day date,
            CHECK ((calendar IS NULL) = (desk IS NOT NULL AND day IS NOT NULL))
        );
        CREATE TABLE parvis.slot_change (
            number bigint PRIMARY KEY,
            calendar uuid,
            desk uuid,
            day date,
            sequenced timestamptz NOT NULL
        );
        CREATE TABLE parvis.slot_feed (
            id smallint PRIMARY KEY CHECK (id = 1),
            epoch uuid NOT NULL,
            origin varchar(60) NOT NULL,
            last bigint NOT NULL
        );
        INSERT INTO parvis.slot_feed VALUES (1, gen_random_uuid(), '', 0);
        """,
    )
