"""An app for its table in Cassandra; installed where Cassandra is configured."""

from django.apps import AppConfig


class CoordinationConfig(AppConfig):
    name = "chatsite.coordination"
    label = "chatsite_coordination"
