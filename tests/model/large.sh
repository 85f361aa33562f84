#!/usr/bin/env bash
# The models within larger bounds: exec run.sh large [FOLDER].
exec bash "$(dirname "$(readlink -f "$0")")/run.sh" large "$@"
