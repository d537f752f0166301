"""``coopwatch rules``: what editors of rules need: check, forms, try, diff, suggest, history, revert, schema."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from monitor import rulebook
from monitor.cli.articles import articles_in
from monitor.cli.options import Config, Json, read_settings
from monitor.cli.output import note, print_json, print_table, progress, say
from monitor.cli.stores import existing_store
from monitor.cli.suggest import suggested
from monitor.config import Settings
from monitor.errors import ConfigError
from monitor.match import Matcher
from monitor.model import Article
from monitor.quality.rulecheck import Difference, differences
from monitor.rulebook import RuleSet
from monitor.rulebook.files import rule_files
from monitor.rulebook.forms import forms_of
from monitor.rulebook.history import history, keep, revert
from monitor.rulebook.jsonschemas import schemas
from monitor.run.examples import as_error, failing, load_rules
from monitor.store.replay import stored_articles
from monitor.text import counted

rules = typer.Typer(
    no_args_is_help=True, help="Check, try and compare rules; nothing here changes the running service."
)
_SPAN = re.compile(r"(\d{1,4})([dh])")
_SHOWN = 50

On = Annotated[Path | None, typer.Option("--on", help="Articles as JSON lines instead of the stored ones.")]
Since = Annotated[str, typer.Option("--since", help="How far back stored articles are taken: 30d, 12h.")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(rules, name="rules", help="Check, try and compare rules.")


@rules.command("check", help="Load the rules, run their examples, list every fault with file and line.")
def check(config: Config = None, as_json: Json = False) -> None:
    settings = read_settings(config)
    ruleset = load_rules(settings)
    faults = failing(Matcher(ruleset))
    if as_json:
        print_json({"ruleset": ruleset.digest, "warnings": ruleset.warnings, "faults": faults})
    else:
        for warning in ruleset.warnings:
            note(f"warning: {warning}")
        for fault in faults:
            note(str(as_error(fault)))
    if faults:
        raise ConfigError(f"{counted(len(faults), 'example')} of rules failed")
    _keep(settings, ruleset)
    if not as_json:
        say(
            f"rule set {ruleset.digest}: {counted(len(ruleset.rules), 'rule')}, "
            f"{counted(len(ruleset.entities), 'entity', 'entities')}, {counted(len(ruleset.concepts), 'concept')}, "
            f"{counted(len(ruleset.terms), 'term')}, {counted(len(ruleset.warnings), 'warning')}"
        )


@rules.command("forms", help="The forms that a lemma stands for.")
def forms(
    lemma: Annotated[str, typer.Argument(help="A word as it stands under lemmas: firmare.")],
    lang: Annotated[str, typer.Option("--lang", help="Its language.")] = "it",
    config: Config = None,
) -> None:
    settings = read_settings(config)
    known = sorted({path.stem for _, path, _ in rule_files(settings.rules_dir) if path.parent.name == "languages"})
    if lang not in known:
        raise ConfigError(f"--lang {lang}: no file under languages/ has this language; there are {', '.join(known)}")
    found = forms_of({lang: [lemma]}, settings.cache_dir)[lang][lemma]
    say(", ".join(found))
    if len(found) < 2:
        note(f"the dictionary knows no other form of {lemma!r} in {lang}: list its forms under also")


@rules.command("try", help="What the rules with one more file would newly match on stored articles.")
def try_file(
    file: Annotated[Path, typer.Argument(help="A rules folder laid over the ones in force.")],
    since: Since = "30d",
    on: On = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    settings = read_settings(config)
    _compare(settings, list(settings.rules_dir), [*settings.rules_dir, _folder(file)], since, on, as_json)


@rules.command("diff", help="On which stored articles two rules folders differ.")
def diff(
    old: Annotated[Path, typer.Argument(help="A rules folder.")],
    new: Annotated[Path, typer.Argument(help="Another rules folder.")],
    since: Since = "30d",
    on: On = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    _compare(read_settings(config), [_folder(old)], [_folder(new)], since, on, as_json)


@rules.command("suggest", help="What further documents could add to the rules, as YAML to paste and correct.")
def suggest(
    files: Annotated[list[Path], typer.Argument(help="Plain text files.", metavar="FILE...")],
    config: Config = None,
) -> None:
    settings = read_settings(config)
    say(suggested(Matcher(load_rules(settings)), files))


@rules.command("history", help="The rule sets that were in force or checked, newest first.")
def show_history(config: Config = None, as_json: Json = False) -> None:
    kept = history(read_settings(config).rules_history_dir)
    if as_json:
        print_json(kept)
        return
    rows = [(k.digest, k.kept_at[:16].replace("T", " "), k.rules, len(k.files)) for k in kept]
    none = "no rule set yet: coopwatch rules check keeps one, and so does the service when it loads its rules"
    print_table("", ("rule set", "kept at", "rules", "files"), rows, none=none)


@rules.command("revert", help="Put the files of a kept rule set back into the rules folders.")
def go_back(
    digest: Annotated[str, typer.Argument(help="The set's digest, or its beginning (rules history).")],
    config: Config = None,
) -> None:
    settings = read_settings(config)
    changed, stays = revert(settings.rules_dir, digest, settings.rules_history_dir)
    for path in changed:
        say(str(path))
    if stays:
        note(f"another version's, and left as they are: {counted(len(stays), 'shipped file')}, {stays[0]} first")
    note(f"{counted(len(changed), 'file')} changed; the running service reads its rules at its next reload (SIGHUP)")


@rules.command("schema", help="Write the JSON Schemas of the rule files, for editors.")
def schema(to: Annotated[Path, typer.Argument(help="A folder.")] = Path("docs/schema")) -> None:
    try:
        to.mkdir(parents=True, exist_ok=True)
        for name, content in schemas().items():
            (to / name).write_text(content, encoding="utf-8")
            say(str(to / name))
    except OSError as exc:
        raise ConfigError(f"{to}: cannot be written: {exc.strerror}") from exc


def _keep(settings: Settings, ruleset: RuleSet) -> None:
    """Remembers a set that was found good; a state directory that cannot be written does not make it bad."""
    try:
        keep(settings.rules_dir, ruleset.digest, len(ruleset.rules), settings.rules_history_dir, datetime.now(UTC))
    except OSError as exc:
        note(f"warning: {exc.filename}: cannot be written ({exc.strerror}): rules revert will not know this set")


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise ConfigError(f"{path}: is not a rules folder (it holds announcements/, entities/, ... as rules/ does)")
    return path


def _compare(settings: Settings, old: list[Path], new: list[Path], since: str, on: Path | None, as_json: bool) -> None:
    """Judges the same articles by two rule sets and shows where they differ."""
    before, after = (Matcher(rulebook.load(dirs, cache_dir=settings.cache_dir)) for dirs in (old, new))
    now = datetime.now(UTC)
    articles = list(_articles(settings, since, on, now))
    found = differences(
        progress(articles, len(articles), "judging"),
        lambda article: before.judge(article, now=now),
        lambda article: after.judge(article, now=now),
    )
    _show(found, len(articles), as_json)


def _show(found: list[Difference], total: int, as_json: bool) -> None:
    if as_json:
        print_json({"articles": total, "differences": found})
        return
    rows = [(d.before, d.after, f"{d.score_before:.2f}", f"{d.score_after:.2f}", d.title) for d in found[:_SHOWN]]
    if not total:
        say(
            "no stored articles to compare: let the service read some, look further back with --since, or use --on FILE"
        )
        return
    print_table("", ("before", "after", "was", "is", "article"), rows)
    say(
        f"{len(found)} of {counted(total, 'article')} judged otherwise"
        + (f"; {_SHOWN} shown" if len(found) > _SHOWN else "")
    )


def _articles(settings: Settings, since: str, on: Path | None, now: datetime) -> Iterator[Article]:
    if on is not None:
        yield from articles_in(on)
        return
    span = _SPAN.fullmatch(since)
    if span is None:
        raise ConfigError(f"--since {since}: write a number of days or hours, such as 30d or 12h")
    length = timedelta(days=int(span[1])) if span[2] == "d" else timedelta(hours=int(span[1]))
    with existing_store(settings) as store:
        if store is not None:
            yield from stored_articles(store.database, now - length)
