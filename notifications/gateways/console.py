"""Writes notices to the log: the embedded default while no push service is set up."""

import logging

from notifications.gateways.base import Notice

logger = logging.getLogger("notifications.push")


class ConsoleGateway:
    def push(self, notice: Notice) -> None:
        logger.info(
            "push to device %d: conversation %d has %d unread, newest seq %d",
            notice.device, notice.conversation, notice.badge, notice.seq,
        )  # fmt: skip
