"""`snnc bench`: cost of simulation and compilation, fairly measured, beside peers and aims."""
