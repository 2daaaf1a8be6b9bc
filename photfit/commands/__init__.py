"""One file per command. Each imports at its top what `photfit --help` can afford, and the rest when it runs."""
