"""The REST API, `/api/v1`: its routers, its documentation, and one form for everything that goes wrong."""

from ninja import NinjaAPI

from accounts.api import devices, people, privacy
from accounts.api.auth import DeviceAuth
from chatsite.problems import JsonBody, tell_problems
from messaging.api import contacts, conversations, live, messages
from messaging.api import push as conversation_push
from notifications.api import push

DESCRIPTION = """
Everything a client can do, for apps and browsers alike. Log in through `/api/auth/` ([its reference](/api/auth/openapi.html)),
then send the token as `X-Session-Token` or `Authorization: Bearer …`.

The socket, `/ws/v1`, takes the same commands and brings the events.

Ids are strings, times are milliseconds since 1970 UTC, unknown fields are ignored, and every error is an RFC 9457 problem.
"""

api = NinjaAPI(
    title="Chatsite",
    version="1",
    description=DESCRIPTION,
    urls_namespace="api",
    auth=DeviceAuth(),
    parser=JsonBody(),
)
tell_problems(api)

api.add_router("", people.router)
api.add_router("", privacy.router)
api.add_router("", devices.router)
api.add_router("", contacts.router)
api.add_router("", live.router)
api.add_router("", push.router)
api.add_router("/conversations", conversations.router)
api.add_router("/conversations/{int:conversation_id}", messages.router)
api.add_router("/conversations/{int:conversation_id}", conversation_push.router)
