"""Writes notices to the log, without what they say: for whoever builds an app and has no push service."""

import logging

from notifications.protocol import Outcome, Push, Sent

logger = logging.getLogger("notifications.push")


class ConsoleGateway:
    async def push(self, push: Push) -> Outcome:
        notice = push.notice
        logger.info(
            "push to device %d: %s, conversation %d up to %d, %d unread in all",
            push.subscriber.device, notice.kind, notice.conversation, notice.seq, notice.badge,
        )  # fmt: skip
        return Sent()

    async def close(self) -> None: ...
