"""Quantised spiking networks in PyTorch and Brevitas whose forward pass is the integer contract."""
