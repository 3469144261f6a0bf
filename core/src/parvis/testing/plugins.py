"""A plugin made in the test: the core is tested without those that are installed."""

from __future__ import annotations

from pathlib import Path

from parvis.contract.values import Manifest, PaymentProvider, Service
from parvis.errors import Text
from parvis.plugins.registry import Origin, Plugin, Plugins


def a_plugin(*services: Service, key: str = "idcard", providers: tuple[PaymentProvider, ...] = ()) -> Plugins:
    """One plugin that brings these services and ways to pay, as all that is installed."""
    manifest = Manifest(key=key, name=Text(key), core=">=0", summary=Text(key))
    origin = Origin(key=key, module=key, distribution=key, version="1")
    folder = Path(__file__).parent
    plugin = Plugin(origin=origin, folder=folder, manifest=manifest, services=services, payment_providers=providers)
    return Plugins({key: plugin})
