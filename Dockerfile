# One image for Dagster's code server, web server and daemon, and for the command `wattline`.
# linux/amd64 and linux/arm64: the lock has the hashes of both, and nothing is compiled.

FROM python:3.12.13-slim AS build
RUN python -m venv /opt/wattline
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
# Apart from the code, so that a change to the code does not fetch the packages again.
COPY requirements.lock ./
RUN /opt/wattline/bin/python -m pip install --require-hashes --no-deps --only-binary=:all: -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY connectors connectors
COPY dashboards dashboards
COPY pipelines pipelines
COPY sandbox sandbox
COPY schemas schemas
RUN /opt/wattline/bin/python -m pip install --no-deps --no-build-isolation .

FROM python:3.12.13-slim
# uid 1000 is that of the first user on most machines, so that the settings which they mount can be read.
RUN groupadd --gid 1000 wattline \
    && useradd --uid 1000 --gid 1000 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin wattline \
    && install --directory --owner=1000 --group=1000 /var/lib/wattline /var/lib/dagster \
    && install --directory /etc/wattline/connections.d \
    && touch /etc/wattline/wattline.toml
COPY --from=build /opt/wattline /opt/wattline
COPY deploy/compose/workspace.yaml deploy/compose/health.py /etc/dagster/
ENV PATH=/opt/wattline/bin:$PATH \
    HOME=/tmp \
    DAGSTER_HOME=/var/lib/dagster \
    WATTLINE_DATA_DIR=/var/lib/wattline \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 1000:1000
WORKDIR /var/lib/wattline
CMD ["wattline", "--help"]
