"""The project itself as an app: its system checks and management commands."""

from django.apps import AppConfig

from chatsite import checks


class ChatsiteConfig(AppConfig):
    name = "chatsite"

    def ready(self) -> None:
        checks.register_all()
