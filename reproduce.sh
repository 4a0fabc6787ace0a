#!/bin/sh
# Everything: the environment, every number and figure, the book, the scenarios, and all checks.
set -eu
cd "$(dirname "$0")"
make book
make rerun
make test
