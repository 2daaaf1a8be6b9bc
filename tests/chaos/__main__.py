"""`make test-chaos`: campaigns of both set-ups and several seeds; a table and a JSON document of what came of them.

python -m tests.chaos --jobs 1000 --faults 100 --seeds 1 2 3 4 5 --setups embedded outgrown
"""

import argparse
import json
import platform
import signal
import sys
from pathlib import Path

import psutil

from tests.chaos.campaign import Campaign, run, table
from tests.chaos.deployments import SETUPS, Unavailable


def main() -> None:
    """Run the campaigns one after the other; exit 1 where an audit found something."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--faults", type=int, default=100)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--setups", nargs="+", default=list(SETUPS), choices=list(SETUPS))
    parser.add_argument("--only", nargs="+", default=[], help="names of faults; by default all")
    parser.add_argument("--quiet", type=float, default=90.0, help="seconds without a change that tell what is stuck")
    parser.add_argument("--settle", type=float, default=1800.0, help="seconds that everything has to become final")
    parser.add_argument("--output", type=Path, default=Path("chaos-report"))
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended by that, too
    campaigns: list[Campaign] = []
    for setup in options.setups:
        for seed in options.seeds:
            try:
                campaigns.append(
                    run(
                        setup,
                        seed,
                        options.jobs,
                        options.faults,
                        only=tuple(options.only),
                        quiet_seconds=options.quiet,
                        settle_seconds=options.settle,
                    )
                )
            except Unavailable as error:
                print(f"{setup} is skipped: {error}")
                break
            options.output.mkdir(parents=True, exist_ok=True)
            machine = (
                f"{psutil.cpu_count()} cores, load {psutil.getloadavg()[1]:.0f}, Python {platform.python_version()}"
            )
            documents = [campaign.document() for campaign in campaigns]
            written = json.dumps({"machine": machine, "campaigns": documents}, indent=1) + "\n"
            (options.output / "chaos.json").write_text(written, encoding="utf-8")
            (options.output / "chaos.md").write_text(f"{machine}\n\n{table(campaigns)}", encoding="utf-8")
    print(table(campaigns))
    sys.exit(0 if campaigns and all(campaign.audit.faultless() for campaign in campaigns) else 1)


if __name__ == "__main__":
    main()
