"""The routes: each parses, calls one domain function and returns a model."""
