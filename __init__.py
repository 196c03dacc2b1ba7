"""snnc: train, compile, simulate and verify spiking neural networks, exactly."""

__version__ = "0.1.0"
