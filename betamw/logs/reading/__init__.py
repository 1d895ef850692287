"""From files to records."""

from betamw.logs.reading.fields import Unreadable
from betamw.logs.reading.line import LineParser
from betamw.logs.reading.reader import Reader, Unread
from betamw.logs.reading.spans import split

__all__ = ["LineParser", "Reader", "Unread", "Unreadable", "split"]
