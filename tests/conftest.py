import gc

import hypothesis
import pytest

pytest_plugins = ["parvis.testing.fixtures", "tests.chromium"]
# No example is held to a time: the machine has other work.
hypothesis.settings.register_profile("parvis", deadline=None)
hypothesis.settings.load_profile("parvis")


def pytest_collection_finish() -> None:
    """What is imported by now stays: looking through it for garbage again and again is a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it where nobody overlooks it: without a Keycloak, or Stripe's doubles, a part of the suite did not run."""
    for name in ("keycloak", "stripe_double"):
        skipped = [found for found in terminalreporter.stats.get("skipped", []) if name in found.keywords]
        if skipped:
            reason = skipped[0].longrepr[2] if isinstance(skipped[0].longrepr, tuple) else skipped[0].longrepr
            said = f"{len(skipped)} TESTS ON {name.upper().replace('_', ' ')} DID NOT RUN: {reason}"
            terminalreporter.write_line(said, red=True, bold=True)
