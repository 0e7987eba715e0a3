"""Room 5, normalise: readings become observations in the vocabulary's units. Pure."""
