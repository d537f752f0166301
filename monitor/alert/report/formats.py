"""A report as HTML, Markdown or CSV. Pure; foreign text is escaped for each form."""

from __future__ import annotations

import csv as table
import io
import re
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from monitor.alert.report.compose import Act, Report

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|])")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@cache
def _template() -> Template:
    loader = FileSystemLoader(Path(__file__).parent)
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("report.html")


def html(report: Report) -> str:
    """One page that prints well and needs nothing from the network."""
    return _template().render(report=report)


def markdown(report: Report) -> str:
    """The same as Markdown."""
    lines = [f"# {_plain(report.title)}", "", f"{report.period}. {report.made}.", ""]
    if report.none:
        lines += [report.none, ""]
    for relation in report.relations:
        lines += [f"## {_plain(relation.name)}", ""]
        for act in relation.acts:
            lines += [*_markdown_act(act), ""]
    if report.starred:
        lines += [_plain(report.starred), ""]
    return "\n".join([*lines, report.coverage, ""])


def _markdown_act(act: Act) -> list[str]:
    star = "\\*" if act.starred else ""
    lines = [f"**{_plain(act.day_shown)}** {_plain(act.headline)}{star}", ""]
    if act.quote:
        tongue = f" ({_plain(act.quote_language)})" if act.quote_language else ""
        lines += [f"> {_plain(act.quote)}{tongue}", ""]
    if act.steps:
        lines.append("- " + _plain("; ".join(act.steps)))
    if act.deadline:
        lines.append("- " + _plain(act.deadline))
    for name, url, when in act.sources:
        lines.append(f"- [{_plain(name)}](<{url}>), {when}" if url else f"- {_plain(name)}, {when}")
    return lines


def _plain(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", text)


def csv(report: Report) -> str:
    """One line an act, with a header; cells that a spreadsheet would take for a formula are quoted with an apostrophe."""
    out = io.StringIO()
    writer = table.writer(out, lineterminator="\r\n")
    writer.writerow(
        ("relation", "date", "headline", "stage", "unconfirmed", "quote", "steps", "deadline", "sources", "story")
    )
    for relation in report.relations:
        for act in relation.acts:
            sources = " ".join(url or name for name, url, _ in act.sources)
            row = (
                relation.name,
                act.day,
                act.headline,
                act.stage,
                "*" if act.starred else "",
                act.quote,
                "; ".join(act.steps),
                act.deadline,
                sources,
                act.story_id,
            )
            writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in row])
    return out.getvalue()
