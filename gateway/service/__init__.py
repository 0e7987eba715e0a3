"""The service: what systemd is told and tells. Where there is no systemd, nothing is said."""
