"""The roster in another system's form: OneRoster bundles, what Moodle imports, plain tables. Reads only."""
