"""Upkeep: backups of a service, and the check that every file is there as it was stored."""
