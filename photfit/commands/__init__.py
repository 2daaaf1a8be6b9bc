"""The commands, one file each, which imports at its top what `photfit --help` can afford, and the rest when it runs."""
