"""What is said between those who decide on a push, those who send it, and the push services. No IO."""

from typing import Any, Literal

import msgspec

PAYLOAD_MAX = 4_000  # bytes; push services take 4,096, of which encryption needs about a hundred
TITLE_MAX = 100  # characters
BODY_MAX = 300

Kind = Literal["message", "read", "test"]


class Subscriber(msgspec.Struct, frozen=True):
    """Where one device takes pushes. `address` and `secret` are never logged."""

    device: int
    user: int
    gateway: str
    address: str  # an endpoint, a registration token
    p256dh: str = ""  # of web push: the browser's key and its secret, base64url
    secret: str = ""
    server_key: str = ""  # of web push: the VAPID key it was made for
    sandbox: bool = False  # of APNs: a build from a developer's machine


class Notice(msgspec.Struct, frozen=True):
    """What a device shows (`message`, `test`) or takes away (`read`: up to `seq`).

    Notices of one conversation replace each other. `body` says how many messages there are, and holds text of one only where its reader chose
    previews. `badge` is how much is unread in all.
    """

    kind: Kind
    conversation: int = 0
    seq: int = 0
    badge: int = 0
    title: str = ""
    body: str = ""

    @property
    def collapse_id(self) -> str:
        """At most 32 characters of base64url: what RFC 8030 allows for a topic."""
        return f"c{self.conversation}"

    def payload(self) -> dict[str, Any]:
        """What the app or the service worker is given."""
        given: dict[str, Any] = {"type": self.kind, "badge": self.badge}
        if self.conversation:
            given |= {"conversation": str(self.conversation), "seq": self.seq}
        if self.kind != "read":
            given |= {"title": self.title[:TITLE_MAX], "body": self.body[:BODY_MAX]}
        return given


class Push(msgspec.Struct, frozen=True):
    subscriber: Subscriber
    notice: Notice


class Sent(msgspec.Struct, frozen=True):
    """The push service has taken it."""


class Gone(msgspec.Struct, frozen=True):
    """The device takes no pushes there any more: forget the subscription, unless it was made after `since` (ms)."""

    reason: str
    since: int | None = None


class Later(msgspec.Struct, frozen=True):
    """Not now: try again, after `seconds` if the service said so."""

    reason: str
    seconds: float | None = None


class Refused(msgspec.Struct, frozen=True):
    """The service does not accept *us*: somebody has to look at the keys. The subscription stays."""

    reason: str


class Dropped(msgspec.Struct, frozen=True):
    """This notice will never be taken; others may."""

    reason: str


class Omitted(msgspec.Struct, frozen=True):
    """It was not sent, because that kind of service is better not told: no success and no failure."""


Outcome = Sent | Gone | Later | Refused | Dropped | Omitted
