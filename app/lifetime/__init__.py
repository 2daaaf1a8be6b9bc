"""The service's lifetime: its parts, waking workers, and listening for changes."""
