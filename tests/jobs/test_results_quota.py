"""Results count against their account's quota before they are written."""

import threading
from pathlib import Path

from jobs.accounts.accounts import add_user, change_user, reserve_results, usage_of
from jobs.lifecycle import transitions
from jobs.lifecycle.transitions import NewFit
from jobs.settings import Settings
from jobs.storage.database import connect, migrate


def test_fits_that_end_at_once_never_take_more_than_there_is(tmp_path: Path) -> None:
    engine = connect(Settings(data_dir=tmp_path))
    migrate(engine)
    user = add_user(engine, "vera")
    assert user is not None
    change_user(engine, "vera", stored_bytes=1000)
    fits = []
    for _ in range(10):
        made = transitions.create(engine, NewFit(user.id, "a", {"images": []}, "cpu", "auto", "0" * 64))
        assert made is not None
        fits.append(made.id)
    taken: list[bool] = []
    threads = [
        threading.Thread(target=lambda fit=fit: taken.append(reserve_results(engine, user.id, fit, 300, None)))
        for fit in fits
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 10
    assert usage_of(engine, user.id).result_bytes == 300 * sum(taken) <= 1000
    free = [reserve_results(engine, user.id, fit, 300, None) for fit in fits[:1]]
    assert free == [True] or sum(taken) == 3
    assert reserve_results(engine, "local", fits[0], 10**12, 1)  # nobody's account, and so no quota
    engine.dispose()
