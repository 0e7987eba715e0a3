"""Destinations tried out: against stand-ins, and against all that can go wrong on the way."""
