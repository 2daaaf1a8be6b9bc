"""What is to be said of limits beside the flag of a parameter that ended at one."""

from collections.abc import Iterable, Sequence

from fitting.results.result import FittedParameter
from fitting.spec import Notice, TableParameter


def near_limit_notice(rows: Iterable[TableParameter], fitted: Sequence[FittedParameter]) -> Notice | None:
    """A notice of free parameters within one uncertainty of a limit, whose posterior it cuts; None if none is."""
    near = [
        parameter.name
        for row, parameter in zip(rows, fitted, strict=True)
        if row.free and not parameter.at_limit and parameter.uncertainty is not None
        for limit in (row.min, row.max)
        if limit is not None and abs(parameter.value - limit) < parameter.uncertainty
    ]
    if not near:
        return None
    sentence = (
        f"within one uncertainty of a limit, which the uncertainty knows nothing of (a chain shows what is left): "
        f"{', '.join(near)}"
    )
    return Notice("near-limit", sentence, f"parameters {', '.join(near)}")
