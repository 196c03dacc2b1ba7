"""The same samples through every execution, compared number by number."""
