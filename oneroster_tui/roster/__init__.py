"""The local store: schema, migrations and every read of it; knows nothing of HTTP."""
