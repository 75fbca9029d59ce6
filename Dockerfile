# One image for every Airflow part of docker-compose.yaml. Built from the production lock; no download at run time.
FROM python:3.12-slim-bookworm

ENV PYTHONUNBUFFERED=1 \
    VIRTUAL_ENV=/opt/venv \
    PATH=/opt/venv/bin:$PATH \
    AIRFLOW_HOME=/opt/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/gateway/dags \
    AIRFLOW__CORE__LOAD_EXAMPLES=False \
    HOME=/home/gateway \
    LOGNAME=gateway \
    TQDM_DISABLE=1

RUN apt-get update \
    && apt-get install --yes --no-install-recommends fonts-dejavu-core libgl1 libglib2.0-0 util-linux \
    && rm -rf /var/lib/apt/lists/* \
    && pip install --no-cache-dir uv \
    && useradd --create-home --uid 50000 --gid 0 gateway \
    && chmod -R g=u /home/gateway \
    && mkdir -p /opt/airflow/logs /opt/gateway /data \
    && chown -R gateway:root /opt/airflow /opt/gateway /data \
    && chmod -R g=u /opt/airflow /data

COPY requirements-production.txt /tmp/
RUN uv venv /opt/venv \
    && uv pip sync --python /opt/venv/bin/python --no-cache --compile-bytecode --require-hashes /tmp/requirements-production.txt

WORKDIR /opt/gateway
COPY pyproject.toml README.md LICENSE ./
COPY --chown=gateway:root include include
COPY --chown=gateway:root plugins plugins
COPY --chown=gateway:root dags dags
COPY deploy/entrypoint.sh /entrypoint
COPY deploy/prepare.sh deploy/healthy.py deploy/
# The build back end is in the list as well: this fetches nothing. Airflow finds the plugin and the provider by their entry points.
RUN uv pip install --python /opt/venv/bin/python --no-cache --no-deps --no-build-isolation --editable . \
    && python -m compileall -q include plugins dags

USER gateway
ENTRYPOINT ["/entrypoint"]
CMD ["airflow", "version"]
