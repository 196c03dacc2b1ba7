"""NIR, the Neuromorphic Intermediate Representation (arXiv 2311.14641), read from its files and written."""
