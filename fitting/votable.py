"""Tables as the Virtual Observatory exchanges them: VOTable, laid out as DALI 1.1 (section 4.4) asks of results."""

from pathlib import Path

from astropy.io.votable import from_table
from astropy.io.votable.tree import Info, Param
from astropy.table import Table

_UCDS = {
    "name": "meta.id;meta.main",
    "value": "stat.fit.param",
    "uncertainty": "stat.error",
    "unit": "meta.unit",
    "chi2": "stat.fit.chi2",
    "degrees_of_freedom": "stat.fit.dof",
}
"""What columns and metadata are, in the words of the IVOA's UCD1+."""
_TYPES = {bool: "boolean", int: "long", float: "double"}


def write_votable(table: Table, path: Path) -> None:
    """Write a table as the results of a service; its metadata become PARAMs, missing numbers stay empty."""
    file = from_table(Table(table, meta={}))
    (resource,) = file.resources
    resource.type = "results"
    resource.infos.append(Info(name="QUERY_STATUS", value="OK"))
    (written,) = resource.tables
    for field in written.fields:
        field.ucd = _UCDS.get(field.name)
    for name, value in table.meta.items():
        written.params.append(Param(file, name=name, value=value, datatype=_TYPES[type(value)], ucd=_UCDS.get(name)))
    file.to_xml(str(path))
