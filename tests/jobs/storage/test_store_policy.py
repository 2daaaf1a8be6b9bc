"""The policy of API and workers at an object store: enough for all that they do, and for nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import boto3
import moto.settings
import pytest
from moto.server import ThreadedMotoServer

from jobs.storage.blobs import BlobMissing, ObjectBlobs, StorageTrouble

POLICY = Path(__file__).resolve().parents[3] / "docs/how-to/files/store-policy.json"


@pytest.fixture(scope="module")
def store() -> Iterator[None]:
    """An S3 server that asks what each key may do, and the key of a user with the policy alone."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    root = {"endpoint_url": address, "region_name": "us-east-1"}
    root |= {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    for bucket in ("photfit", "another"):
        boto3.client("s3", **root).create_bucket(Bucket=bucket)
    people = boto3.client("iam", **root)
    people.create_user(UserName="photfit")
    policy = json.loads(POLICY.read_text("ascii"))
    # moto asks for the bucket where a store asks for each object that is to go.
    deletion = {"Effect": "Allow", "Action": ["s3:DeleteObject"], "Resource": ["arn:aws:s3:::photfit"]}
    document = json.dumps({**policy, "Statement": [*policy["Statement"], deletion]})
    people.put_user_policy(UserName="photfit", PolicyName="store", PolicyDocument=document)
    key = people.create_access_key(UserName="photfit")["AccessKey"]
    environment = {
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": address,
        "AWS_ALLOW_HTTP": "true",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.setattr(moto.settings, "INITIAL_NO_AUTH_ACTION_COUNT", 0.0)
        yield
    server.stop()


def test_the_policy_is_enough_for_a_store(store: None, tmp_path: Path) -> None:
    blobs, path = ObjectBlobs("s3://photfit"), tmp_path / "blob"
    blobs.check()
    for key, content in (("fits/a/1/small", b"content"), ("fits/a/1/large", bytes(range(256)) * (12 << 12))):
        path.write_bytes(content)
        blobs.put_file(key, path)
        assert blobs.read(key) == content
        assert blobs.read(key, 2, 5) == content[2:5]
        assert blobs.size(key) == len(content)
        assert blobs.stamp(key)
        with blobs.local(key) as local:
            assert local.read_bytes() == content
    assert blobs.keys("fits/a") == ["fits/a/1/large", "fits/a/1/small"]
    assert blobs.size("fits/a/1/none") is None
    with pytest.raises(BlobMissing):
        blobs.read("fits/a/1/none")
    for key in blobs.keys("fits"):
        blobs.delete(key)
    assert blobs.keys("fits") == []


def test_the_policy_is_for_one_bucket(store: None, tmp_path: Path) -> None:
    path = tmp_path / "blob"
    path.write_bytes(b"content")
    other = ObjectBlobs("s3://another")
    for refused in (lambda: other.put_file("a", path), lambda: other.read("a"), lambda: other.keys("a"), other.check):
        with pytest.raises(StorageTrouble):
            refused()


def test_no_action_is_for_more_than_objects_and_their_names() -> None:
    for statement in json.loads(POLICY.read_text("ascii"))["Statement"]:
        assert statement["Resource"] in (["arn:aws:s3:::photfit/*"], ["arn:aws:s3:::photfit"])
        assert not any("*" in action or ("Bucket" in action and "List" not in action) for action in statement["Action"])
