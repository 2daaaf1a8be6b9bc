"""Samplers: chains of draws from the posterior; one file a method."""
