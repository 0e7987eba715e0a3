"""The one route of the SensorThings server in the tests (Django reads it by its name)."""

from __future__ import annotations

from django.urls import include, path  # type: ignore[import-untyped]  # it ships without types

urlpatterns = [path("sensorthings/", include("sensorthings.versions.v1_1.urls"))]
