#!/bin/sh
# Installs one version beside the others and makes it the current one: needs Python 3.11+ with venv, no internet, no systemd.
# PREFIX moves everything for good (default: /), DESTDIR only while packing. Starts nothing, overwrites no file of /etc/coopwatch
# but the sample. The way back: point the link `current` at the folder of the version before.
set -eu
: "${WHEELHOUSE:?folder with the wheels (make dist)}" "${VERSION:?}"
PYTHON=${PYTHON:-python3}
PREFIX=${PREFIX:-}
DESTDIR=${DESTDIR:-}
prefix=${PREFIX%/}
opt=$DESTDIR$prefix/opt/coopwatch
etc=$DESTDIR$prefix/etc/coopwatch
units=$DESTDIR$prefix/etc/systemd/system
bin=$DESTDIR$prefix/usr/local/bin

mkdir -p "$opt" "$etc" "$units" "$bin"
new=$opt/.$VERSION.new
rm -rf "$new"
"$PYTHON" -m venv "$new"
"$new/bin/python" -m pip install --quiet --disable-pip-version-check --no-index --no-deps --find-links "$WHEELHOUSE" \
  --requirement "$WHEELHOUSE/requirements.txt"
"$new/bin/python" -m pip install --quiet --disable-pip-version-check --no-index --no-deps --find-links "$WHEELHOUSE" "coopwatch==$VERSION"
"$new/bin/python" -m pip check --disable-pip-version-check >&2

# the folder is moved into place (and, when packing, to another machine): nothing in it may name where it was made
find "$new/bin" -type f ! -name 'python*' -delete
cat >"$new/bin/coopwatch" <<'RUN'
#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
exec "$here/python" -m monitor "$@"
RUN
chmod 755 "$new/bin/coopwatch"
find "$new" -type d -name __pycache__ -prune -exec rm -rf {} +
"$new/bin/python" -m compileall -q -s "$new" -p "$prefix/opt/coopwatch/$VERSION" "$new/lib" || true

if [ -e "$opt/$VERSION" ]; then
  rm -rf "$opt/.$VERSION.old"
  mv "$opt/$VERSION" "$opt/.$VERSION.old"
fi
mv "$new" "$opt/$VERSION"
rm -rf "$opt/.$VERSION.old"
before=$(readlink "$opt/current" 2>/dev/null || true)
ln -sfn "$VERSION" "$opt/.current.new"
mv -Tf "$opt/.current.new" "$opt/current"

share=$opt/$VERSION/share/coopwatch
mkdir -p "$opt/$VERSION/share/doc"
cp "$share"/doc/* "$opt/$VERSION/share/doc/"
for unit in coopwatch.service coopwatch-backup.service coopwatch-backup.timer; do
  sed "s#/opt/coopwatch/#$prefix/opt/coopwatch/#g; s#/etc/coopwatch/#$prefix/etc/coopwatch/#g" "$share/systemd/$unit" >"$units/$unit"
done
cp "$share/doc/coopwatch.sample.toml" "$etc/coopwatch.sample.toml"
[ -d "$etc/secrets" ] || mkdir -m 700 "$etc/secrets"
sed "s#/opt/coopwatch/#$prefix/opt/coopwatch/#g; s#/etc/coopwatch/#$prefix/etc/coopwatch/#g" "$share/systemd/coopwatch.sh" >"$bin/coopwatch"
chmod 755 "$bin/coopwatch"

if [ -z "$DESTDIR" ] && [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
echo "coopwatch $VERSION is installed in $prefix/opt/coopwatch/$VERSION${before:+ (before: $before)}"
if [ ! -e "$etc/coopwatch.toml" ]; then
  echo "next: coopwatch setup --config $prefix/etc/coopwatch/coopwatch.toml, then: systemctl enable --now coopwatch.service coopwatch-backup.timer"
else
  echo "next: systemctl restart coopwatch.service"
fi
