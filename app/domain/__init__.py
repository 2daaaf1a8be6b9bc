"""What the routes call: the service's decisions, free of HTTP."""
