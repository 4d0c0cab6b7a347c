"""Lyo: courses on any topic, grounded in sources, written by a model on the operator's own machine."""
