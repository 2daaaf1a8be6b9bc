"""The photfit command line and Python client.

This package is light: it imports neither torch nor FastAPI until a command that runs a server or a local fit asks for
them. The engine is `fitting`, the service is `app` (HTTP) and `worker` (Celery), and `jobs` is what those two share.
"""
