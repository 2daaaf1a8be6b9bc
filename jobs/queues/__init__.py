"""Queues: which one a fit waits in, who is waiting, and when it will start."""
