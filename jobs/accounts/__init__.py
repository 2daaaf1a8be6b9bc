"""Accounts: users, their keys and sessions, and what each uses."""
