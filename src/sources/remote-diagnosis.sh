# What a doctor asks of a machine. Sent to a shell that has read remote-search.sh; answers are lines, as there.
#   A idx                  what follows is about this path
#   M n seconds            file n was last written then
#   F n 0 0                the last lines of file n follow, numbered
#   U n whole|part         file n is packed; it was unpacked to its end (or its damage: E), or is too large to be tried
#   T seconds nanoseconds  the clock; no digits where it shows no nanoseconds
#   .                      still at work

# The last 50 lines. Unpacking may take long: now and then it says that it goes on.
MT_TAIL='
{ line[NR % 50] = $0 }
NR % 100000 == 0 { print "\001."; fflush() }
END { for (i = NR < 50 ? 1 : NR - 49; i <= NR; i++) print i ":" line[i % 50] }'

mt_now() { mt_say "T $(date '+%s %N')"; }

# mt_tails: the ends of the files of mt_files. Packed ones count against MT_LEFT.
mt_tails() {
  MT_BACK=3
  while read -r ft fx fn fg fk fz ff; do
    [ -n "$fn" ] || continue
    t=$(date -r "$ff" +%s 2>/dev/null) && mt_say "M $fn $t"
    mt_say "F $fn 0 0"
    if [ "$fk" = - ]; then
      tail -c $MT_B "$ff" | {
        # The first line is cut, unless all of it is here.
        [ "$fz" -le $MT_B ] || IFS= read -r l
        mt_filter
      }
    elif [ ${#fz} -lt 10 ] && [ "$fz" -le "$MT_LEFT" ]; then
      MT_LEFT=$((MT_LEFT - fz))
      mt_read "$fn" "$fk" 0 0 "$ff"
      mt_say "U $fn whole"
    else
      mt_say "U $fn part"
    fi
  done <<MT_END
$MT_P
MT_END
  MT_BACK=0
}
