"""What happened between some principals in a period, as a document that can be handed on: no scores, nothing judged wrong."""

from monitor.alert.report.compose import Act, Asked, Coverage, Relation, Report, compose
from monitor.alert.report.formats import csv, html, markdown

__all__ = ["Act", "Asked", "Coverage", "Relation", "Report", "compose", "csv", "html", "markdown"]
