"""HTTP as any service has it, whatever it does: what surrounds requests, and how answers go out.

- `request_context`: a request's id, its log line, the limit of its body
- `request_parameters`: `Prefer: wait=N` (RFC 7240), `Range` (RFC 9110, 14), queries that give one value twice
- `rate_limits`: how often somebody may ask
- `problem_documents`: every error as a problem document (RFC 9457), passing trouble as 503
- `entity_tags`, `compression`: what a client has already (304), answers in zstd or gzip

It imports nothing of the app but its errors; a contract of the imports in pyproject.toml holds that.
"""
