"""The HTTP service: uploads, fits, their results, and what the service can do."""
