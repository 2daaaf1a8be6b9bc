"""Notices of what the data leave open, and of limits that a request set too wide."""

from collections.abc import Collection, Sequence

from fitting.methods.results import MinimizerResult
from fitting.methods.uncertainties import SizeLimit
from fitting.problem import Problem
from fitting.results.covariance import Covariance, enough_data
from fitting.spec import FitRequest, Notice
from fitting.spec.parameter_rows import component_rows


def clipped_limits(request: FitRequest) -> list[Notice]:
    """Notices of limits beyond what a profile can have."""
    notices = []
    for row in component_rows(request.components, request.frame_in_use, request.images):
        clipped = row.spec.clipped(row.description)
        if clipped:
            beyond = " and ".join(f"{key} {given:g}" for key, given, _ in clipped)
            taken = " and ".join(f"{own:g}" for *_, own in clipped)
            verbs = ("is", "was") if len(clipped) == 1 else ("are", "were")
            sentence = (
                f"{row.name}: {beyond} {verbs[0]} beyond what the profile can have, and {verbs[1]} taken as {taken}"
            )
            notices.append(Notice("limit-clipped", sentence, f"parameters {row.name}"))
    return notices


def undetermined_notices(
    problem: Problem,
    end: MinimizerResult,
    covariance: Covariance,
    limits: Sequence[SizeLimit] = (),
    unmoved: Collection[str] = (),
) -> list[Notice]:
    """Notices of the parameters without an uncertainty: too many for the pixels, not resolved, never moved by a search
    that found no minimum, not felt, or open.
    """
    free = len(problem.names) - len(covariance.at_limit) - len(covariance.unfelt)
    if not enough_data(problem, end, free):
        sentence = (
            f"{problem.pixels} pixels for {free} parameters: nothing is determined, and nothing has an uncertainty"
        )
        return [Notice("too-few-pixels", sentence)]
    told = [
        Notice(
            "unresolved",
            f"not resolved: {limit.length} < {limit.below:.2g} {limit.unit} (95 %), and its shape is undetermined, "
            f"with {limit.amplitude}; the uncertainty of its total flux is the one with the shape as given",
            f"parameters {', '.join((*limit.shape, limit.amplitude))}",
        )
        for limit in limits
    ]
    small = {name for limit in limits for name in (*limit.shape, limit.amplitude)}
    still = [name for name in covariance.unfelt if name in unmoved]
    if still:
        names = ", ".join(still)
        sentence = f"the fit ended before these left their start, so they have no uncertainty: {names}"
        told.append(Notice("unmoved", sentence, f"parameters {names}"))
    held = [name for name in covariance.unfelt if name not in small and name not in unmoved]
    if held:
        names = ", ".join(held)
        told.append(
            Notice("held", f"the data do not feel these, so they were left alone: {names}", f"parameters {names}")
        )
    rest = [name for name in covariance.undetermined if name not in covariance.unfelt]
    if rest:
        names = ", ".join(rest)
        told.append(
            Notice(
                "undetermined", f"the data do not determine {names}: other values fit as well", f"parameters {names}"
            )
        )
    return told


def lost_components(problem: Problem, covariance: Covariance) -> list[str]:
    """Components of whose position the data feel nothing."""
    unfelt = set(covariance.unfelt)
    names = [component.name for component in problem.request.components]
    return [name for name in names if unfelt >= {f"{name}.x", f"{name}.y"} or unfelt >= {f"{name}.ra", f"{name}.dec"}]
