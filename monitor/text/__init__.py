"""Reading of plain text: cleaning, folding with stable offsets, sentences, language, dates. Pure; tables are arguments."""

from monitor.text.clean import clean, fold, fold_case
from monitor.text.counted import counted
from monitor.text.dates import DateFound, DateTables, find_dates, years
from monitor.text.language import LanguageProfile, detect
from monitor.text.sentences import Sentence, split

__all__ = [
    "DateFound",
    "DateTables",
    "LanguageProfile",
    "Sentence",
    "clean",
    "counted",
    "detect",
    "find_dates",
    "fold",
    "fold_case",
    "split",
    "years",
]
