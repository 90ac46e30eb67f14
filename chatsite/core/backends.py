"""Loads the adapter of a port from a setting of Django's usual form, `{"BACKEND": "dotted.path", "OPTIONS": {…}}`."""

from typing import Any, TypeVar, cast

from django.conf import settings
from django.utils.module_loading import import_string

Port = TypeVar("Port")


def load(setting: str, port: type[Port]) -> Port:
    """Builds the adapter that `setting` names.

    Raises ImproperlyConfigured (through import) or TypeError when the path or its options are wrong: at start, not at first use.
    """
    spec: dict[str, Any] = getattr(settings, setting)
    return cast("Port", import_string(spec["BACKEND"])(**spec.get("OPTIONS", {})))
