"""Every format, every quantity, every kind of trouble: what a platform holds in the end is what was measured, once."""
