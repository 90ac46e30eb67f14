"""Settings of a server under test that is embedded but for its database, which is PostgreSQL."""

import os

from chatsite.profiles import postgresql
from chatsite.settings import *  # noqa: F403

DATABASES = {
    "default": postgresql(os.environ["TEST_DATABASE_URL"], connections=int(os.environ["DATABASE_CONNECTIONS"])),
}
