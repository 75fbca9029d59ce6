#!/bin/sh
# The gateway's own database and role beside Airflow's, never in it. Run once, by the image's first start.
set -e
psql -v ON_ERROR_STOP=1 -v password="$GATEWAY_DB_PASSWORD" --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
CREATE ROLE gateway LOGIN PASSWORD :'password';
CREATE DATABASE gateway OWNER gateway;
REVOKE CONNECT ON DATABASE gateway FROM PUBLIC;
REVOKE CONNECT ON DATABASE airflow FROM PUBLIC;
SQL
