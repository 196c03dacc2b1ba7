"""How networks and programs are printed, parsed and stored."""
