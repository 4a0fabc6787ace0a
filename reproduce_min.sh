#!/bin/sh
# The book alone, in about two minutes.
set -eu
cd "$(dirname "$0")"
make book
