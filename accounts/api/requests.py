"""The type of an authenticated request."""

from django.http import HttpRequest

from accounts.principal import Principal


class AuthenticatedRequest(HttpRequest):
    """A request that DeviceAuth has let in."""

    auth: Principal
