"""Storage: records in the database, and blobs in a folder or an object store."""
