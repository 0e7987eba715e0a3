"""Room 3, the journal: what was heard, kept in SQLite until every destination has it."""
