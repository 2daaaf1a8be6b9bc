"""HTTP as any service has it, whatever it does: what surrounds requests, and how answers go out.

- `request_context`: a request's id, its log line, the limit of its body
- `request_parameters`: `Prefer: wait=N`, and queries that give one value twice; `rate_limits`: how often somebody may
ask
- `problem_documents`: every error as a problem document (RFC 9457), passing trouble as 503
- `file_responses`, `entity_tags`, `compression`: files whole, in part (RFC 9110, 14), unchanged (304), in zstd or gzip
"""
