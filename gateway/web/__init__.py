"""The dashboard and its API: HTTP in, the desk's answers out (docs/decisions/0080-in-the-field.md, "The API").

Only where `[web]` is in the configuration is anything of it loaded.
"""
