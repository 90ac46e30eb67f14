"""Every address of the instance: pages, REST, account flows, admin."""

from django.contrib import admin
from django.urls import include, path

from chatsite.api import api

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("api/v1/", api.urls),
    path("api/auth/", include("allauth.headless.urls")),
    path("admin/", admin.site.urls),
]
