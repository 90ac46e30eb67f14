"""Why a process cannot start; apart from the other errors, which need the settings, while these may come of the settings."""


class StartupRefused(RuntimeError):
    """The server cannot start as things are; the text tells the operator why, and `manage.py` prints just that."""
