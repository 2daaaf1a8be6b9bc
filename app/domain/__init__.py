"""The service's decisions, free of HTTP: one function for each thing that a route can ask for.

Each takes the service's parts (`app.lifetime.services.Services`) and the owner's id, returns a record or what was made,
and raises a problem of `app.errors` where it may not, with nothing stored. Nothing of another owner is ever found: it
answers as what does not exist does.

- `submission` queues a fit, `dry_run` says what it would do, `limits` what may be asked for; `fits` is what can be done
  with one, `fit_changes` waits for it, `merge_patch` makes the request of a rerun
- `uploads` checks and keeps files, `upload_fetch` fetches them, `temporary_files` receives them; `planes` shows what is
in them,
  `request_proposals` makes requests of them, `searches` does so as jobs
- `results` finds a result's files, `result_formats` converts them, `plots` draws them, `bundle` packs them
- `accounts`, `examples`, and `uws` for clients of the Virtual Observatory
"""
