"""What servers in Java have in common: a Java of a fitting version, jars, and a heap."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from deploy.services.base import Server
from deploy.services.jars import fetch, find_maven, is_fetched
from deploy.services.missing import find_java
from deploy.services.place import TEMPLATES
from deploy.services.process import Launch

NEWER = 1_000  # any later version of Java


class JavaServer(Server):
    """`program` names the folder of its jars."""

    program: ClassVar[str]
    oldest_java: ClassVar[int]
    newest_java: ClassVar[int] = NEWER

    def find_programs(self) -> None:
        self._java = find_java(self.oldest_java, self.newest_java, for_whom=self.program)
        if not is_fetched(self.place, self.program):
            find_maven()

    @property
    def jars(self) -> Path:
        """Fetched if they are not there yet."""
        return fetch(self.place, self.program)

    def launch(self, main: str, *arguments: str | Path, heap: str, options: Sequence[str] = ()) -> Launch:
        """Runs out of memory once, instead of going on without the threads that died of it."""
        memory = [f"-Xmx{heap}", "-Xms128m", "-Xss512k", "-XX:+ExitOnOutOfMemoryError"]
        log = f"-Dlogback.configurationFile={(TEMPLATES / 'logback.xml').as_uri()}"
        return Launch([self._java, *memory, log, *options, "-cp", f"{self.jars}/*", main, *arguments], self.data)
