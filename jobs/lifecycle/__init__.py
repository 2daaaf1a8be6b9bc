"""The life of a fit: from asked for to succeeded, failed or cancelled."""
