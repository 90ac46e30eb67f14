"""A socket without a network: what is said to it waits until the test lets it through."""

from collections import deque
from collections.abc import Callable

from bench.load.frames import Heard
from bench.load.socket import nobody


class FakeSocket:
    def __init__(self, answer: Callable[[bytes], None] = lambda text: None) -> None:
        self.hear: Heard = nobody
        self.sent: list[bytes] = []
        self._answer = answer
        self._waiting: deque[bytes] = deque()

    def send(self, text: bytes) -> None:
        self.sent.append(text)
        self._answer(text)

    def say(self, frame: str) -> None:
        self._waiting.append(frame.encode())

    def unsay(self) -> None:
        """The last one is lost."""
        self._waiting.pop()

    def flush(self, count: int | None = None) -> None:
        """In the middle of other bytes, as in a chunk of several frames."""
        for _ in range(len(self._waiting) if count is None else count):
            text = self._waiting.popleft()
            self.hear(b"##" + text + b"##", 2, 2 + len(text))
