"""Brevitas layers with the integer arithmetic, and models made of them."""
