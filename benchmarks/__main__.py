"""`python -m benchmarks`: measure photfit on this machine, beside AstroPhot and imfit."""

import click
from rich.console import Console

from benchmarks.run import PARTS, Options, run


@click.command()
@click.option("--name", default="seed", show_default=True, help="Of the results: results/NAME.json.")
@click.option("--part", "parts", multiple=True, type=click.Choice(PARTS), help="Measure this part; may be repeated.")
@click.option("--peers/--no-peers", default=True, show_default=True, help="Measure AstroPhot and imfit too.")
@click.option("--rounds", default=5, show_default=True, help="How often each program takes its turn.")
@click.option("--threads", default=2, show_default=True, help="Threads that each program may use.")
@click.option("--starts", default=100, show_default=True, help="Starts around the truth, for photfit.")
@click.option("--peer-starts", default=10, show_default=True, help="The same, for each peer.")
def main(
    name: str, parts: tuple[str, ...], peers: bool, rounds: int, threads: int, starts: int, peer_starts: int
) -> None:
    """Measure, print tables, and write results/NAME.json."""
    run(Options(name, parts or PARTS, peers, rounds, threads, starts, peer_starts), Console())


if __name__ == "__main__":
    main()
