"""Both tiers of the simulator: pools of words, and the loops over them."""
