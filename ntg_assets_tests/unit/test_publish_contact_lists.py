"""Contact lists that are withheld keep their columns, hold nobody, and say why."""

from pathlib import Path

import duckdb
import polars as pl

from ntg_assets.contracts import column_names, contract_of
from ntg_assets.publish.exports import CONTACT_LISTS, WITHHELD, export_contact_list, export_withheld
from ntg_assets.sql import Table


def contact_lists(folder: Path, *, withheld: list[str]) -> None:
    """Publish the contact lists of two targets, or none where they are withheld."""
    columns = column_names(contract_of("intervention_targets"))
    rows = pl.DataFrame({name: ["1", "2"] for name in columns}).with_columns(
        action=pl.lit("contact")
    )
    with duckdb.connect() as connection:
        connection.register("incoming", rows.clear() if withheld else rows)
        connection.execute(
            "create schema live; create table live.intervention_targets as select * from incoming"
        )
        for path in CONTACT_LISTS:
            export_contact_list(
                connection,
                Table("live", "intervention_targets"),
                target=folder / path,
                withheld=withheld,
            )
    export_withheld(withheld, as_of="2024-01-01", target=folder / WITHHELD)


def test_withheld_lists_have_columns_no_rows_and_a_reason_beside_them(tmp_path: Path) -> None:
    text, rows, told = (tmp_path / name for name in (*CONTACT_LISTS, WITHHELD))
    contact_lists(
        tmp_path, withheld=["radar.opt_out_file: it's gone", "radar.contact_log: no column"]
    )
    # the header alone: nothing that an import could take for a person
    assert len(text.read_text().splitlines()) == 1
    assert text.read_text().startswith('"strategy","user_id","rank",')
    assert pl.read_parquet(rows).is_empty()
    assert "contact nobody" in told.read_text()
    assert "- radar.opt_out_file: it's gone\n- radar.contact_log: no column\n" in told.read_text()
    with duckdb.connect() as connection:
        said = connection.execute(
            "select decode(value) from parquet_kv_metadata($file)", {"file": str(rows)}
        ).fetchall()
    assert said == [("radar.opt_out_file: it's gone; radar.contact_log: no column",)]
    other = tmp_path / "another night"
    contact_lists(other, withheld=[])
    assert len((other / CONTACT_LISTS[0]).read_text().splitlines()) == 1 + 2
    assert not (other / WITHHELD).exists()
