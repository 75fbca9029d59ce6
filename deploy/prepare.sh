#!/bin/sh
# The init service: as root it gives the mounted folders to the user that the other services run as, then prepares the
# databases as that user. A folder that is theirs already is left as it is: a large one costs no walk.
set -e
owner="${AIRFLOW_UID:-50000}"
for folder in /data /opt/airflow/logs; do
  mkdir -p "$folder"
  if [ "$(stat -c %u "$folder")" != "$owner" ]; then
    chown -R "$owner:0" "$folder"
  fi
  chmod 0770 "$folder"
done
exec setpriv --reuid="$owner" --regid=0 --clear-groups python -m gateway_airflow.prepare
