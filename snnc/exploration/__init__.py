"""The search for the best design on a device, and its picture."""
