"""What was sent to a conversation, what was acked, and what each receiver got: afterwards it says what was lost or doubled."""

from array import array
from collections import Counter
from collections.abc import Callable
from itertools import islice
from time import perf_counter

SHOWN = 5  # examples of a fault
UNKNOWN = -1
Done = Callable[[], None]


class Ledger:
    """One conversation's messages, numbered from 0 as they are sent. Times are of this process, in seconds.

    A message is done once it is acked and each of `receivers` receivers has it; then `done` is called.
    """

    def __init__(self, name: str, *, receivers: int, done: Done) -> None:
        self.name = name
        self.receivers = [Receiver() for _ in range(receivers)]
        self.sent_at = array("d")
        self.seqs = array("q")  # as acked, UNKNOWN before
        self.deliver_seconds = array("d")
        self.ack_seconds = array("d")
        self.refusals: list[str] = []
        self.head = 0  # the highest that is known: of the list, then of acks
        self.base: int | None = None  # of a conversation in which nobody else speaks: the head before
        self._left = array("i")
        self._done = done

    def __len__(self) -> int:
        return len(self.sent_at)

    @property
    def undone(self) -> int:
        """How many messages are not done yet."""
        return sum(left > 0 for left in self._left)

    def note_sent(self, at: float = 0.0) -> int:
        """Returns the message's number. `at` is the moment that was meant for it, if there was one."""
        self.sent_at.append(at or perf_counter())
        self.seqs.append(UNKNOWN)
        self._left.append(len(self.receivers) + 1)
        return len(self.sent_at) - 1

    def note_ack(self, number: int, seq: int) -> None:
        self.ack_seconds.append(perf_counter() - self.sent_at[number])
        if self.seqs[number] == UNKNOWN:
            self.seqs[number] = seq
            self.head = max(self.head, seq)
            self._count_down(number)
        else:
            self.refusals.append(f"message {number} was acked twice")

    def note_delivery(self, receiver: "Receiver", number: int, seq: int) -> None:
        """A second coming is kept for the book and counts as nothing else."""
        if not receiver.take(number, seq):
            return
        self.deliver_seconds.append(perf_counter() - self.sent_at[number])
        self._count_down(number)

    def _count_down(self, number: int) -> None:
        left = self._left[number] = self._left[number] - 1
        if left == 0:
            self._done()

    def faults(self) -> list[str]:
        """All that is wrong, in words; empty when each message came exactly once to everybody, under the seq that was acked."""
        found = [f"{self.name}: {words}" for words in self.refusals[:SHOWN]]
        if unacked := [number for number, seq in enumerate(self.seqs) if seq == UNKNOWN]:
            found.append(f"{self.name}: no ack for {_some(unacked)}")
        found += self._holes()
        alike = Counter(words for receiver in self.receivers for words in receiver.faults(self.seqs))
        return found + [f"{self.name}: {words}, {count} of {len(self.receivers)} receivers" for words, count in alike.items()]

    def _holes(self) -> list[str]:
        acked = sorted(seq for seq in self.seqs if seq != UNKNOWN)
        if not acked:
            return []
        first = acked[0] if self.base is None else self.base + 1
        if acked == list(range(first, first + len(acked))):
            return []
        missing = sorted(set(range(first, acked[-1])) - set(acked))
        twice = [seq for seq, count in Counter(acked).items() if count > 1]
        return [f"{self.name}: seqs are not dense: missing {_some(missing)}, given twice {_some(twice)}"]


class Receiver:
    """What came to one socket, in the order in which it came."""

    def __init__(self) -> None:
        self.numbers = array("q")
        self.seqs = array("q")
        self._highest = -1
        self._seen: set[int] | None = None  # only where something came out of order

    def take(self, number: int, seq: int) -> bool:
        """False if it came before."""
        is_new = number > self._highest
        if is_new:
            self._highest = number
        else:
            if self._seen is None:
                self._seen = set(self.numbers)
            is_new = number not in self._seen
        if self._seen is not None:
            self._seen.add(number)
        self.numbers.append(number)
        self.seqs.append(seq)
        return is_new

    @property
    def disorder(self) -> int:
        """How often a message came after one with a higher seq: allowed, and told."""
        return sum(later < earlier for earlier, later in zip(self.seqs, islice(self.seqs, 1, None), strict=False))

    def faults(self, acked: "array[int]") -> list[str]:
        """`acked` holds the seq of each number."""
        if len(self.numbers) == len(acked) and self.seqs == acked and all(map(int.__eq__, self.numbers, range(len(acked)))):
            return []  # as it nearly always is: everything once and in order
        counts = Counter(self.numbers)
        found = []
        if lost := [number for number in range(len(acked)) if number not in counts]:
            found.append(f"lost {_some(lost)}")
        if doubled := [number for number, count in counts.items() if count > 1]:
            found.append(f"got {_some(doubled)} more than once")
        pairs = zip(self.numbers, self.seqs, strict=True)
        wrong = [number for number, seq in pairs if acked[number] not in {seq, UNKNOWN}]
        if wrong:
            found.append(f"got {_some(wrong)} under another seq than was acked")
        return found


def _some(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:SHOWN])) or "none"
    return f"{shown} … ({len(numbers):,} of them)" if len(numbers) > SHOWN else shown
