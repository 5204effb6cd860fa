# What a shell says of itself when it starts: home, user, clock and zone. Then, if it is wanted, it gives way to one of root.
# Before this come MT_SUDO (0 no, 1 wanted, 2 wanted and there is a password) and MT_ASK, the prompt by which sudo's question
# is known.
LC_ALL=C
export LC_ALL
say() {
  cat <<MT_END
$MT_C$*
MT_END
}
MT_C=$(printf '\001')
MT_NL='
'
echo
say "L home $HOME"
say "L user $(id -un 2>/dev/null)"
say "L clock $(date '+%z %s')"
# What names the zone, most certain first.
[ -z "${TZ-}" ] || say "L zone ${TZ#:}"
z=$(ls -l /etc/localtime 2>/dev/null)
case $z in *zoneinfo/*) say "L zone ${z##*zoneinfo/}" ;; esac
for f in /etc/timezone /etc/TZ /var/db/zoneinfo; do
  if [ -r $f ] && IFS= read -r z <$f; then say "L zone $z"; fi
done
if [ -r /etc/sysconfig/clock ]; then
  z=$(sed -n 's/^ZONE="*\([^"]*\)"*$/\1/p' /etc/sysconfig/clock)
  [ -z "$z" ] || say "L zone $z"
fi
if [ ! -h /etc/localtime ] && command -v timedatectl >/dev/null 2>&1; then
  z=$(timedatectl show -p Timezone --value 2>/dev/null)
  [ -z "$z" ] || say "L zone $z"
fi
unset z f
# A copy of UTC in place of the link, as in containers.
if [ "$(date +%Z)" = UTC ]; then say "L zone UTC"; fi
if [ "$(id -u)" = 0 ]; then
  say "S root"
elif [ $MT_SUDO = 0 ]; then
  say "S none"
elif ! command -v sudo >/dev/null 2>&1; then
  say "S missing"
elif e=$(sudo -n sh -s </dev/null 2>&1 >/dev/null); then
  # The very command that is wanted is allowed without a question.
  say "S free"
  exec sudo -n sh -s
elif [ $MT_SUDO = 2 ]; then
  # The password is sent when sudo asks, and only then: its prompt is a word that nobody else says.
  say "S asks"
  sudo -k -S -p "$MT_ASK" sh -c 'printf "\n\001S given\n"; exec sh -s'
  # It let nobody in. What it said on standard error goes another way: let that arrive first.
  sleep 1
  say "S refused"
else
  say "S refused ${e##*"$MT_NL"}"
fi
