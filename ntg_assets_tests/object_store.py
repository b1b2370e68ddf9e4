"""A small object store with the interface of S3, for as long as a test runs."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

HOST = "127.0.0.1"
CHANGED = 1_700_000_000.0


@dataclass
class ObjectStore:
    """Objects by `bucket/key`, each with the time of its last change;
    `read` counts how often the content of each was asked for.
    """

    port: int = 0
    objects: dict[str, tuple[bytes, float]] = field(default_factory=dict)
    read: list[str] = field(default_factory=list)
    refuses: bool = False

    @property
    def endpoint(self) -> str:
        return f"http://{HOST}:{self.port}"

    def put(self, path: str, content: bytes, *, changed: float = CHANGED) -> None:
        """Store an object."""
        self.objects[path] = (content, changed)


class _Handler(BaseHTTPRequestHandler):
    """Answers for the store of its server."""

    protocol_version = "HTTP/1.1"
    server: "_Server"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_HEAD(self) -> None:
        """Describe an object."""
        self._object(with_content=False)

    def do_GET(self) -> None:
        """List a bucket, or give an object."""
        asked = parse_qs(urlsplit(self.path).query)
        if self.server.store.refuses:
            self._answer(403, _error("AccessDenied"), "application/xml")
        elif "list-type" in asked:
            bucket = unquote(urlsplit(self.path).path).strip("/")
            listing = _listing(self.server.store, bucket, asked.get("prefix", [""])[0])
            self._answer(200, listing, "application/xml")
        else:
            self._object(with_content=True)

    def _object(self, *, with_content: bool) -> None:
        path, store = unquote(urlsplit(self.path).path).strip("/"), self.server.store
        if path not in store.objects:
            self._answer(404, _error("NoSuchKey"), "application/xml", send=with_content)
            return
        content, changed = store.objects[path]
        if with_content:
            store.read.append(path)
        self._answer(200, content, "binary/octet-stream", changed, send=with_content)

    def _answer(
        self,
        status: int,
        content: bytes,
        kind: str,
        changed: float = CHANGED,
        *,
        send: bool = True,
    ) -> None:
        part, asked = content, self.headers.get("Range", "")
        if status == 200 and send and asked.startswith("bytes="):
            first, last = asked.removeprefix("bytes=").split("-")
            part, status = content[int(first) : int(last or len(content)) + 1], 206
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(part)))
        self.send_header("Last-Modified", formatdate(changed, usegmt=True))
        self.send_header("ETag", f'"{md5(content).hexdigest()}"')  # noqa: S324  # as S3 does
        self.end_headers()
        if send:
            self.wfile.write(part)


class _Server(ThreadingHTTPServer):
    def __init__(self, store: ObjectStore) -> None:
        super().__init__((HOST, 0), _Handler)
        self.store = store
        store.port = self.server_address[1]


@contextmanager
def object_store() -> Iterator[ObjectStore]:
    """Serve an object store on 127.0.0.1."""
    store = ObjectStore()
    server = _Server(store)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield store
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _error(code: str) -> bytes:
    return f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()


def _listing(store: ObjectStore, bucket: str, prefix: str) -> bytes:
    keys = [
        path.removeprefix(f"{bucket}/")
        for path in sorted(store.objects)
        if path.startswith(f"{bucket}/{prefix}")
    ]
    rows = "".join(
        f"<Contents><Key>{escape(key)}</Key><LastModified>2023-11-14T22:13:20.000Z</LastModified>"
        f"<Size>{len(store.objects[f'{bucket}/{key}'][0])}</Size></Contents>"
        for key in keys
    )
    return (
        '<?xml version="1.0"?><ListBucketResult'
        ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<Name>{bucket}</Name><Prefix>{escape(prefix)}</Prefix><KeyCount>{len(keys)}</KeyCount>"
        f"<MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>"
    ).encode()
