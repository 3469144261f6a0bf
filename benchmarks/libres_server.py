"""libres behind HTTP, in an environment of its own: reserve and approve an allocation, retried when serialized.

python libres_server.py DSN PORT PLACES
"""

import json
import logging
import sys
from datetime import datetime, timedelta

import libres
from libres.modules import errors
from sqlalchemy.exc import DBAPIError
from waitress import serve

FIRST = datetime(2027, 1, 4, 9)  # noqa: DTZ001 — libres reads a naive hour in its own zone


def dates(number):
    day, slot = divmod(number, 24)
    start = FIRST + timedelta(days=day, minutes=20 * slot)
    return start, start + timedelta(minutes=20)


def scheduler_for(dsn):
    context = libres.registry.register_context("bench", replace=True)
    context.set_setting("dsn", dsn)
    return libres.new_scheduler(context, "bench", "Europe/Paris")


def reserve(scheduler, number):
    while True:
        try:
            token = scheduler.reserve("somebody@example.org", dates(number))
            scheduler.approve_reservations(token)
            scheduler.commit()
            return "201 Created", {"id": str(token)}
        except errors.LibresError:
            scheduler.rollback()
            return "409 Conflict", {"code": "slot-full"}
        except DBAPIError as error:
            scheduler.rollback()
            if getattr(error.orig, "sqlstate", "") not in ("40001", "40P01"):
                raise


def application(scheduler):
    def answer(environ, start_response):
        length = int(environ.get("CONTENT_LENGTH") or 0)
        wish = json.loads(environ["wsgi.input"].read(length))
        status, body = reserve(scheduler, wish["number"])
        raw = json.dumps(body).encode()
        start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(raw)))])
        return [raw]

    return answer


if __name__ == "__main__":
    scheduler = scheduler_for(sys.argv[1])
    scheduler.setup_database()
    scheduler.commit()
    for number in range(int(sys.argv[3])):
        scheduler.allocate(dates(number))
    scheduler.commit()
    logging.getLogger("waitress").setLevel(logging.ERROR)
    print("ready", flush=True)
    serve(application(scheduler), listen=f"127.0.0.1:{sys.argv[2]}", threads=8, connection_limit=1000)
