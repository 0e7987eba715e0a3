"""Stand-ins for city platforms: they check what they get, refuse, stall and forget when told to."""
