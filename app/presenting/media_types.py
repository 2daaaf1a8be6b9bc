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
    "parquet": "application/vnd.apache.parquet",
    "latex": "application/x-latex",
}
"""Content type of each format of a table."""
EXPORT_TYPES = {
    "galfit": "text/plain; charset=utf-8",
    "imgblock": "application/fits",
    "imfit": "text/plain; charset=utf-8",
    "ds9": "text/plain; charset=utf-8",
    "casa": "text/plain; charset=utf-8",
    "regions": "application/fits",
    "script": "text/x-python; charset=utf-8",
    "latex": "application/x-latex",
}
"""Content type of the files of each format of an export."""
