"""Every address of the instance: pages, REST, account flows, admin."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from accounts.api.spec import openapi_json
from chatsite import error_pages
from chatsite.api import api
from messaging import pages

urlpatterns = [
    path("", include("accounts.urls")),
    path("", include("notifications.urls")),
    path("accounts/sessions/", RedirectView.as_view(pattern_name="accounts:devices")),
    path("accounts/", include("allauth.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("api/v1/", api.urls),
    path("api/auth/openapi.json", openapi_json),
    path("api/auth/openapi.yaml", RedirectView.as_view(url="openapi.json")),
    path("api/auth/", include("allauth.headless.urls")),
    path("admin/password_change/", RedirectView.as_view(pattern_name="account_change_password")),
    path("", pages.chat, name="chat"),
    path("c/<int:conversation_id>", pages.chat, name="conversation"),
    path("contacts", pages.chat, name="contacts"),
    path("invite/<str:code>", pages.chat, name="invite"),
    path("sw.js", pages.service_worker, name="service_worker"),
    path("admin/", admin.site.urls),
    path("favicon.ico", error_pages.favicon),
]

handler400 = error_pages.bad_request
handler403 = error_pages.forbidden
handler404 = error_pages.not_found
handler429 = error_pages.too_many  # allauth looks for it
handler500 = error_pages.failed
