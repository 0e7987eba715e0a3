"""What can be read of a damaged database is taken over into a new one, and what is lost is said in words."""
