"""Media types of the formats in which tables and chains are sent."""

CHAINS_TYPES = {
    "json": "application/json",
    "npz": "application/zip",
    "csv": "text/csv; charset=utf-8",
    "ecsv": "text/plain; charset=utf-8",
    "fits": "application/fits",
    "parquet": "application/vnd.apache.parquet",
    "netcdf": "application/x-netcdf",
}
"""Content type of each format of chains."""
TABLE_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "ecsv": "text/plain; charset=utf-8",
    "fits": "application/fits",
    "votable": "application/x-votable+xml",
    "latex": "application/x-latex",
}
"""Content type of each format of a table."""
