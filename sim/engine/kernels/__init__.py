"""The hardware's parts as Numba kernels."""
