"""What the fault tests found, as a table: `make faults` writes it into docs/reliability.md."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from tests.journeys.history import Send

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "reliability.md"
BEGIN, END = "<!-- measured: begin -->\n", "<!-- measured: end -->\n"
HEADER = "| fault | seconds | acked | unknown | refused | longest gap without an ack | checker |\n|---|---|---|---|---|---|---|\n"


@dataclass(frozen=True)
class Row:
    """One trial. `refusals` are those that were tried again, by their codes; `complaints` are the checker's."""

    fault: str
    seconds: float
    sends: list[Send]
    refusals: list[str]
    complaints: list[str]
    bug: str = ""  # planted: then there must be complaints

    def count(self, outcome: str) -> int:
        return sum(send.outcome == outcome for send in self.sends)

    @property
    def longest_gap_seconds(self) -> float:
        ends = sorted(send.ended_at for send in self.sends if send.outcome == "ok")
        return max((later - earlier for earlier, later in pairwise(ends)), default=0.0)

    def __str__(self) -> str:
        verdict = (
            "nothing lost, doubled, reordered or skipped" if not self.complaints else f"**{len(self.complaints)} complaints**"
        )
        numbers = f"{self.seconds:.0f} | {self.count('ok')} | {self.count('unknown')} | {self.count('fail')}"
        return f"| {self.fault} | {numbers} | {self.longest_gap_seconds:.1f} s | {verdict} |"


def write(rows: Iterable[Row]) -> None:
    """Puts the tables between the marks of the page: what the checker was to find nothing in, and the bugs it was to catch."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    sound = [row for row in rows if not row.bug]
    caught = [row for row in rows if row.bug]
    tables = f"As of {datetime.now(UTC).date().isoformat()}:\n\n{HEADER}" + "".join(f"{row}\n" for row in sound)
    if caught:
        tables += "\n| planted bug | complaints | the first of them |\n|---|---|---|\n"
        tables += "".join(f"| {row.bug} | {len(row.complaints)} | {(row.complaints or ['**none**'])[0]} |\n" for row in caught)
    PAGE.write_text(before + BEGIN + tables + END + after)
