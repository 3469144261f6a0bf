"""What carries deliveries to the threads that run them: a queue in this process, Redis, or RabbitMQ.

A broker may lose every message: the outbox leases anew what was not begun.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from dramatiq import Broker
from dramatiq.brokers.redis import RedisBroker
from dramatiq.brokers.stub import StubBroker

from parvis.errors import ConfigurationError

QUEUE = "deliveries"
# A Redis that hangs must not hang the worker.
_PATIENCE = {"socket_timeout": "5", "socket_connect_timeout": "2"}


class InProcessBroker(StubBroker):
    """A queue in the worker's own memory, for one machine."""


def open_broker(url: str, namespace: str) -> Broker:
    """The broker of an address; without one, in process. Raises ConfigurationError.

    No middleware: attempts, pauses and limits are the outbox's, in the database.
    """
    scheme = urlsplit(url).scheme
    if not url:
        return InProcessBroker(middleware=[])
    if scheme in {"redis", "rediss"}:
        return RedisBroker(url=_patient(url), middleware=[], namespace=f"parvis.{namespace}")
    if scheme in {"amqp", "amqps"}:
        return _rabbitmq(url)
    raise ConfigurationError("PARVIS_BROKER_URL: begin it with redis://, rediss://, amqp:// or amqps://.")


def _patient(url: str) -> str:
    parts = urlsplit(url)
    query = {**_PATIENCE, **{name: values[-1] for name, values in parse_qs(parts.query).items()}}
    return urlunsplit(parts._replace(query=urlencode(query)))


def _rabbitmq(url: str) -> Broker:
    try:
        from dramatiq.brokers.rabbitmq import RabbitmqBroker
    except ImportError as error:
        raise ConfigurationError("RabbitMQ needs pika beside Parvis: install dramatiq[rabbitmq].") from error

    class QuorumBroker(RabbitmqBroker):
        """Queues that survive the loss of a RabbitMQ node."""

        def _build_queue_arguments(self, queue_name: str) -> dict[str, Any]:
            return {**super()._build_queue_arguments(queue_name), "x-queue-type": "quorum"}

    return QuorumBroker(url=url, middleware=[])
