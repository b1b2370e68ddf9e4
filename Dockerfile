# One image for the code location, the web server and the daemon; docker-compose.yml says which is which.

FROM python:3.11.14-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
RUN python -m venv /opt/venv
# Wheels only, each held against its hash: nothing is compiled, and no compiler is needed.
COPY requirements.lock ./
RUN /opt/venv/bin/python -m pip install --require-hashes --only-binary :all: -r requirements.lock
COPY pyproject.toml README.md ./
COPY ntg_assets ./ntg_assets
# Bytecode that is valid whatever the files' times are in a later layer; without it each start compiles everything.
RUN /opt/venv/bin/python -m pip install --no-deps --no-build-isolation . \
    && /opt/venv/bin/python -m compileall -q -f -j 0 --invalidation-mode unchecked-hash /opt/venv/lib/python3.11/site-packages

FROM python:3.11.14-slim-bookworm AS runtime
RUN groupadd --system --gid 10001 ntg \
    && useradd --system --uid 10001 --gid ntg --no-create-home --home-dir /var/lib/ntg ntg \
    && install --directory --owner ntg --group ntg /var/lib/ntg /var/log/ntg
COPY --from=build /opt/venv /opt/venv
COPY configs /opt/ntg/configs
COPY deploy/dagster.yaml deploy/workspace.yaml /opt/dagster/
# Code and configuration belong to root and are only read; results go to /var/lib/ntg, logs of runs to /var/log/ntg.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DAGSTER_HOME=/opt/dagster \
    DAGSTER_DISABLE_TELEMETRY=yes \
    NTG_HOME=/opt/ntg \
    NTG_WORKSPACE=/var/lib/ntg \
    NUMBA_CACHE_DIR=/var/lib/ntg/data/cache/numba \
    MPLCONFIGDIR=/var/lib/ntg/data/cache/matplotlib
WORKDIR /opt/ntg
USER 10001:10001
EXPOSE 4000
HEALTHCHECK --interval=30s --timeout=20s --start-period=90s --retries=3 \
    CMD ["dagster", "api", "grpc-health-check", "--port", "4000"]
CMD ["dagster", "api", "grpc", "--host", "0.0.0.0", "--port", "4000", "--module-name", "ntg_assets.definitions", "--location-name", "ntg"]
