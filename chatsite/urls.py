"""Every address of the instance: pages, REST, account flows, admin."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("api/auth/", include("allauth.headless.urls")),
    path("admin/", admin.site.urls),
]
