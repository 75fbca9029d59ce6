#!/bin/sh
# The image's entry point. Shells, Python and paths are run as they are (the official Helm chart says
# `bash -c "exec airflow scheduler"`); anything else is a subcommand of airflow.
set -e
case "${1:-version}" in
  airflow | bash | sh | python | python3 | gateway | */*) exec "$@" ;;
  *) exec airflow "$@" ;;
esac
