"""Before an upgrade, and the way back after one: on what the real service stored."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT
from tests.flow.test_once import SIGNED, WEATHER
from tests.flow.world import World, world


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, forms_cache: Path) -> Iterator[World]:
    """An installation that told one announcement."""
    with world(tmp_path_factory.mktemp("site")) as place:
        place.use_cache(forms_cache)
        place.stories = [SIGNED, WEATHER]
        place.configure()
        done = place.run("once")
        assert done.returncode == 0, done.stderr
        yield place


def database(place: World) -> Path:
    return place.folder / "state" / "coopwatch.db"


def stored(place: World) -> str:
    """What the database holds, apart from how its file is laid out."""
    with closing(sqlite3.connect(database(place))) as connection:
        return hashlib.sha256("\n".join(connection.iterdump()).encode()).hexdigest()


def test_the_same_rules_tell_the_same_and_nothing_is_changed(site: World) -> None:
    before = stored(site)
    done = site.run("upgrade", "--check", "--json")
    assert done.returncode == 0, done.stderr
    outlook = json.loads(done.stdout)
    assert (outlook["articles"], outlook["differences"]) == (2, [])
    assert outlook["schema_before"] == outlook["schema_after"]
    assert Path(outlook["backup"]).is_file()
    assert stored(site) == before
    assert [path.name for path in Path(outlook["backup"]).parent.iterdir()] == [Path(outlook["backup"]).name]


@pytest.mark.long
def test_other_rules_show_what_would_not_be_told_any_more(site: World) -> None:
    own = site.folder / "own" / "announcements"
    own.mkdir(parents=True)
    shipped = (ROOT / "rules" / "announcements").glob("*.yaml")
    off = [{**rule, "enabled": False} for path in shipped for rule in yaml.safe_load(path.read_text()).get("rules", ())]
    (own / "off.yaml").write_text(yaml.safe_dump({"rules": off}), encoding="utf-8")
    config = site.folder / "coopwatch.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace(f'rules_dir = "{ROOT / "rules"}"', f'rules_dir = ["{ROOT / "rules"}", "own"]'))
    try:
        done = site.run("upgrade", "--check", "--json")
    finally:
        config.write_text(text)
        shutil.rmtree(site.folder / "own")
    assert done.returncode == 0, done.stderr
    assert [(each["kind"], each["title"]) for each in json.loads(done.stdout)["differences"]] == [
        ("lost", SIGNED.title)
    ]


def test_a_site_s_broken_rule_is_named_before_the_upgrade(site: World) -> None:
    folder = site.folder / "broken" / "announcements"
    folder.mkdir(parents=True)
    (folder / "mine.yaml").write_text("rules: nonsense\n", encoding="utf-8")
    rules = json.dumps([str(ROOT / "rules"), str(folder.parent)])
    done = site.run("upgrade", "--check", COOPWATCH_RULES_DIR=rules)
    assert done.returncode == 2
    assert "mine.yaml" in done.stderr


def test_upgrade_without_check_says_how_to_upgrade(site: World) -> None:
    done = site.run("upgrade")
    assert done.returncode == 2
    assert "make install-service" in done.stderr


@pytest.mark.long
def test_the_way_back_from_a_newer_schema_repeats_no_alert(site: World) -> None:
    """A newer version migrated the database and told something; the older version refuses it, restores its backup and goes on."""
    assert site.run("backup").returncode == 0
    told = len(site.mails)
    other = type(SIGNED)("later", SIGNED.title.replace("Giappone", "India"), SIGNED.text.replace("Giappone", "India"))
    site.stories = [SIGNED, WEATHER, other]
    assert site.run("once").returncode == 0
    after = len(site.mails)
    assert after == told + 1
    with closing(sqlite3.connect(database(site))) as connection:
        connection.execute("ALTER TABLE story ADD COLUMN of_the_future TEXT")
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    refused = site.run("once")
    assert refused.returncode == 3
    assert "restore the backup" in refused.stderr
    back = site.run("restore", "latest", "--json")
    assert back.returncode == 0, back.stderr
    assert json.loads(back.stdout)["carried"]["stories"] == 1
    assert site.run("once").returncode == 0
    assert len(site.mails) == after
