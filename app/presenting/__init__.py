"""Records and files as the outside sees them: fits, places in queues, accounts, metrics, UWS documents, responses.

A warning comes to the page in four steps: a `Notice` with a code of the table in `fitting/spec/notices.py`; kept, each
once, in the fit's record by `jobs/lifecycle/transitions.py` (of its submission by `create`, of its result by `finish`);
shown by `present_fit` in `app/presenting/fits.py`, as `notices` and as `warnings`, their sentences; drawn by
`app/page/js/views/result.js`. There is no other way (docs/decisions/0027-notices.md).
"""
