"""The sandbox: child processes with limits on memory and time, the only place where files from outside are opened.

`pool.Sandbox.call` runs a function in a child: those of `upload_checks` say what is in a file and whether images go
together, those of `file_products` make proposals, arrays, pictures and tables. A library that crashes, hangs or fills
the memory over a hostile file costs one call, and what it makes of itself sees no other file, no network and no key of
the service (`walls`, `walled_call`; docs/decisions/0002-sandboxed-parsing.md).
"""
