from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People, their devices and their settings."""

    name = "accounts"
