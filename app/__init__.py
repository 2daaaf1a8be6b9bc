"""The HTTP service: uploads, fits, their results, and what the service can do.

A request passes `http` (its id, limits, coding), `dependencies` (who is asking), one of `routes` (parses it), one
function of `domain` (decides and stores), and `presenting` (from the record to a model of `models`). Files from outside
are opened in `sandbox` alone; `lifetime` holds what lives as long as the process. `errors` is below all of them.

Where to read on:

- where an upload is checked: `app.domain.uploads.store`, `app.sandbox.upload_checks.check_file`,
`fitting.files.describe_file`
- how a request becomes a fit: `app.domain.submission.submit_fit`
- how a queue is chosen: `app.domain.submission.queue_for`, `jobs.queues.queue_choice.choose_queue`
- how a warning reaches the page: see `app.presenting`
"""
