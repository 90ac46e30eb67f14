"""The load generator, and what it measures."""
