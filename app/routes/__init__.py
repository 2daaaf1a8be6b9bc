"""The routes, a file for each kind of thing: each parses, calls one function of `app.domain` and returns a model.

No SQL, no file and no broker here. `bodies` reads what types cannot (files, forms, JSON as it is); `request_bodies`
says so in the OpenAPI document, with examples that a test tries. How to add one: docs/contributing/add-a-route.md.
"""
