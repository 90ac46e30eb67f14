#!/usr/bin/env python
"""Runs Django's and Chatsite's management commands."""

import os
import sys

from django.core.management import execute_from_command_line

from chatsite.core.startup import StartupRefused

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
    try:
        execute_from_command_line(sys.argv)
    except StartupRefused as reason:  # of the settings, or of what an app needs before any command runs
        sys.exit(str(reason))
    except KeyboardInterrupt:
        sys.exit(130)  # what a shell says of a command ended by Ctrl-C
