"""An embedded OneRoster provider with a generated district, for trying and for testing."""
