"""`photfit admin`, and what `photfit serve` wants to know before it lets others in."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from jobs.accounts.accounts import find_user, identify_key
from jobs.lifecycle import transitions
from jobs.lifecycle.transitions import NewFit
from jobs.settings import Settings
from jobs.storage import records
from jobs.storage.blobs import open_blobs
from jobs.storage.database import connect
from jobs.storage.uploads import add_upload, blob_key
from photfit.cli import main
from photfit.failures import UserMistake
from photfit.supervisor import ServeOptions, check_exposure, warnings_of_modes
from tests.jobs.conftest import claim_fit


@pytest.fixture
def admin(tmp_path: Path) -> Admin:
    return Admin(tmp_path)


class Admin:
    """The command on a database of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.engine = connect(Settings(data_dir=folder))

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(main, ["admin", "--data-dir", str(self.folder), *arguments])


def test_an_account_comes_with_its_first_key(admin: Admin) -> None:
    done = admin.run("users", "add", "vera")
    identity = identify_key(admin.engine, done.stdout.strip())
    assert identity is not None
    assert (identity.user_name, identity.scopes) == ("vera", {"read", "submit"})
    assert "not shown again" in done.stderr


def test_a_name_is_given_once(admin: Admin) -> None:
    admin.run("users", "add", "vera")
    done = admin.run("users", "add", "vera")
    assert (done.exit_code, "already" in done.stderr) == (2, True)


def test_the_list_shows_everybody_and_no_key(admin: Admin) -> None:
    key = admin.run("users", "add", "vera").stdout.strip()
    admin.run("users", "add", "henrietta", "--administrator")
    shown = admin.run("users", "list").stdout + admin.run("keys", "list", "vera").stdout
    assert "vera" in shown
    assert "henrietta" in shown
    assert key not in shown


def test_whoever_is_shut_out_can_be_let_in_again(admin: Admin) -> None:
    key = admin.run("users", "add", "vera").stdout.strip()
    admin.run("users", "disable", "vera")
    assert identify_key(admin.engine, key) is None
    admin.run("users", "enable", "vera")
    assert identify_key(admin.engine, key) is not None


def test_limits_are_given_and_taken_back(admin: Admin) -> None:
    admin.run("users", "add", "vera")
    admin.run("users", "limit", "vera", "--queued-fits", "7")
    user = find_user(admin.engine, "vera")
    assert user is not None
    assert (user.queued_fits, user.running_fits) == (7, None)
    admin.run("users", "limit", "vera")
    user = find_user(admin.engine, "vera")
    assert user is not None
    assert user.queued_fits is None


def test_keys_are_made_and_revoked(admin: Admin) -> None:
    admin.run("users", "add", "vera")
    done = admin.run("keys", "add", "vera", "--scope", "read", "--days", "3")
    identity = identify_key(admin.engine, done.stdout.strip())
    assert identity is not None
    assert identity.scopes == {"read"}
    assert admin.run("keys", "revoke", "vera", identity.key_id).exit_code == 0
    assert identify_key(admin.engine, done.stdout.strip()) is None


def test_only_an_administrator_s_key_may_look_after_the_service(admin: Admin) -> None:
    admin.run("users", "add", "vera")
    assert admin.run("keys", "add", "vera", "--scope", "admin").exit_code == 2


@pytest.mark.parametrize(
    "arguments", [("users", "disable", "x"), ("keys", "list", "x"), ("keys", "add", "x"), ("keys", "revoke", "x", "k")]
)
def test_an_unknown_account_is_the_user_s_mistake(admin: Admin, arguments: tuple[str, ...]) -> None:
    done = admin.run(*arguments)
    assert (done.exit_code, "no account 'x'" in done.stderr) == (2, True)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.0.2.7", "photfit.example.org"])
def test_others_are_let_in_only_when_somebody_has_said_how(host: str, tmp_path: Path) -> None:
    with pytest.raises(UserMistake, match="--accounts"):
        check_exposure(ServeOptions(host, 8700, tmp_path, 1))
    assert Settings(data_dir=tmp_path).exposes_everything(host)
    for accounts in (True, False):
        check_exposure(ServeOptions(host, 8700, tmp_path, 1, accounts=accounts))
        assert not Settings(data_dir=tmp_path, accounts=accounts).exposes_everything(host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_this_machine_alone_needs_no_accounts(host: str, tmp_path: Path) -> None:
    check_exposure(ServeOptions(host, 8700, tmp_path, 1))
    assert not Settings(data_dir=tmp_path).exposes_everything(host)


def new_fit(admin: Admin, owner: str) -> str:
    made = transitions.create(admin.engine, NewFit(owner, "a fit", {"images": []}, "cpu", "auto", "0" * 64))
    assert made is not None
    return made.id


def test_everybody_s_fits_are_listed_and_cancelled(admin: Admin) -> None:
    admin.run("users", "add", "vera")
    user = find_user(admin.engine, "vera")
    assert user is not None
    mine, another = new_fit(admin, user.id), new_fit(admin, "local")
    listed = admin.run("jobs", "list").stdout
    assert mine in listed
    assert another in listed
    assert "vera" in admin.run("jobs", "list", "--user", "vera", "--state", "queued").stdout
    assert "is cancelled" in admin.run("jobs", "cancel", mine).stdout
    assert "finished already" in admin.run("jobs", "cancel", mine).stdout
    assert admin.run("jobs", "cancel", "fit_none").exit_code == 2
    assert records.get_fit(admin.engine, user.id, mine).state == "cancelled"  # type: ignore[union-attr]


def test_an_account_has_its_weight_and_a_fit_can_be_put_ahead(admin: Admin) -> None:
    admin.run("users", "add", "vera")
    assert "weight 3" in admin.run("users", "limit", "vera", "--weight", "3").stdout
    vera = find_user(admin.engine, "vera")
    assert vera is not None
    assert vera.weight == 3
    first, second = new_fit(admin, "local"), new_fit(admin, "local")
    assert admin.run("jobs", "ahead", second).exit_code == 0
    claim = transitions.claim_next(admin.engine, ["cpu"], "w", None, 60)
    assert claim is not None
    assert claim.fit_id == second != first
    late = admin.run("jobs", "ahead", second)
    assert "waits in no queue" in late.output
    assert late.exit_code != 0
    assert "there is no fit" in admin.run("jobs", "ahead", "fit_none").output


def test_garbage_goes_and_what_is_needed_stays(admin: Admin, tmp_path: Path) -> None:
    admin.run("users", "add", "vera")
    blobs = open_blobs(Settings(data_dir=tmp_path).blobs)
    file = tmp_path / "file"
    file.write_bytes(b"x" * 1000)
    running, done = new_fit(admin, "local"), new_fit(admin, "local")
    for fit_id in (running, done):
        claims = [claim_fit(admin.engine, fit_id, "w", None, 60)]
        transitions.release(admin.engine, claims[0])  # type: ignore[arg-type]
        claims.append(claim_fit(admin.engine, fit_id, "w", None, 60))
    transitions.finish(admin.engine, claims[1], "succeeded")  # type: ignore[arg-type]
    add_upload(admin.engine, "local", filename="a", size=1000, sha256="ab" * 32, description={})
    kept = [blob_key("ab" * 32), f"fits/{running}/1/a", f"fits/{running}/2/a", f"fits/{done}/2/a"]
    kept.append(f"fits/{running}/2/live/residual-0.png")
    garbage = [blob_key("cd" * 32), "fits/fit_gone/1/a", f"fits/{done}/1/a", f"fits/{done}/2/live/residual-0.png"]
    for key in (*kept, *garbage):
        blobs.put_file(key, file)
    assert "4 files" in admin.run("gc", "--dry-run").stdout
    assert len(blobs.keys("fits") + blobs.keys("uploads")) == 9
    assert "4 files" in admin.run("gc").stdout
    assert sorted(blobs.keys("fits") + blobs.keys("uploads")) == sorted(kept)


def test_a_folder_without_a_service_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    done = CliRunner().invoke(main, ["admin", "--data-dir", str(empty), "users", "add", "vera"])
    assert (done.exit_code, "holds no service" in done.stderr) == (2, True)
    assert not empty.exists()


def test_serve_says_what_others_may_get_at(tmp_path: Path) -> None:
    database = tmp_path / "photfit.sqlite"
    database.touch(0o600)
    tmp_path.chmod(0o700)
    assert warnings_of_modes(tmp_path) == []
    tmp_path.chmod(0o755)
    database.chmod(0o644)
    folder, file = warnings_of_modes(tmp_path)
    assert "mode 0755" in folder
    assert f"chmod 600 {database}" in file
