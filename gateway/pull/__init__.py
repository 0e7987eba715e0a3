"""A fleet's configuration: fetched, proved by its signature, tried, put in place, and taken back where the box does worse with it."""
