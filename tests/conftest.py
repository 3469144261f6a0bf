import hypothesis
import pytest

pytest_plugins = ["parvis.testing.fixtures"]
# No example is held to a time: the machine has other work.
hypothesis.settings.register_profile("parvis", deadline=None)
hypothesis.settings.load_profile("parvis")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it where nobody overlooks it: without a Keycloak a part of the suite did not run."""
    skipped = [found for found in terminalreporter.stats.get("skipped", []) if "keycloak" in found.keywords]
    if skipped:
        reason = skipped[0].longrepr[2] if isinstance(skipped[0].longrepr, tuple) else skipped[0].longrepr
        terminalreporter.write_line(f"{len(skipped)} TESTS ON KEYCLOAK DID NOT RUN: {reason}", red=True, bold=True)
