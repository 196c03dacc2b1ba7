"""The local page of `snnc view`: a sample, step by step, from the simulator that stands behind it."""
