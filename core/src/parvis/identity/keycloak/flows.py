"""Authentication flows of Keycloak as lists of steps, read and written whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keycloak import KeycloakAdmin
from parvis.identity.keycloak.rules import Keys, Thing
from parvis.identity.keycloak.step_up import Step


class Flows:
    """Flows by name."""

    def __init__(self, admin: KeycloakAdmin) -> None:
        self._admin = admin

    def find(self, name: str) -> dict[str, Any] | None:
        """Its description and steps."""
        flow = next((one for one in self._admin.get_authentication_flows() if one["alias"] == name), None)
        if flow is None:
            return None
        steps = self._steps(self._admin.get_authentication_flow_executions(name))
        return {"id": flow["id"], "description": flow.get("description", ""), "steps": steps}

    def add(self, thing: Thing) -> None:
        """Add it with its steps."""
        flow = {"alias": thing.name, "description": thing.keys["description"], "providerId": "basic-flow"}
        self._admin.create_authentication_flow({**flow, "topLevel": True, "builtIn": False})
        self._write(thing.name, thing.keys["steps"])

    def change(self, thing: Thing, found: Keys) -> None:
        """Write its steps anew; it stays the same flow, so what is bound to it stays so."""
        flow = self._admin.get_authentication_flow_for_id(found["id"])
        self._admin.update_authentication_flow(found["id"], {**flow, "description": thing.keys["description"]})
        for execution in self._admin.get_authentication_flow_executions(thing.name):
            if execution["level"] == 0:
                self._admin.delete_authentication_flow_execution(execution["id"])
        self._write(thing.name, thing.keys["steps"])

    def _steps(self, executions: list[dict[str, Any]]) -> list[Step]:
        """The tree of a list in which a part's steps follow it, one level deeper."""
        top: list[Step] = []
        below = {0: top}
        for execution in executions:
            step = self._step(execution)
            below[execution["level"]].append(step)
            below[execution["level"] + 1] = step.get("steps", [])
        return top

    def _step(self, execution: dict[str, Any]) -> Step:
        requirement = execution["requirement"]
        if execution.get("authenticationFlow"):
            return {"flow": execution["displayName"], "requirement": requirement, "steps": []}
        config = execution.get("authenticationConfig")
        kept = self._admin.get_authenticator_config(config)["config"] if config else {}
        return {"provider": execution["providerId"], "requirement": requirement, "config": kept}

    def _write(self, flow: str, steps: list[Step]) -> None:
        for step in steps:
            if "flow" in step:
                part = {"alias": step["flow"], "type": "basic-flow", "provider": "registration-page-form"}
                self._admin.create_authentication_flow_subflow({**part, "description": ""}, flow)
            else:
                self._admin.create_authentication_flow_execution({"provider": step["provider"]}, flow)
        for step, execution in zip(steps, list(self._own(flow)), strict=True):
            told = {**execution, "requirement": step["requirement"]}
            self._admin.update_authentication_flow_executions(told, flow)
            if step.get("config"):
                config = {"alias": execution["id"], "config": step["config"]}
                self._admin.create_execution_config(execution["id"], config)
            if "flow" in step:
                self._write(step["flow"], step["steps"])

    def _own(self, flow: str) -> Iterator[dict[str, Any]]:
        for execution in self._admin.get_authentication_flow_executions(flow):
            if execution["level"] == 0:
                yield execution
