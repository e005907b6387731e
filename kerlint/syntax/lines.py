"""From lines and columns to indices of characters, and back."""

from __future__ import annotations

import bisect

from kerlint.source import NEWLINE


class Lines:
    """Where the lines of a text are.

    Attributes:
        starts: the index of the first character of each line.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self.starts = [0, *(match.end() for match in NEWLINE.finditer(text))]

    def index(self, line: int, column: int) -> int:
        """The index of a character, by its line and its column, both from 1."""
        return self.starts[line - 1] + column - 1

    def index_in_bytes(self, line: int, column: int) -> int:
        """The index of a character as Python's own parser has it, by its line and the bytes of UTF-8 before it there.

        It is the end of the text for a line behind it.
        """
        if line > len(self.starts):
            return len(self._text)
        start = self.starts[line - 1]
        before = self._text[start : start + column]
        if before.isascii():
            return start + column
        return start + len(before.encode("utf-8", "replace")[:column].decode("utf-8", "ignore"))

    def place(self, index: int) -> tuple[int, int]:
        """The line and the column of a character, both from 1."""
        line = bisect.bisect_right(self.starts, index)
        return line, index - self.starts[line - 1] + 1
