"""Operation: logs, tallies, retention, and telling others that a fit is final."""
