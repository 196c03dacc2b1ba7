"""The simulator: functional and cycle tiers over one tiled program, energy and reports."""
