"""The service's lifetime: its parts from start to end, whether they answer, and nudges to and from the broker.

`services.open_services` opens database, blobs, sandbox, reconciler and the like in their order and closes them in the
other; `services.Services` is what every function of `app.domain` is given. `nudges` wakes workers and hears of changes.
"""
