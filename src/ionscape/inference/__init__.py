"""Fits: parameters, forward model, least squares, profile likelihood, posterior."""
