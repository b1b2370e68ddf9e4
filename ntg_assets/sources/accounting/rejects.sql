-- CSV lines that do not fit the dialect, from DuckDB's own tables of rejects; a line with several errors counts once.
-- Grain: file_path, line_position (1 for the first byte of the unpacked file). Ties: the alphabetically first kind of error.
-- Tables: reject_errors and reject_scans, which DuckDB makes when it reads with `store_rejects`.
-- Parameters: none.
select
    scans.file_path,
    errors.line_byte_position as line_position,
    min(cast(errors.error_type as varchar)) as kind,
    min(errors.csv_line) as line_text
from reject_errors as errors
inner join reject_scans as scans on errors.scan_id = scans.scan_id and errors.file_id = scans.file_id
group by scans.file_path, errors.line_byte_position
order by scans.file_path, errors.line_byte_position
