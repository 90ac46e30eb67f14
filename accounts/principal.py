"""Who a request speaks for."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Principal:
    """An authenticated request's user and device; ids only, so that it can go anywhere without touching the database."""

    user_id: int
    device_id: int
    username: str
    is_staff: bool
