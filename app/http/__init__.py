"""HTTP: what it asks of any service, whatever the service does."""
