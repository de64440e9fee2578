"""Speaks OneRoster over HTTP and turns what comes into records; knows nothing of the database."""
