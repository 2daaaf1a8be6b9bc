"""The record of every fit and its files: what the API and the workers share."""
