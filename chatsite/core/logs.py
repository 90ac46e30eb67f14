"""How log lines look."""

import copy
import logging


class OneLine(logging.Formatter):
    """Leaves the traceback away: for what any stranger on the Internet can cause as often as they like."""

    def format(self, record: logging.LogRecord) -> str:
        brief = copy.copy(record)
        brief.exc_info = brief.exc_text = brief.stack_info = None
        return super().format(brief)
