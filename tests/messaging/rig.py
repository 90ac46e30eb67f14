"""The SQLite adapters, as the contract suites want them."""

from pathlib import Path

from messaging.stores.inbox.sqlite import SqliteInbox
from messaging.stores.log.sqlite import SqliteMessageLog
from messaging.stores.receipts.sqlite import SqliteReceipts
from messaging.stores.sequencer.sqlite import SqliteSequencer
from tests.contracts.rig import Rig


class SqliteRig(Rig):
    sequencer: SqliteSequencer
    log: SqliteMessageLog
    inbox: SqliteInbox
    receipts: SqliteReceipts

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self.path = str(directory / "messages.sqlite3")

    async def open(self) -> None:
        self.sequencer = SqliteSequencer(self.path, clock=self.clock)
        self.log = SqliteMessageLog(self.path)
        self.inbox = SqliteInbox(self.path, clock=self.clock)
        self.receipts = SqliteReceipts(self.path)

    async def close(self) -> None:
        for store in (self.sequencer, self.log, self.inbox, self.receipts):
            await store.close()
