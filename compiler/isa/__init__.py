"""The contract with the hardware: arithmetic, addresses, flits."""
