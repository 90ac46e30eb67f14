"""People, their devices, and how they stand to each other."""

from accounts.models.people import (
    DEVICE_NAME_MAX,
    DISPLAY_NAME_MAX,
    USER_AGENT_MAX,
    USERNAME_MAX,
    Audience,
    Device,
    Founding,
    User,
    UserManager,
    canonical_username,
)
from accounts.models.ties import Block, Contact, InviteLink

__all__ = [
    "DEVICE_NAME_MAX",
    "DISPLAY_NAME_MAX",
    "USERNAME_MAX",
    "USER_AGENT_MAX",
    "Audience",
    "Block",
    "Contact",
    "Device",
    "Founding",
    "InviteLink",
    "User",
    "UserManager",
    "canonical_username",
]
