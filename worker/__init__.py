"""The Celery worker: takes a fit, runs the engine, reports, and stores what came out."""
