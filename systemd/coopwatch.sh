#!/bin/sh
# The command for people. Under systemd, what touches the service's data runs as the service does (same user, same folder, same
# secrets), so that no file of root's appears among its own; everything else runs as whoever called.
current=/opt/coopwatch/current/bin/coopwatch
case "${1:-}" in
  "" | -* | setup | demo | check | extract | run) exec "$current" "$@" ;;
esac
if [ "$(id -u)" != 0 ] || [ ! -d /run/systemd/system ]; then exec "$current" "$@"; fi
exec systemd-run --quiet --pipe --wait --collect --service-type=exec --working-directory=/ \
  --property=DynamicUser=yes --property=User=coopwatch --property=StateDirectory=coopwatch --property=StateDirectoryMode=0700 \
  --property=LoadCredential=secrets:/etc/coopwatch/secrets/ --property=UMask=0077 \
  --setenv=COOPWATCH_STATE_DIR=/var/lib/coopwatch --setenv=COOPWATCH_CONFIG=/etc/coopwatch/coopwatch.toml \
  -- "$current" "$@"
