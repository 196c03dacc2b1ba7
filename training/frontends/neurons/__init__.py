"""Neurons of other frameworks, found by the names of their classes; no framework is imported."""
