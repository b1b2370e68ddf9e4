-- Purpose: every column of the store with its meaning, to be searched.
-- Grain: one row per column of every table and view.
-- Parameters: none; the unit is the part of a comment that publish/store_schema.py writes so
-- lint: allow function: it asks the catalogue of the published file, which is a DuckDB one
-- lint: allow reads: the catalogue is no table
-- lint: allow holistic: a column is made from a few columns
with
named_tables as (
    select
        schema_name,
        table_name,
        comment
    from duckdb_tables()
    where database_name = current_database() and not internal
    union all
    select
        schema_name,
        view_name as table_name,
        comment
    from duckdb_views()
    where database_name = current_database() and not internal
),

sources as (
    select
        table_schema,
        table_name,
        column_name,
        string_agg(
            concat_ws('.', source_schema, source_table, source_column), ', '
            order by source_schema, source_table, source_column
        ) as made_from
    from answers.column_sources
    group by table_schema, table_name, column_name
)

select
    columns.schema_name as table_schema,
    columns.table_name,
    columns.column_name,
    columns.column_index as position,
    columns.data_type as column_type,
    columns.is_nullable as can_be_null,
    columns.comment as meaning,
    nullif(regexp_extract(columns.comment, '(^|; )unit: ([^;]+)', 2), '') as unit,
    sources.made_from,
    named_tables.comment as table_meaning
from duckdb_columns() as columns
inner join named_tables
    on
        columns.schema_name = named_tables.schema_name
        and columns.table_name = named_tables.table_name
left join sources
    on
        columns.schema_name = sources.table_schema
        and columns.table_name = sources.table_name
        and columns.column_name = sources.column_name
where columns.database_name = current_database()
