#!/usr/bin/env bash
# Java and Maven for ops/kafka, where they are missing: at once on Debian and Ubuntu, elsewhere it says what to do.
set -euo pipefail

if command -v java >/dev/null && command -v mvn >/dev/null; then exit 0; fi
if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
  echo 'Kafka needs Java 17 or later and Maven. Debian, Ubuntu: sudo apt-get install openjdk-17-jre-headless maven;' >&2
  echo 'macOS: brew install openjdk@17 maven; then "java" and "mvn" must be in the PATH.' >&2
  exit 1
fi
apt-get update -qq
apt-get install -y -qq openjdk-17-jre-headless maven
