"""Training: recipes, losses, the loop, and what is measured of the result."""
