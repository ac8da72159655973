#!/usr/bin/env bash
# step.sh NAME COMMAND...: runs the command, and says what began, how it ended and how long it took.
set -uo pipefail

name=$1
shift
echo "==> $name"
start=$SECONDS
"$@"
status=$?
# What `timeout` says of a command that it ended.
if [ "$status" -eq 124 ]; then
  echo "<== $name: FAILED, not over after $((SECONDS - start)) s"
elif [ "$status" -eq 0 ]; then
  echo "<== $name: ok, $((SECONDS - start)) s"
else
  echo "<== $name: FAILED with status $status after $((SECONDS - start)) s"
fi
exit "$status"
