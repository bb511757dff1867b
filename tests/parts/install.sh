#!/usr/bin/env bash
# Bring the real parts that tests run on to this machine, or say what is missing and how to get it.
# Usage: tests/parts/install.sh PYTHON
set -euo pipefail
cd "$(dirname "$0")/../.."

# program, Debian package, what is tested on it
parts=(
  "redis-server redis-server Redis"
  "prometheus prometheus Prometheus"
  "promtool prometheus Prometheus"
  "java default-jre-headless Kafka"
  "mvn maven Kafka"
  "cc gcc the compiled core"
  "docker-compose docker-compose the compose file"
)

missing_packages() {
  local part program package rest
  for part in "${parts[@]}"; do
    read -r program package rest <<< "$part"
    command -v "$program" > /dev/null || echo "$package"
  done | sort -u
}

install_packages() {
  # The packages' services would take the default ports; tests start servers of their own.
  local policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f '"$policy" EXIT
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod +x "$policy"
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -q && apt-get install -y -q --no-install-recommends "$@"
}

mapfile -t packages < <(missing_packages)
if [ ${#packages[@]} -gt 0 ] && [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
  echo "Installing ${packages[*]}"
  said=$(install_packages "${packages[@]}" 2>&1) || tail -n 20 <<< "$said" >&2
fi

for part in "${parts[@]}"; do
  read -r program package tested <<< "$part"
  command -v "$program" > /dev/null && continue
  echo "MISSING: $program (apt-get install $package). Tests on $tested will be skipped, or fail where CI is set." >&2
done

if command -v java > /dev/null && command -v mvn > /dev/null; then
  "$1" -m tests.parts.kafka \
    || echo "MISSING: Kafka's jars. Tests on Kafka will be skipped, or fail where CI is set." >&2
fi
