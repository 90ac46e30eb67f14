"""The addresses of the account pages that are ours."""

from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("welcome/", views.welcome, name="welcome"),
    path("welcome/next/", views.next_steps, name="next_steps"),
    path("accounts/login/", views.log_in, name="login"),
    path("accounts/signup/", views.sign_up, name="signup"),
    path("accounts/settings/", views.settings_page, name="settings"),
    path("accounts/privacy/", views.privacy_page, name="privacy"),
    path("accounts/devices/", views.devices_page, name="devices"),
    path("accounts/devices/revoke-others/", views.revoke_other_devices, name="revoke_other_devices"),
    path("accounts/devices/<int:device_id>/rename/", views.rename_device, name="rename_device"),
    path("accounts/devices/<int:device_id>/revoke/", views.revoke_device, name="revoke_device"),
]
