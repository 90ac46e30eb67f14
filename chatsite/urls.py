"""Every address of the instance: pages, REST, account flows, admin."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from chatsite.api import api

urlpatterns = [
    path("", include("accounts.urls")),
    path("accounts/sessions/", RedirectView.as_view(pattern_name="accounts:devices")),
    path("accounts/", include("allauth.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("api/v1/", api.urls),
    path("api/auth/", include("allauth.headless.urls")),
    path("admin/", admin.site.urls),
]
