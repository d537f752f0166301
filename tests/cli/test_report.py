"""Reports by command: what is asked, in which form, and what is refused."""

from __future__ import annotations

import csv
import io
import json
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import docx
import pytest

from monitor.alert.report import Asked
from monitor.cli import main
from monitor.cli.report import asked_for
from monitor.errors import ConfigError
from monitor.model import ActType, Party, Stage
from monitor.store import open_store
from monitor.store.stories import save_story
from tests.alert import make
from tests.conftest import ROOT

TODAY = date(2026, 11, 21)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory, rules_cache: Path) -> Path:
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(rules_cache, folder / "state" / "cache")
    path = folder / "coopwatch.toml"
    path.write_text(f'state_dir = "state"\nrules_dir = {json.dumps(str(ROOT / "rules"))}\n', encoding="utf-8")
    store = open_store(f"sqlite:///{folder}/state/coopwatch.db")
    story = make.story(make.report(1, announcement=make.announcement(parties=(make.ITALY, make.CHINA))), id="ic")
    with store.database.write() as connection:
        save_story(connection, story, {"k"}, datetime.now(UTC), known=False, added=story.reports)
    store.close()
    return path


def test_bodies_have_their_names_in_the_language_of_what_is_read(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = open_store(f"sqlite:///{config.parent}/state/coopwatch.db")
    sides = (
        Party("res.it.cnr", "research", "IT", "National Research Council of Italy"),
        Party("JP", "state", "JP", "Japan"),
    )
    call = make.announcement(type=ActType.CALL, stage=Stage.LAUNCHED, parties=sides)
    story = make.story(
        make.report(2, announcement=call), id="call", type=ActType.CALL, parties=sides, deadline="2099-01-31"
    )
    with store.database.write() as connection:
        save_story(connection, story, {"c"}, datetime.now(UTC), known=False, added=story.reports)
    store.close()
    assert main(["calls", "--config", str(config)]) == 0
    assert "Consiglio Nazionale delle Ricerche e Giappone" in capsys.readouterr().out
    assert main(["calls", "--language", "en", "--config", str(config)]) == 0
    assert "National Research Council of Italy and Japan" in capsys.readouterr().out
    since = (story.opened_at - timedelta(days=1)).date().isoformat()
    assert main(["report", "--principals", "res.it.cnr", "--since", since, "--config", str(config)]) == 0
    assert "Consiglio Nazionale delle Ricerche" in capsys.readouterr().out
    assert main(["calls", "--language", "xx", "--config", str(config)]) == 2


def test_the_period_is_thirty_days_unless_said_and_codes_are_checked() -> None:
    assert asked_for("it,CN", "", "", "", TODAY) == Asked(TODAY - timedelta(days=30), TODAY, between=("IT", "CN"))
    asked = asked_for("", "EU,org.un", "2026-01-01", "2026-02-01", TODAY)
    assert (asked.since, asked.principals) == (date(2026, 1, 1), ("EU", "org.un"))
    for wrong in (
        ("IT", "", "", ""),
        ("", "Italy", "", ""),
        ("", "", "1.1.2026", ""),
        ("", "", "2026-02-01", "2026-01-01"),
    ):
        with pytest.raises(ConfigError):
            asked_for(*wrong, TODAY)


def test_every_form_tells_the_same_act(config: Path, tmp_path: Path) -> None:
    texts = {}
    for form in ("html", "md", "csv", "docx"):
        out = tmp_path / f"report.{form}"
        arguments = ["report", "--config", str(config), "--between", "IT,CN", "--since", "2026-01-01", "--format", form]
        assert main([*arguments, "--language", "en", "-o", str(out)]) == 0
        texts[form] = out.read_bytes()
    assert b"<blockquote>" in texts["html"]
    rows = list(csv.DictReader(io.StringIO(texts["csv"].decode())))
    assert [row["story"] for row in rows] == ["ic"]
    headline = rows[0]["headline"]
    assert headline in texts["md"].decode().replace("\\", "")
    document = docx.Document(io.BytesIO(texts["docx"]))
    assert any(headline in paragraph.text for paragraph in document.paragraphs)


def test_between_two_others_there_is_nothing(config: Path, tmp_path: Path) -> None:
    out = tmp_path / "r.md"
    arguments = ["report", "--config", str(config), "--between", "FR,JP", "--since", "2026-01-01", "--format", "md"]
    assert main([*arguments, "-o", str(out)]) == 0
    assert "Nessun atto" in out.read_text(encoding="utf-8")


def test_an_unknown_language_is_a_usage_error(config: Path) -> None:
    assert main(["report", "--config", str(config), "--language", "xx"]) == 2
