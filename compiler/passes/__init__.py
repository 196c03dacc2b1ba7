"""Passes of the compiler: each a frozen dataclass in a file of its own, its fields its options."""
