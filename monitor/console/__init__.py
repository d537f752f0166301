"""The operators' page and HTTP API: reads the store through its desk, writes only what a person decided."""
