"""What only Dagster needs: staging, the project as a resource, the IO manager, logs."""
