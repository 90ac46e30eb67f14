"""Every setting, read from the environment once; .env.example lists what can be set and README says which matter."""

import os
import secrets
import sys
from pathlib import Path
from typing import Any

from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _

from chatsite.environment import BASE_DIR, env, env_flag, env_float, env_int, env_words
from chatsite.gateways import chosen_gateways, vapid_key_file, vapid_keys
from chatsite.profiles import cassandra_options, chosen_profile, chosen_role, chosen_websockets


def _secret_key(data_dir: Path) -> str:
    """SECRET_KEY of the environment, else one made once and kept, readable by us alone, in the data directory."""
    if key := env("SECRET_KEY"):
        return key
    path = data_dir / "secret_key"
    try:
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(64))
    except FileExistsError:
        pass
    return path.read_text().strip()


DATA_DIR = Path(env("DATA_DIR") or BASE_DIR / "var").resolve()
DATA_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)

DEBUG = env_flag("DEBUG")
SECRET_KEY = _secret_key(DATA_DIR)

# What people type into the address bar. A phone on the local network joins through an address `serve` adds at run time.
ALLOWED_HOSTS = env_words("ALLOWED_HOSTS", "localhost 127.0.0.1 [::1]")
CSRF_TRUSTED_ORIGINS = env_words("TRUSTED_ORIGINS")
# Origins besides our own that may open the socket (a native app's web view, say).
SOCKET_ORIGINS = CSRF_TRUSTED_ORIGINS
HTTPS = env_flag("HTTPS")

INSTALLED_APPS = [
    *(["daphne"] if "runserver" in sys.argv else []),  # only the development server wants it; it brings Twisted along
    "chatsite.discovery",
    "accounts",
    "presence",
    "notifications",
    "messaging",
    "chatsite",
    "channels",
    "ninja",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.headless",
    "csp",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "chatsite.opener.opener_policy",
    "chatsite.away.part_is_away",
    "chatsite.middleware.Security",
    "chatsite.middleware.ContentSecurityPolicy",
    "chatsite.middleware.Sessions",
    "chatsite.middleware.Locale",
    "chatsite.middleware.Common",
    "chatsite.middleware.Csrf",
    "chatsite.middleware.Authentication",
    "accounts.middleware.user_language",
    "chatsite.middleware.Messages",
    "chatsite.middleware.Framing",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "chatsite.urls"
ASGI_APPLICATION = "chatsite.asgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
        },
    },
]

# What the instance stands on (chatsite/profiles.py), and what this process does in it.
PROFILE = chosen_profile(DATA_DIR)
ROLE = chosen_role()
WEBSOCKETS = chosen_websockets()
NODE_NAME = PROFILE.node_name
# How many sockets a node is good for, and over how long it sends them elsewhere before it ends.
NODE_CAPACITY = env_int("NODE_CAPACITY", 20_000)
DRAIN_SECONDS = env_float("DRAIN_SECONDS", 10 if env("CHATSITE_PROFILE") == "distributed" else 0)

# Accounts, memberships and settings.
DATABASES: dict[str, dict[str, Any]] = {"default": PROFILE.database}
# For what of a request is not asynchronous. The pool of PostgreSQL also serves the sockets' thread and whoever asks whether we are ready.
REQUEST_THREADS = max(1, env_int("DATABASE_CONNECTIONS", 8) - 2)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": PROFILE.cache}
# Where Cassandra is: then `manage.py sync_cassandra` makes the tables of messaging.models.cassandra.
CASSANDRA = cassandra_options()
if CASSANDRA["hosts"]:
    INSTALLED_APPS.insert(0, "django_cassandra_engine")  # its commands come before Django's
    INSTALLED_APPS.append("chatsite.coordination")
    DATABASES["cassandra"] = {
        "ENGINE": "django_cassandra_engine",
        "NAME": CASSANDRA["keyspace"],
        "HOST": ",".join(CASSANDRA["hosts"]),
        "OPTIONS": {
            "replication": {
                "strategy_class": "NetworkTopologyStrategy",
                CASSANDRA["datacenter"]: env_int("CASSANDRA_REPLICAS", 3),
            },
            "connection": {"lazy_connect": True, "port": CASSANDRA["port"]},
        },
    }

# Ports and their adapters (docs/architecture.md).
DISCOVERY = PROFILE.discovery
CHANNEL_LAYERS = {"default": PROFILE.channel_layer}
SEQUENCER = PROFILE.sequencer
MESSAGE_LOG = PROFILE.message_log
INBOX = PROFILE.inbox
RECEIPTS = PROFILE.receipts
TICKETS = PROFILE.tickets
PRESENCE = PROFILE.presence
SHOWN = PROFILE.shown
PUSHER = PROFILE.pusher
# The push services we can send to. The key of web push is a file, made by `manage.py prepare` or `manage.py vapid`.
VAPID_KEY_FILE = vapid_key_file(DATA_DIR)
_VAPID_KEY, VAPID_PUBLIC_KEY = vapid_keys(VAPID_KEY_FILE)
PUSH_HOSTS = env_words("PUSH_HOSTS")
PUSH_GATEWAYS = chosen_gateways(_VAPID_KEY)
# Celery's broker; an embedded instance has none. A task of a worker that was killed comes back after so long: none may take longer.
REDIS_URL = env("REDIS_URL")
TASK_SECONDS_MAX = 60

# How fast one user may send: so many messages a second, and so many at once.
SEND_RATE = env_float("SEND_RATE", 20)
SEND_BURST = env_float("SEND_BURST", 100)
# The same of what is read in bulk: pages of history, syncs, who is online.
ASK_RATE = env_float("ASK_RATE", 50)
ASK_BURST = env_float("ASK_BURST", 200)
# How many devices a second this process sends on to nodes; the others are told when to come.
ARRIVALS_PER_SECOND = env_float("ARRIVALS_PER_SECOND", 200)

# Accounts.
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
SESSION_ENGINE = "accounts.sessions"
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/accounts/login/"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
# How many proxies of ours stand in front and append to X-Forwarded-For; with 0 the header is a client's word and ignored.
TRUSTED_PROXIES = env_int("TRUSTED_PROXIES", 0)

ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "accounts.login_forms.LoginForm",
    "signup": "accounts.login_forms.SignupForm",
    "add_email": "accounts.login_forms.AddEmailForm",
    "change_password": "accounts.login_forms.ChangePasswordForm",
    "set_password": "accounts.login_forms.SetPasswordForm",
    "reset_password": "accounts.login_forms.ResetPasswordForm",
    "reset_password_from_key": "accounts.login_forms.ResetPasswordKeyForm",
    "reauthenticate": "accounts.login_forms.ReauthenticateForm",
}
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "email"]
ACCOUNT_PRESERVE_USERNAME_CASING = False
ACCOUNT_USERNAME_MIN_LENGTH = 2
ACCOUNT_USERNAME_BLACKLIST = ["admin", "administrator", "root", "system", "support", "chatsite", "everyone", "here"]
# An e-mail address is optional and may stand unverified with several accounts: who signs up learns nothing about who else did.
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_MAX_EMAIL_ADDRESSES = 3
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
ACCOUNT_RATE_LIMITS = {
    "signup": "60/m/ip,1000/d/ip",
    "login": "60/m/ip",
    # By address, and by account whatever the address: five wrong passwords rest an account for five minutes.
    "login_failed": "20/m/ip,200/d/ip,5/5m/key",
    "reset_password": "10/m/ip,3/10m/key",
    "reset_password_from_key": "20/m/ip",
    "change_password": "5/m/user",
    "manage_email": "10/m/user",
    "reauthenticate": "10/m/user",
}
USERSESSIONS_ADAPTER = "accounts.adapters.SessionsAdapter"

MFA_ADAPTER = "accounts.adapters.MFAAdapter"
MFA_FORMS = {
    "authenticate": "accounts.login_forms.AuthenticateForm",
    "reauthenticate": "accounts.login_forms.ReauthenticateByCodeForm",
    "activate_totp": "accounts.login_forms.ActivateTOTPForm",
    "add_webauthn": "accounts.login_forms.AddKeyForm",
    "edit_webauthn": "accounts.login_forms.EditKeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # many instances send no mail at all
MFA_TOTP_TOLERANCE = 1
# With it, Django admin opens only to staff who have set up a second factor.
ADMIN_NEEDS_SECOND_FACTOR = env_flag("ADMIN_NEEDS_SECOND_FACTOR")

HEADLESS_CLIENTS = ("app", "browser")
HEADLESS_ADAPTER = "accounts.adapters.HeadlessAdapter"
HEADLESS_TOKEN_STRATEGY = "accounts.tokens.DeviceTokens"
HEADLESS_SERVE_SPECIFICATION = True
HEADLESS_SPECIFICATION_TEMPLATE_NAME = "headless/spec.html"

# Pages.
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "chatsite.static.HashedStaticFiles"},
}

# Browser security. Nothing inline but what carries the nonce; sockets only to ourselves and to the chat nodes.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF, *env_words("NODE_ORIGINS")],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    },
}
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = 90 * 24 * 3600
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_SSL_REDIRECT = False
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_310_720

# Printed to the log until a mail server is named.
EMAIL_HOST = env("EMAIL_HOST")
EMAIL_PORT = env_int("EMAIL_PORT", 587)
EMAIL_HOST_USER = env("EMAIL_USER")
EMAIL_HOST_PASSWORD = env("EMAIL_PASSWORD")
EMAIL_USE_TLS = EMAIL_PORT == 587
EMAIL_USE_SSL = EMAIL_PORT == 465
EMAIL_TIMEOUT = 10
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"
DEFAULT_FROM_EMAIL = env("EMAIL_FROM", "Chatsite <noreply@localhost>")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
        "one_line": {"()": "chatsite.core.logs.OneLine", "format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
    },
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line"},
        "stderr_brief": {"class": "logging.StreamHandler", "formatter": "one_line"},
    },
    "loggers": {
        "django.security": {"handlers": ["stderr_brief"], "propagate": False},
        "cassandra": {"level": "ERROR"},  # it warns of what is chosen on purpose
    },
    "root": {"handlers": ["stderr"], "level": env("LOG_LEVEL", "INFO")},
}
