"""Trained networks without spikes become spiking networks without training."""
