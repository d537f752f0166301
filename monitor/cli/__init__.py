"""The command line: the only place that prints. A command's module is loaded when the command is called, so that
``--help`` answers at once; to add a command, write a module with ``register(app)`` and name it in ``COMMANDS``.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence

import typer

from monitor import __version__
from monitor.errors import CoopwatchError
from monitor.heap import let_go, made_to_stay

HELP_COLUMNS = 110  # at most; a narrower terminal wraps

# command -> module in monitor.cli, one line of help. The order is the order of --help: to begin with, each day, rules,
# data.
COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("run", "The service: poll, read, judge, group, deliver, until told to stop."),
    "once": ("once", "Ask every due feed once, do all that follows, deliver, end."),
    "worker": ("worker", "One of several machines on PostgreSQL: the same work as run, shared."),
    "demo": ("demo", "One minute, offline: see what an alert is, and what does not become one."),
    "setup": ("setup", "Write a first configuration, look it over, send a test message."),
    "doctor": ("doctor", "Look at configuration, rules, database, disk, clock and network; say what to do."),
    "status": ("status", "How the service is: feeds, work, deliveries, routes."),
    "feeds": ("feeds", "What is watched, how each feed does, and changes to the list."),
    "stories": ("stories", "What was found, story by story; a missed one is entered by hand."),
    "calls": ("calls", "Calls that are open, by deadline; as a calendar with --ics."),
    "explain": ("explain", "Why an article is, or is not, an announcement: then and now."),
    "audit": ("audit", "Everything about a story or an address, in order of time."),
    "report": ("report", "Acts between principals in a period, as html, md, csv or docx."),
    "route": ("route", "Test a route, ask why it was told, pause it."),
    "silence": ("silence", "Mute alerts for at most 30 days."),
    "outbox": ("outbox", "Deliveries: queued, given up, sent again."),
    "rules": ("rules", "Check, try and compare rules."),
    "calibrate": ("calibrate", "Fit the scorer on labelled articles: a candidate file and a report."),
    "check": ("check", "Judge articles: JSON lines on standard input, judgements on standard output."),
    "extract": ("extract", "What stored pages say: title, text, date, language."),
    "import": ("import_", "Store the articles of a JSON lines file (the lines of check); they are never told."),
    "export": ("export", "Everything that is stored, as JSON lines."),
    "texts": ("texts", "Delete the texts of one source."),
    "backup": ("backup", "Copy the database, verified, while the service runs."),
    "restore": ("restore", "Put a copy in the place of the database (the service must be stopped)."),
    "upgrade": ("upgrade", "--check: what this version would do to your data and tell differently."),
    "db": ("db", "The database: bring its schema to this version, move it to PostgreSQL."),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code: 0; 1 a bug; 2 configuration, rules or usage; 3 the store cannot be
    used and a restart will not help; 4 it may help."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        with made_to_stay():
            app = build(arguments)
        result = app(args=arguments, prog_name="coopwatch", standalone_mode=True)
    except SystemExit as exc:  # how click ends, also after its own usage errors
        return exc.code if isinstance(exc.code, int) else 1
    except CoopwatchError as exc:
        typer.secho(f"coopwatch: {exc}", err=True, fg="red")
        return exc.exit_code
    except BrokenPipeError:  # the reader of a pipe went away (coopwatch ... | head)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    finally:
        if argv is not None:  # who called goes on; a process that ends would look through a million objects for nothing
            let_go()
    return result if isinstance(result, int) else 0


def build(arguments: Sequence[str] = ()) -> typer.Typer:
    """The command line with the called command loaded and all others by name and help only."""
    app = typer.Typer(
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # plain help: rich would take more than half of its 0.2 s
        context_settings={"max_content_width": HELP_COLUMNS},
        help="Watches news feeds and tells operators when a new cooperation announcement appears.",
    )
    app.callback()(_root)
    called = next((argument for argument in arguments if not argument.startswith("-")), "")
    for name, (module, line) in COMMANDS.items():
        if name == called:
            importlib.import_module(f"monitor.cli.{module}").register(app)
        else:
            app.command(name, help=line, short_help=line)(_unloaded)
    return app


def _unloaded() -> None:
    raise AssertionError("only the called command is ever run")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"coopwatch {__version__}")
        raise typer.Exit


def _root(
    version: bool = typer.Option(False, "--version", callback=_print_version, is_eager=True, help="Print the version."),
) -> None:
    """Registered as callback: options that stand before the command."""
