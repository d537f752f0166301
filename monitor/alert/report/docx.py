"""A report as a word processor's document. Apart from the other forms, because python-docx is loaded for it alone."""

from __future__ import annotations

import io
import re

import docx
from docx.shared import Pt

from monitor.alert.report.compose import Report

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Report) -> bytes:
    """The bytes of a .docx file."""
    document = docx.Document()
    document.core_properties.title = _clean(report.title)
    document.core_properties.author = "coopwatch"
    document.add_heading(_clean(report.title), 0)
    document.add_paragraph(_clean(f"{report.period}. {report.made}."))
    if report.none:
        document.add_paragraph(_clean(report.none))
    for relation in report.relations:
        document.add_heading(_clean(relation.name), 1)
        for act in relation.acts:
            head = document.add_paragraph()
            head.add_run(_clean(f"{act.day_shown}  ")).bold = True
            head.add_run(_clean(f"{act.headline}{'*' if act.starred else ''}"))
            if act.quote:
                document.add_paragraph(_clean(act.quote), style="Intense Quote")
            for line in (*act.steps, act.deadline):
                if line:
                    document.add_paragraph(_clean(line), style="List Bullet")
            for name, url, when in act.sources:
                document.add_paragraph(_clean(f"{name}, {when}{f'  {url}' if url else ''}"), style="List Bullet")
    for note in (report.starred, report.coverage):
        if note:
            document.add_paragraph().add_run(_clean(note)).font.size = Pt(9)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _clean(text: str) -> str:
    """Text without the characters that XML cannot hold."""
    return _NOT_XML.sub("", text)
