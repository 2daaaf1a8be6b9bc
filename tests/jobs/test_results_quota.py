"""Results count against their account's quota before they are written."""

import threading
from pathlib import Path

from jobs.accounts.accounts import add_user, change_user, reserve_results, usage_of
from jobs.lifecycle import catalogues, transitions
from jobs.lifecycle.catalogues import NewCatalogue
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


def test_tables_of_catalogues_count(tmp_path: Path) -> None:
    engine = connect(Settings(data_dir=tmp_path))
    migrate(engine)
    for size in (700, 50):
        table = {"size": size, "sha256": "0" * 64}
        new = NewCatalogue("vera", "", {}, "cpu", "cpu", 3, 1.0, [], "0" * 64, objects_file=table)
        assert catalogues.create(engine, new, catalogues.new_catalogue_id()) is not None
    assert usage_of(engine, "vera").stored_bytes == 750
    assert usage_of(engine, "another").stored_bytes == 0
    engine.dispose()
