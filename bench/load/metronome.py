"""An even pace, whatever comes back and however long it takes."""

import asyncio
import time
from array import array
from collections.abc import Callable
from threading import Event, Thread


class Metronome:
    """Calls `beat(due)` in the running loop, `due` being the moment meant for it on the clock of `perf_counter`.

    Times are to be taken from `due`: what the client itself was late by counts as well, and stands in `late_seconds`. A thread of its own
    keeps the time, as timers of the loop are exact only to a millisecond.
    """

    def __init__(self, per_second: float, beat: Callable[[float], None]) -> None:
        self.late_seconds = array("d")
        self._loop = asyncio.get_running_loop()
        self._interval = 1 / per_second
        self._beat = beat
        self._stopped = Event()
        self._thread = Thread(target=self._keep_time, name="metronome", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Nothing beats after this."""
        self._stopped.set()
        self._thread.join()

    def _keep_time(self) -> None:
        due = time.perf_counter()
        while not self._stopped.is_set():
            due += self._interval
            time.sleep(max(0.0, due - time.perf_counter()))
            self._loop.call_soon_threadsafe(self._strike, due)

    def _strike(self, due: float) -> None:
        if not self._stopped.is_set():
            self.late_seconds.append(time.perf_counter() - due)
            self._beat(due)
