#!/usr/bin/env bash
# The Python peer against the Python gateway, and the vectors that spec/ prints: red when spec and vectors drift apart.
# Debian's own interpreter: another python3 in PATH would not see python3-nacl and python3-cryptography.
set -euo pipefail
exec /usr/bin/python3 -B "$(dirname "$0")/selftest.py"
