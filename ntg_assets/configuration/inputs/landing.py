"""What is fetched from elsewhere before a run reads its files."""

import re
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import Field, field_validator, model_validator

from ntg_assets.configuration.section import Section

NAME = re.compile(r"^[a-z0-9][a-z0-9_-]{0,62}$")
OBJECT_SCHEMES = {"s3": "s3", "gs": "gs", "az": "az", "abfs": "az", "file": "file"}
DATABASE_SCHEMES = {
    "postgresql": "adbc_driver_postgresql",
    "postgres": "adbc_driver_postgresql",
    "sqlite": "adbc_driver_sqlite",
    "snowflake": "adbc_driver_snowflake",
}
SECRETS = ("password", "secret", "token", "access_key", "accesskey", "sig", "credential")


class FetchSettings(Section):
    """One fetch: an object, all objects below a prefix, or the rows of a query."""

    name: str
    """Folder below `data/landing` that holds what was fetched; sources name it in their `files`
    (`data/landing/events/*.parquet`).
    """
    url: str
    """`s3://bucket/key`, `gs://`, `az://container/key` or `file:///mount/path`, and with a final
    `/` everything below; or a database (`postgresql://host/name`, `sqlite:///path`).

    Never with credentials: they come from the environment, by the names that the clients of each
    service read (AWS_ACCESS_KEY_ID, GOOGLE_APPLICATION_CREDENTIALS, AZURE_CLIENT_ID or
    AZURE_STORAGE_KEY, PGUSER and PGPASSWORD ...).
    """
    pattern: str = "*"
    """Which objects below a prefix: a glob over the last part of their names (`*.parquet`)."""
    region: str | None = None
    """Region of an S3 bucket; null: what the environment says."""
    endpoint: str | None = None
    """Address of another service with the interface of the store (`http://127.0.0.1:9000`)."""
    account: str | None = None
    """Storage account of an `az://` address."""
    query: str | None = None
    """What to ask a database: one `select`; its rows become one Parquet file."""
    required: bool = True
    """Whether a run stops when this fetch fails; else it goes on with what was fetched before, and
    says so.
    """

    @property
    def kind(self) -> Literal["objects", "query"]:
        """Whether objects are brought, or the rows of a query."""
        return "query" if self._parts.scheme in DATABASE_SCHEMES else "objects"

    @property
    def _parts(self) -> SplitResult:
        return urlsplit(self.url)

    @field_validator("name")
    @classmethod
    def _is_a_folder_name(cls, name: str) -> str:
        if not NAME.match(name):
            raise ValueError(
                f"{name!r} is no folder name; use small letters, digits, - and _ (such as events)"
            )
        return name

    @field_validator("url")
    @classmethod
    def _holds_no_secret(cls, url: str) -> str:
        parts = urlsplit(url)
        schemes = sorted({*OBJECT_SCHEMES, *DATABASE_SCHEMES})
        if parts.scheme not in schemes:
            raise ValueError(
                f"must begin with one of {', '.join(f'{name}://' for name in schemes)}"
            )
        query_text = parts.query.lower()
        if parts.password or "@" in parts.netloc or any(word in query_text for word in SECRETS):
            raise ValueError(
                "holds a user, a password or a key; credentials come from the environment alone"
            )
        return url

    @model_validator(mode="after")
    def _asks_what_it_can(self) -> "FetchSettings":
        if self.kind == "query" and not (self.query or "").strip():
            raise ValueError(f"{self.name}: a database needs a query, one select")
        if self.kind == "objects" and self.query is not None:
            raise ValueError(f"{self.name}: {self._parts.scheme}:// takes no query")
        if self._parts.scheme in {"az", "abfs"} and self.account is None:
            raise ValueError(f"{self.name}: az:// needs the storage account (account: ...)")
        if self.kind == "objects" and not self._parts.path.strip("/") and not self._has_bucket:
            raise ValueError(f"{self.name}: {self.url} names no bucket or path")
        return self

    @property
    def _has_bucket(self) -> bool:
        return bool(self._parts.netloc)


class LandingSettings(Section):
    """Everything that is fetched before a run."""

    fetch: list[FetchSettings] = Field(default_factory=list)
    """What to fetch, each into a folder of its own; none: all files lie here already."""

    @model_validator(mode="after")
    def _names_differ(self) -> "LandingSettings":
        names = [fetch.name for fetch in self.fetch]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two fetches are called {', '.join(twice)}; each needs its folder")
        return self
