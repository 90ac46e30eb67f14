"""The JSON of accounts: ids are strings, times are whole milliseconds, unknown fields are ignored."""

from datetime import datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field, StringConstraints

from accounts.models import Device, User
from accounts.services.privacy import CHOICES
from chatsite.core.ids import MAX_ID

Id = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,19}$")]
IdNumber = Annotated[int, Field(ge=0, le=MAX_ID)]
Milliseconds = Annotated[int, Field(description="Milliseconds since 1970-01-01 UTC")]
Text = Annotated[str, Field(max_length=1000)]


def milliseconds(moment: datetime) -> int:
    """Whole milliseconds since 1970-01-01 UTC."""
    return int(moment.timestamp() * 1000)


class UserOut(Schema):
    """What anyone may see of a person."""

    id: Id
    username: str
    display_name: str

    @classmethod
    def of(cls, user: User) -> "UserOut":
        return cls(id=str(user.id), username=user.username, display_name=user.shown_name)


class MeOut(Schema):
    """What a person sees of themselves."""

    user: UserOut
    device: Id
    email: str
    locale: Literal["", "en", "zh-hans"]
    theme: Literal["system", "light", "dark"]


class ProfileIn(Schema):
    """What a person may change about themselves. Nothing else is read, whatever is sent."""

    display_name: Text | None = None
    locale: Text | None = None
    theme: Text | None = None


class PrivacyOut(Schema):
    """What a person leaves open to whom. `requests_from` "nobody": only by invite link."""

    messages_from: Literal["everyone", "contacts"]
    requests_from: Literal["everyone", "nobody"]
    groups_from: Literal["everyone", "contacts", "nobody"]
    online_to: Literal["everyone", "contacts", "nobody"]
    last_active_to: Literal["everyone", "contacts", "nobody"]

    @classmethod
    def of(cls, user: User) -> "PrivacyOut":
        return cls(**{name: getattr(user, name) for name in CHOICES})


class PrivacyIn(Schema):
    """The settings to change."""

    messages_from: Text | None = None
    requests_from: Text | None = None
    groups_from: Text | None = None
    online_to: Text | None = None
    last_active_to: Text | None = None


class InviteLinkOut(Schema):
    """The link by which its owner is found."""

    code: str | None
    url: str | None


class DeviceOut(Schema):
    """One login of one's own."""

    id: Id
    name: str
    kind: Literal["browser", "app"]
    ip: str | None
    created_at: Milliseconds
    last_seen_at: Milliseconds
    current: bool
    connected: bool

    @classmethod
    def of(cls, device: Device, *, current_id: int, connected: set[int]) -> "DeviceOut":
        return cls(
            id=str(device.id),
            name=device.name,
            kind=device.kind,  # type: ignore[arg-type]
            ip=device.ip,
            created_at=milliseconds(device.created_at),
            last_seen_at=milliseconds(device.last_seen_at),
            current=device.id == current_id,
            connected=device.id in connected,
        )


class DeviceIn(Schema):
    """A device's new name."""

    name: Text
