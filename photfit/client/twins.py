"""Twins: one operation as a method of two clients, one that waits and one that is awaited.

`Operation`, `HandleOperation`, `Iteration`, … are descriptors: each holds a conversation of `Operations`, and is on a
`Client` a method that returns its result, on an `AsyncClient` one that returns an awaitable of it, with its name,
docstring and parameters. There is no second implementation.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from types import MethodType
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, cast, overload

from photfit.answers import FitAnswer
from photfit.client.exchange import Steps
from photfit.client.fit_batch import MapAnswer, MapOutcome
from photfit.client.operations import Operations

P = ParamSpec("P")
T = TypeVar("T")
H = TypeVar("H")


class BlockingTwin(Generic[H]):
    """A client whose methods wait; H is its handle of a fit."""


class AsyncTwin(Generic[H]):
    """A client whose methods are awaited; H is its handle of a fit."""


class _Method:
    """A conversation as a method.

    Args:
        conversation: a function of `Operations`.
        result: what its method returns, for who looks at its signature.
    """

    carried_out_by = "_carry_out"

    def __init__(self, conversation: Callable[..., Steps[Any]], result: str = "") -> None:
        carried_out_by = self.carried_out_by

        @functools.wraps(conversation)
        def method(client: Any, /, *args: Any, **options: Any) -> Any:
            return getattr(client, carried_out_by)(conversation(client._operations, *args, **options))

        signature = inspect.signature(conversation)
        returned = result or str(signature.return_annotation).removeprefix("Steps[").removesuffix("]")
        vars(method)["__signature__"] = signature.replace(return_annotation=returned)
        method.__qualname__ = f"Client.{conversation.__name__}"
        self._method = method

    def bound(self, client: Any) -> Any:
        """The method of a client; of None, the function as a class has it."""
        return self._method if client is None else MethodType(self._method, client)


class Operation(_Method, Generic[P, T]):
    """An operation with a result."""

    def __init__(self, conversation: Callable[Concatenate[Operations, P], Steps[T]]) -> None:
        super().__init__(conversation)

    @overload
    def __get__(self, client: None, owner: type) -> Callable[..., Any]: ...
    @overload
    def __get__(self, client: BlockingTwin[Any], owner: type) -> Callable[P, T]: ...
    @overload
    def __get__(self, client: AsyncTwin[Any], owner: type) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, client: Any, owner: type) -> Any:
        return self.bound(client)


class HandleOperation(_Method, Generic[P]):
    """An operation that gives the handle of a fit."""

    carried_out_by = "_carry_out_for_handle"

    def __init__(self, conversation: Callable[Concatenate[Operations, P], Steps[FitAnswer]]) -> None:
        super().__init__(conversation, "Fit")

    @overload
    def __get__(self, client: None, owner: type) -> Callable[..., Any]: ...
    @overload
    def __get__(self, client: BlockingTwin[H], owner: type) -> Callable[P, H]: ...
    @overload
    def __get__(self, client: AsyncTwin[H], owner: type) -> Callable[P, Coroutine[Any, Any, H]]: ...
    def __get__(self, client: Any, owner: type) -> Any:
        return self.bound(client)


class Iteration(_Method, Generic[P]):
    """An operation that gives one answer of a fit after another."""

    carried_out_by = "_iterate"

    def __init__(self, conversation: Callable[Concatenate[Operations, P], Steps[None]]) -> None:
        super().__init__(conversation, "Iterator[FitAnswer]")

    @overload
    def __get__(self, client: None, owner: type) -> Callable[..., Any]: ...
    @overload
    def __get__(self, client: BlockingTwin[Any], owner: type) -> Callable[P, Iterator[FitAnswer]]: ...
    @overload
    def __get__(self, client: AsyncTwin[Any], owner: type) -> Callable[P, AsyncIterator[FitAnswer]]: ...
    def __get__(self, client: Any, owner: type) -> Any:
        return self.bound(client)


class HandleIteration(_Method, Generic[P]):
    """An operation that gives handles of fits."""

    carried_out_by = "_iterate_handles"

    def __init__(self, conversation: Callable[Concatenate[Operations, P], Steps[None]]) -> None:
        super().__init__(conversation, "Iterator[Fit]")

    @overload
    def __get__(self, client: None, owner: type) -> Callable[..., Any]: ...
    @overload
    def __get__(self, client: BlockingTwin[H], owner: type) -> Callable[P, Iterator[H]]: ...
    @overload
    def __get__(self, client: AsyncTwin[H], owner: type) -> Callable[P, AsyncIterator[H]]: ...
    def __get__(self, client: Any, owner: type) -> Any:
        return self.bound(client)


class OutcomeIteration(_Method, Generic[P]):
    """An operation that gives outcomes of many fits."""

    carried_out_by = "_iterate_outcomes"

    def __init__(self, conversation: Callable[Concatenate[Operations, P], Steps[None]]) -> None:
        super().__init__(conversation, "Iterator[MapOutcome]")

    @overload
    def __get__(self, client: None, owner: type) -> Callable[..., Any]: ...
    @overload
    def __get__(self, client: BlockingTwin[H], owner: type) -> Callable[P, Iterator[MapOutcome[H]]]: ...
    @overload
    def __get__(self, client: AsyncTwin[H], owner: type) -> Callable[P, AsyncIterator[MapOutcome[H]]]: ...
    def __get__(self, client: Any, owner: type) -> Any:
        return self.bound(client)


class ServiceMethods:
    """What both clients can do."""

    upload = Operation(Operations.upload)
    upload_bytes = Operation(Operations.upload_bytes)
    fetch = Operation(Operations.fetch)
    propose = Operation(Operations.propose)
    import_model = Operation(Operations.import_model)
    export = Operation(Operations.export)
    fit = HandleOperation(Operations.fit)
    map = OutcomeIteration(Operations.map)
    job = HandleOperation(Operations.job)
    fits = HandleIteration(Operations.fits)
    statuses = Iteration(Operations.fits)
    status = Operation(Operations.status)
    wait = Operation(Operations.wait)
    events = Iteration(Operations.events)
    submit = Operation(Operations.submit)
    plan = Operation(Operations.plan)
    rerun = Operation(Operations.rerun)
    change = Operation(Operations.change)
    cancel = Operation(Operations.cancel)
    delete = Operation(Operations.delete)
    parameters = Operation(Operations.parameters)
    request = Operation(Operations.request)
    covariance = Operation(Operations.covariance)
    chains = Operation(Operations.chains)
    document = Operation(Operations.document)
    content = Operation(Operations.content)
    download = Operation(Operations.download)
    catalogue = Operation(Operations.catalogue)
    submit_catalogue = Operation(Operations.submit_catalogue)
    plan_catalogue = Operation(Operations.plan_catalogue)
    catalogue_status = Operation(Operations.catalogue_status)
    wait_for_catalogue = Operation(Operations.wait_for_catalogue)
    catalogue_table = Operation(Operations.catalogue_table)
    cancel_catalogue = Operation(Operations.cancel_catalogue)


def outcome_of(found: MapAnswer, handle: Callable[[FitAnswer], H]) -> MapOutcome[H]:
    """What became of an item, with a handle of its fit."""
    fit = None if found.answer is None else handle(found.answer)
    return MapOutcome(found.index, found.item, cast(Any, fit), found.error)
