"""PostgreSQL: one server with a role and a database named after us."""

import functools
import os
import re
import secrets
import shutil
import signal
import subprocess
from pathlib import Path

from deploy.services.base import CannotStart, Server
from deploy.services.missing import Missing, find_program
from deploy.services.place import Place, number
from deploy.services.process import Launch, as_user

NAME = "chatsite"  # of the role and of the database
OLDEST = 15
DEBIAN = "usr/lib/postgresql/*/bin"
# PostgreSQL refuses to be root; Debian's package makes it this user.
USER = "postgres"


class PostgreSQL(Server):
    stop_signal = signal.SIGINT  # "fast": does not wait until clients go

    def __init__(self, place: Place, name: str, *, port: int) -> None:
        super().__init__(place, name, port=port)
        self._password_file = place.data / "postgresql.password"

    def find_programs(self) -> None:
        missing = Missing(f"PostgreSQL {OLDEST} or newer", "postgresql")
        self._postgres, self._initdb, _ = (
            find_program(name, what=missing.what, package=missing.package, folders=DEBIAN)
            for name in ("postgres", "initdb", "psql")
        )
        said = subprocess.run([self._postgres, "--version"], capture_output=True, text=True, check=False).stdout
        version = re.search(r"\d+", said)
        if not version or int(version[0]) < OLDEST:
            raise missing

    def prepare(self) -> Launch:
        made = (self.data / "PG_VERSION").exists()
        if made and not self._password_file.exists():
            raise CannotStart(f"{self.name}: {self.data} was left half made. Remove it and try again.")
        if not made:
            self._make()
        self.write("postgresql.conf").chmod(0o644)
        self.write("pg_hba.conf").chmod(0o644)
        return Launch([self._postgres, "-D", _door(self._descriptor)], Path("/"), USER, descriptors=[self._descriptor])

    @functools.cached_property
    def _descriptor(self) -> int:
        """The data directory, opened by us. Folders above it may be closed to USER, as DATA_DIR is; through this they stay as they are."""
        return os.open(self.data, os.O_RDONLY | os.O_DIRECTORY)

    def _make(self) -> None:
        """A password although only this machine connects: who is superuser here may run programs as whoever started the server."""
        if os.geteuid() == 0:
            shutil.chown(self.data, USER, USER)
        password = secrets.token_hex(24)
        door = _door(self._descriptor)
        # Whom to trust is said in pg_hba.conf, which we write before anybody can connect.
        options = ["--encoding=UTF8", "--locale=C.UTF-8", "--auth=trust", f"--username={NAME}", "--no-instructions"]
        try:
            self._run([self._initdb, "-D", door, *options])
            statements = f"ALTER ROLE {NAME} PASSWORD '{password}';\nCREATE DATABASE {NAME};\n"
            self._run([self._postgres, "--single", "-D", door, "postgres"], said=statements)
        except subprocess.CalledProcessError as error:
            raise CannotStart(f"{self.name}: its data directory cannot be made.\n{error.stderr}") from error
        self._password_file.write_text(password)  # last: with it, the directory is whole

    def _run(self, command: list[str | Path], *, said: str | None = None) -> None:
        door = [self._descriptor]
        subprocess.run(command, cwd="/", input=said, capture_output=True, check=True, text=True, pass_fds=door, **as_user(USER))

    def answers(self) -> bool:
        """By its own client: nothing less gets past the password."""
        try:
            psql = find_program("psql", what="psql", package="postgresql", folders=DEBIAN)
            asked = subprocess.run([psql, "-XAtc", "SELECT 1", self.url], capture_output=True, timeout=10, check=False)
        except (Missing, subprocess.TimeoutExpired, FileNotFoundError):
            return False
        return asked.stdout.strip() == b"1"

    @property
    def url(self) -> str:
        return f"postgresql://{NAME}:{self._password_file.read_text()}@{self.address}/{NAME}"


def _door(descriptor: int) -> str:
    return f"/proc/self/fd/{descriptor}"


def servers(place: Place) -> list[PostgreSQL]:
    return [PostgreSQL(place, "postgresql", port=number("POSTGRESQL_PORT", 15_432))]


def environment(running: list[PostgreSQL]) -> dict[str, str]:
    return {"DATABASE_URL": running[0].url} if running else {}
