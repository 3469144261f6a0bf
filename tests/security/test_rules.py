"""The linters' rules bite: what a sample marks is found, and nothing else; and nothing is excused without a reason."""

import json
import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SEMGREP = ROOT / ".lint/bin/semgrep"
SCAN = ("scan", "--metrics=off", "--disable-version-check", "--no-git-ignore", "--quiet", "--json", "--jobs", "1")
MARK = re.compile(r"(ruleid|ok): ([\w, -]+?)(?: [#*].*)?$")
SOURCES = [file for folder in ("core", "plugins") for file in (ROOT / folder).rglob("src/**/*") if file.is_file()]
# What excuses something from a security rule, and the reason that follows it.
EXCUSE = re.compile(r"(?:noqa: [\w, ]*\bS\d+|nosec|nosemgrep)(?P<rest>.*)")
REASON = re.compile(r".* - \w+ .*\w|.* - \w{4,}")


def marked(kind):
    """The (rule, file, line) that the samples mark: the line below each mark."""
    return {
        (rule, file.name, number + 1)
        for file in (HERE / "samples").iterdir()
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if (mark := MARK.search(line)) and mark[1] == kind
        for rule in mark[2].split(", ")
    }


@pytest.fixture(scope="module")
def found():
    assert SEMGREP.exists(), "`make .lint/ready` installs the linters of security"
    asked = [SEMGREP, *SCAN, "--config", HERE / "rules", HERE / "samples"]
    told = json.loads(subprocess.run(asked, capture_output=True, check=True, timeout=120).stdout)
    assert told["errors"] == []
    return Counter(
        (result["check_id"].rpartition(".")[2], Path(result["path"]).name, result["start"]["line"])
        for result in told["results"]
    )


def test_what_the_samples_mark_is_found_and_nothing_else(found):
    assert found.keys() - marked("ruleid") == set()
    assert marked("ruleid") - found.keys() == set()


def test_every_rule_has_a_sample_that_it_finds_and_one_that_it_lets_through():
    rules = {name for file in (HERE / "rules").iterdir() for name in re.findall(r"- id: (\S+)", file.read_text())}
    assert len(rules) > 10
    for kind in ("ruleid", "ok"):
        assert rules - {rule for rule, _, _ in marked(kind)} == set()


@pytest.mark.parametrize(
    ("line", "explained"),
    [
        ("x  # noqa: S608", False),
        ("x  # noqa: S608 - names of our own", True),
        ("x  # nosec B105", False),
        ("x  # nosec", False),
        ("# nosemgrep: sql-from-values", False),
        ("# nosemgrep: sql-from-values - a role's name cannot be a parameter", True),
    ],
)
def test_an_excuse_needs_a_reason(line, explained):
    assert bool(REASON.fullmatch(EXCUSE.search(line)["rest"])) is explained


def test_nothing_is_excused_without_a_reason():
    told = [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()}"
        for file in SOURCES
        if file.suffix in {".py", ".js", ".html", ".in"}
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if (excuse := EXCUSE.search(line)) and not REASON.fullmatch(excuse["rest"])
    ]
    assert told == []
