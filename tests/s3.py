"""An S3 server of the tests' own, on this machine: moto's."""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

BUCKET = "bucket"
SECRETS = ("an-id-that-nobody-may-see", "a-key-that-nobody-may-see")


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket, empty at first."""

    client: Any
    environment: Mapping[str, str]  # names the server to a process

    def put(self, name: str, content: str | bytes) -> None:
        body = content.encode() if isinstance(content, str) else content
        self.client.put_object(Bucket=BUCKET, Key=name, Body=body)

    def delete(self, name: str) -> None:
        self.client.delete_object(Bucket=BUCKET, Key=name)

    def files(self, below: str) -> dict[str, bytes]:
        """Returns what lies below a folder, by the path below it."""
        listed = self.client.list_objects_v2(Bucket=BUCKET, Prefix=f"{below}/")
        return {
            each["Key"].removeprefix(f"{below}/"): self.client.get_object(
                Bucket=BUCKET, Key=each["Key"]
            )["Body"].read()
            for each in listed.get("Contents", ())
        }


@contextmanager
def s3_server() -> Iterator[Bucket]:
    """Starts a server, which the environment names."""
    import s3fs
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    named = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": SECRETS[0],
        "AWS_SECRET_ACCESS_KEY": SECRETS[1],
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    try:
        with mock.patch.dict(os.environ, named):
            import boto3

            client = boto3.client("s3")
            client.create_bucket(Bucket=BUCKET)
            yield Bucket(client, os.environ | named)
            client.close()
    finally:
        s3fs.S3FileSystem.clear_instance_cache()  # they are connected to this server
        server.stop()
