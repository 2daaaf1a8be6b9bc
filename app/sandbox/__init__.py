"""The sandbox: a pool of child processes that read files from outside, and what they run."""
