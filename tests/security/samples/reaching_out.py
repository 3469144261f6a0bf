"""Read by the linter only; see routes.py."""


async def database(c, name, where, sql):
    # ruleid: sql-from-values
    await c.fetch(f"SELECT id FROM parvis.person WHERE name = '{name}'")
    # ruleid: sql-from-values
    await c.fetchval(f"{_SELECT} LIMIT {name}")
    # ruleid: sql-from-values
    await c.execute("DELETE FROM parvis.person WHERE name = '" + name + "'")
    # ruleid: sql-from-values
    await c.execute(_DELETE + name)
    # ruleid: sql-from-values
    await c.fetchrow("SELECT id FROM parvis.person WHERE name = '%s'" % name)
    # ruleid: sql-from-values
    await c.fetchrow("SELECT id FROM parvis.person WHERE name = '{}'".format(name))
    # ruleid: sql-from-values
    await queries.matching(f"name = '{name}'")
    # ok: sql-from-values
    await c.fetch("SELECT id FROM parvis.person WHERE name = $1", name)
    # ok: sql-from-values
    await c.fetch(f"{_SELECT} AND name = $1", name)
    # ok: sql-from-values
    await c.fetch(_SELECT + "WHERE name = $1", name)
    # ok: sql-from-values
    await c.fetch(f"{sql} AND {where}", name)


async def others(address):
    # ruleid: request-without-timeout
    httpx.AsyncClient()
    # ruleid: request-without-timeout
    httpx.get(address)
    # ruleid: unending-timeout
    httpx.Client(timeout=None)
    # ok: request-without-timeout, unending-timeout
    httpx.AsyncClient(verify=True, timeout=5)
    # ok: request-without-timeout
    httpx.AsyncClient(transport=httpx.ASGITransport(app))


def tokens(token, keys, given, kept):
    # ruleid: token-chooses-its-algorithm
    jwt.decode(token, keys)
    # ok: token-chooses-its-algorithm
    jwt.decode(token, keys, algorithms=ALGORITHMS)
    # ruleid: secret-compared-in-the-open
    given.token == kept
    # ruleid: secret-compared-in-the-open
    signature != kept
    # ok: secret-compared-in-the-open
    crypto.same(token, kept)
    # ok: secret-compared-in-the-open
    given.state == kept.state


def lines(booking, person, request, numbers):
    # ruleid: personal-data-in-log
    log.info("booking.confirmed", email=person.email)
    # ruleid: personal-data-in-log
    log.warning("booking.confirmed", booking=booking, whom=person.given)
    # ruleid: personal-data-in-log
    _log.error("request.failed", path=request.url.path)
    # ruleid: personal-data-in-log
    logger.info("asked", what=request.query_params)
    # ok: personal-data-in-log
    log.info("booking.confirmed", booking=booking)
    # ok: personal-data-in-log
    log.info("ants.asked", numbers=len(numbers))
    # ruleid: words-in-log
    log.info(f"{person} has booked")
    # ruleid: words-in-log
    log.info("booked by %s" % person)
    # ruleid: words-in-log
    logging.warning("booked by %s", person)
    # ok: words-in-log
    log.info("booking.confirmed", booking=booking)
