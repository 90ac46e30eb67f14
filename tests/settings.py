"""Settings of tests inside pytest: the real ones, on data of their own. Servers that tests start use the real ones."""

import atexit
import os
import re
import shutil
import tempfile
from pathlib import Path

# Before the real settings read them. A developer's .env must not decide how tests end.
os.environ["ENV_FILE"] = os.devnull
os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="chatsite-tests-")
atexit.register(shutil.rmtree, os.environ["DATA_DIR"], ignore_errors=True)
for name in re.findall(r"^#?([A-Z_]+)=", (Path(__file__).parent.parent / ".env.example").read_text(), re.MULTILINE):
    if name not in {"DATA_DIR", "ENV_FILE"}:
        os.environ.pop(name, None)

from chatsite.profiles import postgresql  # noqa: E402
from chatsite.settings import *  # noqa: E402, F403
from chatsite.settings import DATA_DIR, DATABASES, STORAGES  # noqa: E402

if url := os.environ.get("TEST_DATABASE_URL"):  # as tests/test_postgresql.py sets it
    DATABASES["default"] = postgresql(url, connections=8)
else:
    # A file, not memory: threads of one test share it as the threads of the server do.
    DATABASES["default"]["TEST"] = {"NAME": DATA_DIR / "test.sqlite3"}
# Pages render without collected static files; tests/test_static.py looks at the collected ones.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
# Scrypt costs 60 ms a password; a test that asks for it names it.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", "django.contrib.auth.hashers.ScryptPasswordHasher"]
