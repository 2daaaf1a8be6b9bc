"""Worker: takes a fit from its queue, runs the engine, reports, and stores what came out.

    python -m worker --queues quick,cpu        # until SIGTERM; a running fit then goes back to the queue

Where to open first:

- *How does a worker start?* `application.py`: a parent that listens (Celery) and reports its presence, and one spawned
  child that computes; `connections.py` is what the child keeps from one fit to the next.
- *What happens when a bell rings?* `bells.py` in the parent: is there work at all? then `tasks.py` in the child.
- *What happens to a fit here?* `running.py`: whose turn it is, one attempt, and what becomes of it by what stopped it.
- *How does a cancel reach the engine?* `lease.py` (the heartbeat sees it in the record), then `reporting.py` (the
  engine's next report raises `Cancelled`). jobs/README.md has a fit's whole life.
- *What outlives a worker that dies?* `checkpoints.py`: what a sampler goes on from; what is in them is told by
  `fitting/methods/samplers/chain_store.py`.
- *What is seen of a fit while it runs?* `reporting.py` (numbers), `residual_pictures.py` (pictures);
  docs/decisions/0023-watching-a-fit.md says why.
"""
