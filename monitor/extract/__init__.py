"""HTML to article: text, title, date, language, canonical address, and whether the page is an article at all.

Importing this package imports trafilatura and lxml: the service names ``monitor.extract:extract`` to a worker instead.
"""

from monitor.extract.decode import decode
from monitor.extract.page import extract

__all__ = ["decode", "extract"]
