"""The SQLite adapters keep the contracts of their ports."""

from tests.contracts.sequencer import SequencerContract


class TestSequencer(SequencerContract):
    pass
