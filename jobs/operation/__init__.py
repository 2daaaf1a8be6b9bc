"""Operation: logs, tallies, spans, jobs of UWS, and telling others that a fit is final."""
