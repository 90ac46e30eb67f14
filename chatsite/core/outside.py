"""What goes on beside requests: it may outlive the one that began it, and waits for no thread of one."""

import contextvars

from asgiref.sync import SyncToAsync


def outside_requests() -> contextvars.Context:
    """A copy of the present context for a task that serves many; its database calls go to the thread that is nobody's."""
    context = contextvars.copy_context()
    context.run(SyncToAsync.thread_sensitive_context.set, None)  # type: ignore[arg-type]  # asgiref takes it for none
    return context
