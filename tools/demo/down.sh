#!/usr/bin/env bash
# Takes the demo's topology down, with every process in it. Harmless when nothing is up.
set -euo pipefail
export JG_PREFIX=jg JG_RUN=/run/jumpgate-demo
source "$(cd "$(dirname "$0")" && pwd)/topology.sh"
topology_down
