"""docs/operate.md and README.md are held to the truth: everything they name exists, everything there is is named, and the shell
examples that can be run are run."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from monitor.cli import COMMANDS, build
from monitor.config import documented_keys
from monitor.run.metrics import Metrics
from monitor.watch import HealthKind
from tests.conftest import ROOT
from tests.flow.test_once import SIGNED, WEATHER
from tests.flow.world import World, world

OPERATE = (ROOT / "docs" / "operate.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
SAMPLE = (ROOT / "docs" / "coopwatch.sample.toml").read_text(encoding="utf-8")
ETC, FEED, STORY = "/etc/coopwatch", "https://example.org/feed.xml", "20260321-it-jp-0a1b2c3d"
# what needs root, systemd, the network or a minute; each has a test of its own elsewhere
NOT_RUN = (
    "make",
    "systemctl",
    "journalctl",
    "ln",
    "coopwatch demo",
    "coopwatch setup --config",
    "coopwatch setup --yes --config",
)


def table(heading: str) -> str:
    """The part of operate.md under a heading, up to the next one."""
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#+ |\Z)", OPERATE, re.MULTILINE | re.DOTALL)
    assert found is not None, heading
    return found[1]


def commands() -> Iterator[str]:
    """Every command, and those of the groups that operators use by name."""
    for name in COMMANDS:
        yield f"coopwatch {name}"
        for group in build([name]).registered_groups:
            for command in group.typer_instance.registered_commands if group.typer_instance else ():
                yield f"{name} {command.name}"


def test_every_command_is_named() -> None:
    missing = []
    for name in commands():
        group, _, command = name.removeprefix("coopwatch ").partition(" ")
        row = next((line for line in table("The commands").splitlines() if f"`coopwatch {group}" in line), "")
        if not row or (command and f"`{command}`" not in row and f"coopwatch {group} {command}`" not in row):
            missing.append(name)
    assert missing == []


def test_no_command_is_named_that_does_not_exist() -> None:
    named = set(re.findall(r"`(?:\.venv/bin/)?coopwatch ([a-z]+)", OPERATE + README))
    assert named - set(COMMANDS) - {"is"} == set()  # "coopwatch is ready" is what it prints


def families() -> set[str]:
    """The names of our metrics as Prometheus reads them."""
    lines = Metrics().text().decode().splitlines()
    names = {line.split()[2] for line in lines if line.startswith("# TYPE coopwatch_")}
    return {name for name in names if not name.endswith("_created")}  # Prometheus' own mark of a counter's start


def test_every_metric_is_named_and_no_other() -> None:
    named = set(re.findall(r"^\| `(coopwatch_[a-z_]+)", table("Metrics"), re.MULTILINE))
    assert named == families()
    mentioned = set(re.findall(r"coopwatch_[a-z_]+[a-z]", OPERATE))
    suffixes = "|".join(("_bucket", "_sum", "_count"))
    assert {re.sub(rf"({suffixes})$", "", name) for name in mentioned} - families() == set()


def test_every_health_kind_is_named_and_no_other() -> None:
    assert re.findall(r"^\| `([a-z_]+)` \|", table("Health"), re.MULTILINE) == [kind.value for kind in HealthKind]


def test_every_exit_code_is_named() -> None:
    assert re.findall(r"^\| (\d) \|", table("The commands"), re.MULTILINE) == ["0", "1", "2", "3", "4"]


def test_every_configuration_key_stands_in_the_sample_and_those_named_here_exist() -> None:
    keys = documented_keys()
    written = set(re.findall(r"^#?\[*([a-z_.]+)\]* ?=?", SAMPLE, re.MULTILINE)) | set(
        re.findall(r"\b([a-z_]+) = ", SAMPLE)
    )
    assert {key.rsplit(".", 1)[-1] for key in keys} - {part.rsplit(".", 1)[-1] for part in written} == set()
    sections = "keep|watch|fetch|log|delivery|console|smtp|workers"
    named = set(re.findall(rf"`((?:{sections})\.[a-z_]+)", OPERATE))
    assert named
    assert named - set(keys) == set()


def events() -> Iterator[str]:
    """The fixed words of every log line of the program."""
    for path in (ROOT / "monitor").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if getattr(node.func.value, "id", "") != "logger" or node.func.attr in ("debug", "setLevel"):
                continue
            message = next((a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)), "")
            words = re.split(r"[%:]|\b\w+=", message)[0].strip(" ,(")
            yield words


def test_every_event_of_the_log_is_named() -> None:
    found = set(events())
    assert len(found) > 15
    assert sorted(words for words in found if words.split(",")[0] not in table("Logs")) == []


def test_the_example_alert_rules_are_yaml_and_name_what_exists() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", OPERATE, re.DOTALL)
    rules = yaml.safe_load(block)["groups"][0]["rules"]
    assert all(rule["alert"].startswith("Coopwatch") and "coopwatch_" in rule["expr"] for rule in rules)


@pytest.mark.parametrize(
    "path", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda path: path.name
)
def test_every_linked_document_and_picture_exists(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    links = [link.split("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    assert [link for link in links if link and not (path.parent / link).exists()] == []


def test_every_document_is_linked_from_the_readme() -> None:
    named = set(re.findall(r"docs/([a-z]+\.md)", README))
    assert {path.name for path in (ROOT / "docs").glob("*.md")} <= named


# ---------------------------------------------------------------------------------------------- the examples, run


def examples() -> list[str]:
    """The lines of every shell block that can be run anywhere."""
    blocks = re.findall(r"```sh\n(.*?)```", OPERATE + README, re.DOTALL)
    lines = [line.split("  #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith(NOT_RUN)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, rules_cache: Path) -> Iterator[tuple[World, str]]:
    """A site that told one story, and the story's id."""
    with world(tmp_path_factory.mktemp("site")) as place:
        place.use_cache(rules_cache)
        place.stories = [SIGNED, WEATHER]
        place.configure()
        assert place.run("once").returncode == 0
        yield place, str(place.events[0]["data"]["story"]["id"])


SAMPLED = 3  # the others run in make long


def test_there_are_examples_to_run() -> None:
    lines = examples()
    assert len(lines) >= 12
    assert all(line.startswith("coopwatch ") for line in lines)


@pytest.mark.parametrize(
    "line", [line if at < SAMPLED else pytest.param(line, marks=pytest.mark.long) for at, line in enumerate(examples())]
)
def test_every_shell_example_does_what_it_says(line: str, site: tuple[World, str]) -> None:
    place, story = site
    line = line.replace(ETC, str(place.folder)).replace(FEED, f"{place.base}/feed.xml").replace(STORY, story)
    if line.startswith("coopwatch setup"):
        line += (
            f" --state-dir {shlex.quote(str(place.folder / 'state'))} --rules-dir {shlex.quote(str(ROOT / 'rules'))}"
        )
    words = shlex.split(line)
    assert words[0] == "coopwatch"
    done = subprocess.run(
        [sys.executable, "-m", "monitor", *words[1:]],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=place.folder,
        env={**place.environment(), "HOME": str(place.folder), "COLUMNS": "200"},
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    assert done.stdout or "-o" in words
