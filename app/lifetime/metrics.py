"""Metrics for Prometheus: this process's requests, and everybody's fits from the database."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client import Histogram as RequestHistogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Engine

from jobs.operation import tallies
from jobs.queues import presence
from jobs.storage import records

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_REQUEST_SECONDS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 60.0)
"""Upper bounds of the histogram's buckets in seconds: two a decade, to the longest poll (60 s)."""


class Metrics:
    """All that this process tells. Several processes tell the same of fits: take the largest, not the sum."""

    def __init__(self, engine: Engine) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(FitsCollector(engine))
        self._requests = RequestHistogram(
            "photfit_http_request_seconds",
            "Duration of requests to this process, by route and status; streams and long polls included.",
            ("method", "route", "status"),
            buckets=_REQUEST_SECONDS,
            registry=self._registry,
        )

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered."""
        self._requests.labels(method, route, str(status)).observe(seconds)

    def page(self) -> bytes:
        """The page as Prometheus reads it."""
        return generate_latest(self._registry)


class FitsCollector(Collector):
    """Reads the database whenever it is asked."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def collect(self) -> Iterator[Metric]:
        """Every metric of fits and workers."""
        yield from self._queues()
        yield from self._workers()
        yield self._counter("photfit_fits_finished", "Attempts that ended, by how.", "state", "finished")
        yield self._counter("photfit_lease_expiries", "Fits taken from silent workers.", "then", "expired")
        yield self._histogram("photfit_fit_wait_seconds", "From acceptance to the first attempt.", "queue", "wait")
        about = "than it was told on acceptance, of first attempts."
        yield self._histogram(
            "photfit_fit_start_late_seconds", f"How much later a fit began {about}", "queue", "start_late"
        )
        yield self._histogram(
            "photfit_fit_start_early_seconds", f"How much earlier a fit began {about}", "queue", "start_early"
        )
        yield self._histogram("photfit_stage_seconds", "How long stages ran, by method.", "method", "stage")

    def describe(self) -> Iterator[Metric]:
        """Nothing: registering must not read the database."""
        return iter(())

    def _queues(self) -> Iterator[Metric]:
        depth = GaugeMetricFamily("photfit_queue_depth", "Fits that wait.", labels=["queue"])
        oldest = GaugeMetricFamily("photfit_queue_oldest_seconds", "How long the oldest has waited.", labels=["queue"])
        for queue in records.queues(self._engine):
            depth.add_metric([queue.name], queue.length)
            oldest.add_metric([queue.name], queue.oldest_seconds)
        running = GaugeMetricFamily("photfit_running", "Fits that run.", value=records.count_running(self._engine))
        yield from (depth, oldest, running)

    def _workers(self) -> Iterator[Metric]:
        alive = GaugeMetricFamily("photfit_workers", "Workers that are alive, by queue served.", labels=["queue"])
        memory = GaugeMetricFamily(
            "photfit_gpu_memory_bytes", "Memory of each worker's GPU.", labels=["worker", "device", "kind"]
        )
        workers = presence.alive(self._engine)
        for queue in sorted({queue for worker in workers for queue in worker.queues}):
            alive.add_metric([queue], sum(queue in worker.queues for worker in workers))
        for worker in workers:
            for device, figures in (worker.memory or {}).items():
                for kind, size in figures.items():
                    memory.add_metric([worker.id, device, kind], size)
        yield from (alive, memory)

    def _counter(self, metric: str, about: str, label: str, name: str) -> Metric:
        family = CounterMetricFamily(metric, about, labels=[label])
        for value, count in tallies.counts(self._engine, name).items():
            family.add_metric([value], count)
        return family

    def _histogram(self, metric: str, about: str, label: str, name: str) -> Metric:
        family = HistogramMetricFamily(metric, about, labels=[label])
        for value, histogram in tallies.histograms(self._engine, name).items():
            family.add_metric([value], list(histogram.counts), sum_value=histogram.total)
        return family
