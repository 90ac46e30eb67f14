"""The SQLite adapters keep the contracts of their ports."""

from tests.contracts.inbox import InboxContract
from tests.contracts.log import LogContract
from tests.contracts.push_checks import PushCheckContract
from tests.contracts.receipts import ReceiptsContract
from tests.contracts.sequencer import SequencerContract


class TestSequencer(SequencerContract):
    pass


class TestMessageLog(LogContract):
    pass


class TestInbox(InboxContract):
    pass


class TestPushChecks(PushCheckContract):
    pass


class TestReceipts(ReceiptsContract):
    pass
