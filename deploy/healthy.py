"""Whether one Airflow part is alive, for a container's health check: `healthy.py dag_processor | triggerer | scheduler`.

Asks the api-server for the part's heartbeat. Standard library only: `airflow jobs check` says the same for seconds of CPU,
every minute, in every container, and on a busy machine does not say it in time.
"""

import json
import os
import sys
from urllib.request import urlopen

API = os.environ.get("AIRFLOW__CORE__EXECUTION_API_SERVER_URL", "http://127.0.0.1:8080/execution/")


def main(part: str) -> int:
    with urlopen(API.replace("/execution/", "/api/v2/monitor/health"), timeout=20) as answer:  # noqa: S310 - our own
        status = json.load(answer)[part]["status"]
    print(part, status)  # noqa: T201
    return 0 if status == "healthy" else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
