# Searches log files on the machine where they lie. The constant command `sh -s` reads this from its standard input, once for
# a connection; after it come requests: calls of mt_… with numbers only, and data (paths, texts) in quoted here-documents.
# No text of a request is ever read as shell code. Runs on dash, bash, mksh and BusyBox with their POSIX tools.
#
# Answers are lines. What is said about files begins with a byte 1; a line of a log with its number in the part that was read
# and a colon. So no log line can pass for an answer.
#   H                      a request begins
#   N tool…                programs that are missing: nothing can be searched
#   P n idx kind inode size time flags first-line
#                          file n: which of the paths named it; n(amed) s(ibling) g(lob); its first stamp in seconds
#   Q n path               file n
#   X code idx detail path a file that cannot be read
#   F n span from          lines of file n follow, of the blocks from `from` on
#   E n text               file n: unpacking failed
#   G n text               file n: reading it failed, or what filters it
#   B n span from          lines of file n follow, between which its clock was set back
#   I id                   a queue ID whose lines were searched as well
#   R                      files were rotated in the meantime: what was read need not be all
#   Z nonce                all was said

LC_ALL=C
export LC_ALL
MT_NL='
'
MT_TAB='	'
MT_C=$(printf '\001')
MT_B=65536
# Smaller files are read whole: it costs less than finding the place.
MT_BISECT=$((16 * MT_B))
MT_HEADS=
MT_HEADS_N=0

case ${KSH_VERSION-} in
'') mt_say() { printf '%s\n' "$MT_C$*"; } ;;
*) mt_say() { print -r -- "$MT_C$*"; } ;;
esac

# BusyBox before 1.30 knows no -a; there every file is text.
if echo a | grep -aF a >/dev/null 2>&1; then MT_GREP='grep -naF'; else MT_GREP='grep -nF'; fi

# mksh counts in 32 bits.
case $((2147483647 + 1)) in -*) MT_32=1 ;; *) MT_32=0 ;; esac

# What every search needs. Without it nothing would be found, and that must not pass for an answer.
MT_LACKS=
for t in awk cat dd grep head ls printf sed sort; do
  command -v $t >/dev/null 2>&1 || MT_LACKS="$MT_LACKS $t"
done

# ---- Time stamps -----------------------------------------------------------------------------------------------------------

# mt_days YEAR MONTH DAY: D := days since 1970.
mt_days() {
  y=$1 m=$2
  if [ "$m" -le 2 ]; then y=$((y - 1)) m=$((m + 12)); fi
  D=$((365 * y + y / 4 - y / 100 + y / 400 + (153 * (m - 3) + 2) / 5 + $3 - 719469))
}

# mt_clock TEXT: C := seconds of the day, R := what follows. Digits get a 1 in front: 08 would be read as octal.
mt_clock() {
  case $1 in
  [0-9][0-9]:[0-9][0-9]:[0-9][0-9]*) ;;
  *) return 1 ;;
  esac
  R=$1
  h=1${R%%:*} R=${R#???}
  M=1${R%%:*} R=${R#???}
  s=1${R%"${R#??}"} R=${R#??}
  C=$(((h - 100) * 3600 + (M - 100) * 60 + s - 100))
}

# mt_offset TEXT: O := seconds east of UTC as written at the end of TEXT. Fails when there is none.
mt_offset() {
  case $1 in
  *[Zz]) O=0 && return 0 ;;
  *[+-][0-9][0-9]:[0-9][0-9]) q=${1##*[+-]} O=${q#???} q=${q%???} ;;
  *[+-][0-9][0-9][0-9][0-9]) q=${1##*[+-]} O=${q#??} q=${q%??} ;;
  *[+-][0-9][0-9]) q=${1##*[+-]} O=00 ;;
  *) return 1 ;;
  esac
  O=$(((1$q - 100) * 3600 + (1$O - 100) * 60))
  case $1 in *-"$q"*) O=$((0 - O)) ;; esac
}

# mt_iso TEXT: 2026-11-21T07:23:22.123+01:00, also with a blank for the T, or no offset.
mt_iso() {
  case $1 in
  [0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9][Tt\ ][0-9]*) ;;
  *) return 1 ;;
  esac
  t=$1
  Y=${t%%-*} t=${t#*-}
  m=1${t%%-*} t=${t#*-}
  d=1${t%"${t#??}"} t=${t#???}
  mt_clock "$t" || return 1
  mt_days "$Y" $((m - 100)) $((d - 100))
  case $R in
  # Exim: 2026-11-21 07:23:22 +0000 id
  ' '[+-][0-9][0-9][0-9][0-9]' '*) z=${R# } z=${z%% *} ;;
  *) z=${R%%[ \"$MT_TAB]*} ;;
  esac
  mt_offset "$z" || O=$MT_OFF
  T=$((D * 86400 + C - O))
}

# mt_bsd TEXT: Nov 21 07:24:23, also with a year before the clock. A year that is missing is the one nearest to the window.
mt_bsd() {
  case $1 in
  Jan\ *) m=1 ;; Feb\ *) m=2 ;; Mar\ *) m=3 ;; Apr\ *) m=4 ;; May\ *) m=5 ;; Jun\ *) m=6 ;;
  Jul\ *) m=7 ;; Aug\ *) m=8 ;; Sep\ *) m=9 ;; Oct\ *) m=10 ;; Nov\ *) m=11 ;; Dec\ *) m=12 ;;
  *) return 1 ;;
  esac
  t=${1#????} t=${t# }
  d=${t%% *} t=${t#* }
  case $d in [0-9]) ;; [0-9][0-9]) d=${d#0} ;; *) return 1 ;; esac
  Y=
  case $t in [0-9][0-9][0-9][0-9]' '*) Y=${t%% *} t=${t#*' '} ;; esac
  mt_clock "$t" || return 1
  w=$m
  mt_days "${Y:-$MT_YEAR}" "$w" "$d"
  T=$((D * 86400 + C - MT_OFF))
  [ -z "$Y" ] || return 0
  if [ $((T - MT_MID)) -gt 15778800 ]; then
    mt_days $((MT_YEAR - 1)) "$w" "$d"
  elif [ $((MT_MID - T)) -gt 15778800 ]; then
    mt_days $((MT_YEAR + 1)) "$w" "$d"
  fi
  T=$((D * 86400 + C - MT_OFF))
}

# mt_stamp LINE: T := its instant in seconds since the epoch. Fails when the line does not begin with a stamp.
mt_stamp() {
  t=$1
  case $t in
  '{'*)
    for k in '"@timestamp"' '"timestamp"' '"time"' '"timereported"' '"ts"' '"date"'; do
      case $t in
      *"$k"*)
        t=${t#*"$k"}
        t=${t#"${t%%[!: ]*}"}
        t=${t#\"}
        break
        ;;
      esac
    done
    ;;
  '<'[0-9]*)
    t=${t#*>}
    case $t in [1-9]' '*) t=${t#??} ;; [1-9][0-9]' '*) t=${t#???} ;; esac
    ;;
  esac
  mt_iso "$t" || mt_bsd "$t"
}

# ---- Files -----------------------------------------------------------------------------------------------------------------

# mt_is_piece NAME LIVE: is NAME an older piece of the file LIVE? The caller looks more closely.
mt_is_piece() {
  p=$1
  case $p in *.gz | *.zst | *.xz | *.bz2 | *.Z | *.lz4) p=${p%.*} ;; esac
  [ "$1" = "$2" ] && return 1
  [ "$p" = "$2" ] && return 0
  case $p in
  "$2"*) p=${p#"$2"} ;;
  *)
    case $2 in ?*.?*) ;; *) return 1 ;; esac
    case $p in
    "${2%.*}"*".${2##*.}") p=${p#"${2%.*}"} p=${p%".${2##*.}"} ;;
    *) return 1 ;;
    esac
    ;;
  esac
  case $p in
  .old | .[0-9] | .[0-9][0-9] | .[0-9][0-9][0-9]) return 0 ;;
  [-._][12][0-9][0-9][0-9][0-9-]*) case ${p#?} in *[!0-9T_.-]*) return 1 ;; esac ;;
  *) return 1 ;;
  esac
}

# mt_siblings INDEX CHAIN PATH: prints the rotated pieces beside PATH. Fails when there are none.
mt_siblings() {
  i=$1 c=$2 f=${3##*/} o=${3%/*}/ b=1
  set -- "$o$f"[-._]*
  case $f in ?*.?*) set -- "$@" "$o${f%.*}"[-._]*".${f##*.}"* ;; esac
  for x in "$@"; do
    if mt_is_piece "${x##*/}" "$f" && [ -e "$x" ]; then
      printf '%s\n' "$i s $c $x"
      b=0
    fi
  done
  return $b
}

# mt_matches PATTERN: prints the files that match. Names are expanded, nothing is evaluated.
mt_matches() {
  case $1 in
  *'**'*)
    r=${1%%'**'*}
    find "${r%/*}/" -name '.?*' -prune -o -type f -print 2>/dev/null | while IFS= read -r x; do
      a=${1%%'**/'*}${1#*'**/'}
      # shellcheck disable=SC2254 # patterns are meant
      case $x in $1 | $a) printf '%s\n' "$x" ;; esac
    done
    ;;
  *)
    IFS=
    # shellcheck disable=SC2086 # expansion is meant
    set -- $1
    unset IFS
    for x in "$@"; do [ -d "$x" ] || [ ! -e "$x" ] || printf '%s\n' "$x"; done
    ;;
  esac
}

# mt_expand INDEX PATH: prints `index kind chain path` for each file that PATH means. Pieces of one log are one chain.
mt_expand() {
  case $2 in
  *[*?[]*)
    if [ ! -e "$2" ]; then
      g=$(mt_matches "$2")
      if [ -z "$g" ]; then
        printf '%s\n' "$1 - 0 $2"
        return
      fi
      while IFS= read -r e; do
        MT_CHAIN=$((MT_CHAIN + 1))
        printf '%s\n' "$1 g $MT_CHAIN $e"
        mt_siblings "$1" $MT_CHAIN "$e"
      done <<MT_END
$g
MT_END
      return
    fi
    ;;
  esac
  MT_CHAIN=$((MT_CHAIN + 1))
  if mt_siblings "$1" $MT_CHAIN "$2"; then
    # Between a rotation and the next line the live file may be missing: nothing is lost then.
    [ ! -e "$2" ] || printf '%s\n' "$1 n $MT_CHAIN $2"
  else
    printf '%s\n' "$1 n $MT_CHAIN $2"
    d=${2%/*}/
    [ ! -d "$d" ] || [ -r "$d" ] || [ ! -e "$2" ] || printf '%s\n' "$1 l 0 $2"
  fi
}

# after(s, n): s without its first n words.
MT_AFTER='function after(s, n) { while (n-- > 0) sub(/^ *[^ ]+ /, "", s); return s }'

# Joins what mt_expand printed with what ls says and with the heads that are known. Prints `X code idx kind path`, or
# `P idx kind chain inode size path` and a second line: `packing flags first-line`, empty when it has to be looked up.
MT_JOIN='
$0 == "//" { part++; next }
part == 2 { inode_ = $1; size_ = $2; head[inode_] = after($0, 2); headSize[inode_] = size_; next }
!part {
  path = after($0, 3)
  if ($2 == "-" || $2 == "l") { print "X", $2 == "l" ? "l" : "g", $1, "-", path; next }
  if (path in kind) { if ((" " idx[path] ",") !~ ("[ ,]" $1 ",")) idx[path] = idx[path] "," $1; if ($2 == "n") kind[path] = "n"; next }
  order[++count] = path; idx[path] = $1; kind[path] = $2; chain[path] = $3
  next
}
{ path = $0; sub(/^ */, "", path); path = after(path, 8); sub(/^ *[^ ]+ /, "", path); inode[path] = $1; mode[path] = $2; size[path] = $6 }
END {
  for (i = 1; i <= count; i++) {
    path = order[i]
    if (!(path in inode)) {
      # The ls of BusyBox shows a question mark for every byte that is no ASCII.
      shown = path
      gsub(/[^ -~]/, "?", shown)
      if (shown in inode) { inode[path] = inode[shown]; mode[path] = mode[shown]; size[path] = size[shown] }
    }
    if (!(path in inode)) { if (kind[path] == "n") print "X", "m", idx[path], kind[path], path; continue }
    if (mode[path] !~ /^-/) {
      if (kind[path] == "n") print "X", mode[path] ~ /^d/ ? "d" : "k", idx[path], kind[path], path
      continue
    }
    key = inode[path] " " size[path]
    if (key in first) { one = first[key]; idx[one] = idx[one] "," idx[path]; if (kind[path] == "n") kind[one] = "n"; continue }
    first[key] = path
    kept[++files] = path
  }
  for (i = 1; i <= files; i++) {
    path = kept[i]
    print "P", idx[path], kind[path], chain[path], inode[path], size[path], path
    node = inode[path]
    # A file that only grew begins as before; one that is packed does not grow.
    isSame = (node in head) && (size[path] == headSize[node] || (head[node] ~ /^- / && size[path] + 0 > headSize[node] + 0))
    print isSame ? head[node] : ""
  }
}'

# The first lines of a file. Prints flags, a blank, and the first line with a stamp: l(ocal time), m(any hosts), n(ested
# header), o(ther than a log), j(son); z and the kind of packing when it is packed.
MT_HEAD='
NR == 1 {
  if (index($0, "\037\213") == 1) kind = "gz"
  else if (index($0, "\375" "7zXZ") == 1) kind = "xz"
  else if (index($0, "\050\265\057\375") == 1) kind = "zst"
  else if ($0 ~ /^BZh[1-9]/) kind = "bz2"
  if (kind != "") exit
}
NR > 50 { exit }
{
  s = $0
  sub(/^<[0-9]+>/, "", s); sub(/^[1-9][0-9]? /, "", s)
  count = split(s, word, / +/)
  isLocal = 0
  if (s ~ /^[A-Z][a-z][a-z] [ 0-9][0-9]? /) { isLocal = 1; at = word[3] ~ /^[0-9][0-9][0-9][0-9]$/ ? 5 : 4; host = count >= at ? word[at] : "" }
  else if (s ~ /^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9][Tt ][0-9][0-9]:/) {
    isLocal = word[1] !~ /[Zz]$|[+-][0-9][0-9](:?[0-9][0-9])?$/ || length(word[1]) == 10
    host = length(word[1]) == 10 ? "" : word[2]
  }
  else if (s ~ /^\{/) json = "j"
  else next
  if (first == "") first = substr($0, 1, 1000)
  if (isLocal) { anyLocal = "l"; if (!(host in hosts)) { hosts[host] = 1; hostCount++ } }
  inner = substr(s, 16)
  if (inner ~ /[ "][A-Z][a-z][a-z] [ 0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9] [^ ]+ [^ ]+:/ || inner ~ / [0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9][T ][0-9][0-9]:/) nested = "n"
}
END {
  if (kind != "") { print "z" kind; exit }
  flags = anyLocal (hostCount > 1 ? "m" : "") nested json (NR > 0 && first == "" ? "o" : "")
  print (flags == "" ? "-" : flags) " " first
}'

mt_unpack() {
  case $1 in
  gz) gzip -dc ;;
  zst) zstd -dcq ;;
  xz) xz -dc ;;
  bz2) bzip2 -dc ;;
  lz4) lz4 -dcq ;;
  esac
}

# mt_pack PATH: K := how it is packed, by its name.
mt_pack() {
  case $1 in
  *.gz | *.Z) K=gz ;; *.zst) K=zst ;; *.xz) K=xz ;; *.bz2) K=bz2 ;; *.lz4) K=lz4 ;;
  *) K=- ;;
  esac
}

mt_tool() {
  case $1 in
  gz) W=gzip ;; zst) W=zstd ;; bz2) W=bzip2 ;; *) W=$1 ;;
  esac
  command -v $W >/dev/null 2>&1
}

# mt_head PATH SIZE: H := flags and first line, K := packing.
mt_head() {
  mt_pack "$1"
  if [ $K = - ]; then
    H=$(dd bs=$MT_B count=1 2>/dev/null <"$1" | awk "$MT_HEAD")
    case $H in z*) K=${H#z} ;; *) return ;; esac
  fi
  H=$(mt_unpack $K 2>/dev/null <"$1" | dd bs=$MT_B count=1 2>/dev/null | awk "$MT_HEAD")
  # What cannot be unpacked is no foreign file: reading it tells the fault.
  case $H in z* | '') H='- ' ;; esac
}

# mt_new_head INODE SIZE PATH: as mt_head, and remembers it.
mt_new_head() {
  mt_head "$3"
  case $H in o*) return ;; esac
  if [ $((MT_HEADS_N += 1)) -gt 500 ]; then MT_HEADS= MT_HEADS_N=1; fi
  MT_HEADS="$MT_HEADS$1 $2 $K $H$MT_NL"
}

# mt_data: MT_D := the data of a request, line by line.
mt_data() { MT_D=$(cat); }

# mt_lines FIRST LAST: these lines of the data.
mt_lines() {
  sed -n "$1,$2p" <<MT_END
$MT_D
MT_END
}

# mt_fault CODE IDX PATH: what cannot be read, with its owner where that helps.
mt_fault() {
  case $1 in
  r) set -- "$1" "$2" "$3" "$(ls -lLd "$3" 2>/dev/null | awk '{ print $1 "," $3 "," $4; exit }')" ;;
  esac
  mt_say "X $1 $2 ${4:--} $3"
}

# Adds to each file, sorted by time, the next later first stamp in its chain: there its lines end.
MT_NEXT='
{ line[NR] = $0; chain[NR] = $2; time[NR] = $1 + 0 }
END {
  for (i = NR; i > 0; i--) {
    c = chain[i]
    if (time[i] != 0 && time[i] < here[c]) after[c] = here[c]
    if (time[i] != 0) here[c] = time[i]
    rest = line[i]; sub(/^[^ ]+ [^ ]+ /, "", rest)
    print sprintf("%d", time[i]) " " (time[i] != 0 && (c in after) ? after[c] : 0) " " rest
  }
}'

# mt_files FIRST LAST OFFSET INDEX: MT_P := the files that these lines of the data mean, each as
# `time next n flags/inode packing size path`.
mt_files() {
  MT_OFF=$3 MT_CHAIN=0 MT_P=
  l=$(
    i=$4
    while IFS= read -r x; do
      mt_expand $i "$x"
      i=$((i + 1))
    done <<MT_END
$(mt_lines "$1" "$2")
MT_END
  )
  j=$(
    IFS=$MT_NL
    set -f
    # shellcheck disable=SC2046 # one path a line
    set -- $(sed 's/^[^ ]* [^ ]* [^ ]* //' <<MT_END
$l
MT_END
    )
    unset IFS
    {
      cat
      echo //
      ls -lLind "$@" 2>/dev/null
      echo //
      cat <<MT_END
$MT_HEADS
MT_END
    } <<MT_END | awk "$MT_AFTER$MT_JOIN"
$l
MT_END
  )
  while read -r w x k c i z f; do
    case $w in
    X) f="$i${z:+ $z}${f:+ $f}" && mt_missing "$x" "$k" "$f" ;;
    P)
      IFS= read -r h
      mt_file "$x" "$k" "$c" "$i" "$z" "$f" "$h"
      ;;
    esac
  done <<MT_END
$j
MT_END
  MT_P=$(sort -n <<MT_END | awk "$MT_NEXT"
$MT_P
MT_END
  )
}

# mt_missing CODE IDX PATH: of what seems to be missing, an own folder that may not be entered is the cause.
mt_missing() {
  case $1 in m) [ ! -d "${3%/*}/" ] || [ -x "${3%/*}/" ] || { mt_fault r "$2" "${3%/*}/" && return; } ;; esac
  mt_fault "$1" "$2" "$3"
}

# mt_file IDX KIND CHAIN INODE SIZE PATH HEAD: says what it is and takes it into MT_P. What has gone since it was listed was
# rotated.
mt_file() {
  if [ ! -r "$6" ]; then
    if [ -e "$6" ]; then mt_fault r "$1" "$6"; else MT_GONE=1; fi
    return
  fi
  if [ "$5" = 0 ]; then
    H='- ' K=-
  elif [ -n "$7" ]; then
    K=${7%% *} H=${7#* }
  else
    mt_new_head "$4" "$5" "$6"
    MT_SEEN="$MT_SEEN$4 $5 $6$MT_NL"
  fi
  if [ $K != - ] && ! mt_tool $K; then
    mt_say "X t $1 $W $6"
    return
  fi
  N=$((N + 1))
  mt_stamp "${H#* }" || T=0
  mt_say "P $N $1 $2 $4 $5 $T ${H%% *} ${H#* }"
  mt_say "Q $N $6"
  [ "$5" = 0 ] || MT_P="$MT_P$T $3 $N ${H%% *}/$4 $K $5 $6$MT_NL"
}

# ---- Places in a file ------------------------------------------------------------------------------------------------------

# mt_at BLOCK FILE: T := instant of the first whole line with a stamp at or after this block. 1: there is none; 2: no stamps.
mt_at() {
  {
    if [ "$1" -gt 0 ]; then
      dd bs=$MT_B skip=$(($1 - 1)) count=1 >/dev/null 2>&1
      IFS= read -r l
    fi
    c=0
    while IFS= read -r l; do
      mt_stamp "$l" && return 0
      c=$((c + 1))
      [ $c -gt 50 ] && return 2
    done
  } <"$2"
  return 1
}

# mt_probes FILE BLOCKS SLACK: MT_K := `block time` at places spread over the file. Fails when its stamps do not run forward.
mt_probes() {
  MT_K= i=0 top=0
  while [ $i -lt 8 ]; do
    b=$(($2 * i / 8)) i=$((i + 1))
    mt_at $b "$1" || return 1
    [ $T -lt $((top - $3)) ] && return 1
    [ $T -gt $top ] && top=$T
    MT_K="$MT_K$b $T$MT_NL"
  done
}

# mt_before X FILE BLOCKS SLACK: L := the last block found whose first stamp is before X. Fails when stamps do not run forward.
mt_before() {
  lo=0 tl=0 hi=$3 th=0 i=0
  while read -r b top; do
    [ -n "$b" ] || continue
    if [ "$top" -lt "$1" ]; then lo=$b tl=$top hi=$3 th=0; elif [ $th -eq 0 ]; then hi=$b th=$top; fi
  done <<MT_END
$MT_K
MT_END
  while [ $((hi - lo)) -gt 1 ]; do
    i=$((i + 1)) b=$(((lo + hi) / 2))
    # Two steps by interpolation, one by halves.
    if [ $((i % 3)) -ne 0 ] && [ $th -gt $tl ] && [ "$1" -gt $tl ] && [ $tl -gt 0 ]; then
      b=$((lo + (hi - lo) * ($1 - tl) / (th - tl)))
      [ $b -le $lo ] && b=$((lo + 1))
      [ $b -ge $hi ] && b=$((hi - 1))
    fi
    mt_at $b "$2"
    case $? in
    0) ;;
    1) hi=$b && continue ;;
    *) return 1 ;;
    esac
    [ $T -lt $((tl - $4)) ] && return 1
    [ $th -gt 0 ] && [ $T -gt $((th + $4)) ] && return 1
    if [ $T -lt "$1" ]; then lo=$b tl=$T; else hi=$b th=$T; fi
  done
  L=$lo
}

# mt_range FROM TO FILE SIZE SLACK: A, Z := the blocks that may hold lines between the instants; Z 0 = up to the end.
mt_range() {
  A=0 Z=0
  [ "$4" -gt $MT_BISECT ] || return 0
  blocks=$((($4 + MT_B - 1) / MT_B))
  mt_probes "$3" $blocks "$5" || return 0
  mt_before $(($1 - $5)) "$3" $blocks "$5" || return 0
  first=$L
  mt_before $(($2 + $5 + 1)) "$3" $blocks "$5" || return 0
  A=$first Z=$((L + 2))
  [ $Z -lt $blocks ] || Z=0
}

# mt_slack FLAGS SHARED: S := seconds by which stamps may differ from the order of lines. Clocks are corrected by minutes;
# the offset of local time is that of today (1 h of daylight saving); zones lie 26 h apart; an inner header is 24 h away at most.
mt_slack() {
  S=3900
  case $1 in *l*) S=7500; case $1$2 in *m* | *s) S=101100 ;; esac ;; esac
  case $1 in *n*) S=101100 ;; esac
}

# mt_parts FROM TO SHARED: MT_S := the parts of the files that may hold lines between the instants: `n packing from to flags path`.
mt_parts() {
  MT_S=
  while read -r ft fx fn fg fk fz ff; do
    [ -n "$fn" ] || continue
    mt_slack "$fg" "$3"
    if [ "$MT_EVERY" = 0 ] && [ "$ft" != 0 ]; then
      [ "$ft" -gt $(($2 + S)) ] && continue
      [ "$fx" -ne 0 ] && [ "$fx" -lt $(($1 - S)) ] && continue
    fi
    A=0 Z=0
    if [ "$MT_EVERY" = 0 ] && [ "$fk" = - ] && [ "$ft" != 0 ]; then mt_range "$1" "$2" "$ff" "$fz" $S; fi
    MT_S="$MT_S$fn $fk $A $Z ${fg%%/*} $ff$MT_NL"
    MT_SEEN="$MT_SEEN${fg#*/} $fz $ff$MT_NL"
  done <<MT_END
$MT_P
MT_END
}

# ---- Lines -----------------------------------------------------------------------------------------------------------------

# Where local stamps jump back by more than lines may be out of order: the last line of that host before, and the one after.
MT_BACKS='
function say(n, s) { printf "%d:%s\n", n, s }
{
  s = $0
  sub(/^<[0-9]+>/, "", s)
  count = split(substr(s, 1, 120), word, / +/)
  if (s ~ /^[A-Z][a-z][a-z] /) {
    day = (index("JanFebMarAprMayJunJulAugSepOctNovDec", word[1]) + 2) / 3 * 31 + word[2]
    at = word[3] ~ /^[0-9][0-9][0-9][0-9]$/ ? 4 : 3
    clock = word[at]; host = word[at + 1]
  } else if (s ~ /^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9][Tt ]/) {
    day = substr(s, 6, 2) * 31 + substr(s, 9, 2)
    clock = substr(s, 12, 8); host = substr(s, 11, 1) == " " ? "" : word[2]
  } else next
  split(clock, part, ":")
  time = day * 86400 + part[1] * 3600 + part[2] * 60 + part[3]
  if (host in last && time < last[host] - 300 && time > last[host] - 14400) { say(number[host], line[host]); say(NR, $0) }
  if (!(host in last) || time > last[host] || time < last[host] - 300) { last[host] = time; number[host] = NR; line[host] = $0 }
}'

# What is taken of a part: 2 where clocks were set back, 3 its end (remote-diagnosis.sh), else what holds MT_PAT.
mt_filter() {
  case $MT_BACK in
  2) awk "$MT_BACKS" ;;
  3) awk "$MT_TAIL" ;;
  *) $MT_G -e "$MT_PAT" ;;
  esac
}

# mt_part PACKING FROM TO FILE: the lines of this part that mt_filter takes. MT_E := why unpacking failed, MT_F := why reading
# or filtering did: it may be killed, or a disk be broken, and what came until then must not pass for all.
mt_part() {
  # Lines go their own way (4). What is complained of comes back, with =STATUS of who reads and fSTATUS of who filters.
  if [ "$1" != - ]; then
    { W=$({
      { mt_unpack "$1" 2>&3; echo "=$?" >&3; } | { mt_filter >&4 2>&3; echo "f$?" >&3; }
    } 3>&1 <"$4"); } 4>&1
  elif [ "$3" -eq 0 ]; then
    { W=$({
      [ "$2" -eq 0 ] || {
        dd bs=$MT_B skip=$(($2 - 1)) count=1 >/dev/null 2>&1
        IFS= read -r l
      }
      mt_filter >&4
      echo "f$?$MT_NL=0"
    } 2>&1 <"$4"); } 4>&1
  else
    { W=$({
      { dd bs=$MT_B skip="$2" count=$(($3 - $2)) 2>&3; echo "=$?" >&3; } | {
        [ "$2" -eq 0 ] || IFS= read -r l
        mt_filter >&4 2>&3
        echo "f$?" >&3
      }
    } 3>&1 <"$4"); } 4>&1
  fi
  MT_E= MT_F=
  case $MT_NL$W$MT_NL in
  # grep says 1 when it finds nothing.
  *"${MT_NL}f"[01]"$MT_NL"*)
    case $MT_NL$W$MT_NL in *"$MT_NL=0$MT_NL"*) return ;; esac
    mt_why
    if [ "$1" = - ]; then MT_F=$MT_W; else MT_E=$MT_W; fi
    ;;
  *)
    mt_why
    MT_F=$MT_W
    ;;
  esac
}

# mt_why: MT_W := the first complaint in W. dd counts its records there as well; gzip begins with an empty line.
mt_why() {
  MT_W='ended early'
  while IFS= read -r x; do
    case $x in '' | =[0-9]* | f[0-9]* | *' records '* | *' bytes '*) continue ;; esac
    MT_W=$x
    break
  done <<MT_END
$W
MT_END
}

# mt_read N PACKING FROM TO FILE: as mt_part, and says what failed.
mt_read() {
  mt_part "$2" "$3" "$4" "$5"
  [ -z "$MT_E" ] || mt_say "E $1 $MT_E"
  [ -z "$MT_F" ] || mt_say "G $1 $MT_F"
}

# Queue IDs by their place: the word a message begins with, and those that a line names as its own host's next.
MT_IDS='
function take(id) { if (length(id) < 40 && id !~ /^[a-z]+$/ && id != "NOQUEUE" && !(id in known)) { known[id] = 1; print id } }
function begin(s) {
  sub(/^ +/, "", s); sub(/^warning: /, "", s)
  if (match(s, /^[0-9A-Za-z][-0-9A-Za-z]*:/)) take(substr(s, 1, RLENGTH - 1))
  else if (match(s, /^[0-9A-Za-z]+-[0-9A-Za-z]+-[0-9A-Za-z]+ /)) take(substr(s, 1, RLENGTH - 1))
  else if (match(s, /^[0-9A-Za-z]+$/)) take(s)
}
function named(s, mark) {
  while ((at = index(s, mark)) > 0) {
    s = substr(s, at + length(mark))
    if (match(s, /^[0-9A-Za-z][-0-9A-Za-z]*/)) take(substr(s, 1, RLENGTH))
  }
}
{
  sub(/^[0-9]+:/, "")
  if ($0 ~ /^<[0-9]+>[1-9][0-9]? /) { s = $0; for (i = 0; i < 6; i++) sub(/^[^ ]+ /, "", s); if (s ~ /^\[/) sub(/^\[.*\] /, "", s); else sub(/^- /, "", s); begin(s) }
  if ((at = index($0, "\"message\":")) > 0 || (at = index($0, "\"MESSAGE\":")) > 0 || (at = index($0, "\"msg\":")) > 0) {
    s = substr($0, at); sub(/^"[a-zA-Z]+": *"/, "", s); begin(s)
  }
  s = $0
  # A colon that was lost on the way through a loghost is not missed: `postfix[132] 4jWk…: from=`.
  for (i = 0; i < 3 && match(s, /\]:? /); i++) { s = substr(s, RSTART + RLENGTH); begin(s) }
  if ($0 ~ /^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] /) { s = substr($0, 20); sub(/^ [+-][0-9]+/, "", s); sub(/^ \[[0-9]+\]/, "", s); begin(s) }
  else if (i == 0) { s = $0; while ((at = index(s, ": ")) > 0 && i++ < 3) { s = substr(s, at + 2); begin(s) } }
  named($0, "queued as "); named($0, "forwarded as "); named($0, "notification: "); named($0, "orig_queue_id="); named($0, "orig_id=")
}'

# mt_ids_in: the lines of all parts that hold one of MT_PAT, for their queue IDs. $1 j: only those in JSON.
mt_ids_in() {
  while read -r n k a z g f; do
    [ -n "$n" ] || continue
    case $1$g in j | j*j*) ;; j*) continue ;; esac
    if [ "$k" = - ]; then mt_part - "$a" "$z" "$f"; else mt_unpack "$k" <"$f" 2>/dev/null | mt_filter; fi
  done <<MT_END
$MT_S
MT_END
}

# mt_batch LIST: P, Q := the first of `1-40,41-77`, and V := the others. Fails when there is none.
mt_batch() {
  [ -n "$1" ] || return 1
  V=${1#*,} P=${1%%,*}
  [ "$V" != "$1" ] || V=
  Q=${P#*-} P=${P%-*}
}

# mt_pattern FIRST LAST: MT_PAT := these lines of the data. The same ones are not looked up twice.
mt_pattern() {
  [ "$MT_PAT_AT" = "$1-$2" ] || { MT_PAT_IS=$(mt_lines "$1" "$2") MT_PAT_AT=$1-$2; }
  MT_PAT=$MT_PAT_IS
}

# mt_each LIST COMMAND WORD: runs the command with each batch of the list as MT_PAT.
mt_each() {
  X=$1
  while mt_batch "$X"; do
    X=$V
    mt_pattern "$P" "$Q"
    $2 "$3"
  done
}

# mt_print_in ONLY: prints what mt_ids_in names, with what it belongs to.
mt_print_in() {
  if [ -n "$MT_Q" ]; then MT_PAT="$MT_PAT$MT_NL$MT_Q"; fi
  while read -r n k a z g f; do
    [ -n "$n" ] || continue
    case $1$g in j | j*j*) ;; j*) continue ;; esac
    mt_say "F $n $MT_SPAN $a"
    mt_read "$n" "$k" "$a" "$z" "$f"
  done <<MT_END
$MT_S
MT_END
  MT_Q=
}

# mt_backs: where the clocks of local stamps were set back.
mt_backs() {
  MT_BACK=2
  while read -r n k a z g f; do
    case $g in
    *l*)
      mt_say "B $n $MT_SPAN $a"
      mt_read "$n" "$k" "$a" "$z" "$f"
      ;;
    esac
  done <<MT_END
$MT_S
MT_END
  MT_BACK=0
}

# mt_span NUMBER FROM TO SHARED FOLD RELATED BACK TEXTS ANCHORS: what is wanted of the files of mt_files, between two instants.
# SHARED s: of several hosts. FOLD 1: case is ignored. RELATED 1: also the lines of queue IDs. BACK 1: also where clocks were
# set back. TEXTS: what to look for, as `1-40,41-77`, lines of the data; ANCHORS: in JSON also these.
mt_span() {
  MT_SPAN=$1 MT_G=$MT_GREP MT_BACK=0 MT_Q= t=$3
  [ "$5" = 0 ] || MT_G="$MT_GREP -i"
  case $MT_32$3 in 1[3-9]????????? | 12[2-9]???????? | 121[5-9]???????) t=2140000000 ;; esac
  mt_parts "$2" "$t" "$4"
  [ -n "$MT_S" ] || return 0
  if [ "$6" = 1 ]; then
    MT_Q=$({ mt_each "$8" mt_ids_in && mt_each "$9" mt_ids_in j; } | awk "$MT_IDS" | head -n 3000)
    [ -z "$MT_Q" ] || while read -r x; do mt_say "I $x"; done <<MT_END
$MT_Q
MT_END
  fi
  mt_each "$8" mt_print_in
  mt_each "$9" mt_print_in j
  [ "$7" = 0 ] || mt_backs
}

# Of the files that were read: was one moved, packed or cut short since it was listed?
MT_MOVED='
$0 == "//" { part++; next }
!part { if ($1 != "") { path = after($0, 2); inode[path] = $1; size[path] = $2; shown = path; gsub(/[^ -~]/, "?", shown); name[shown] = path }; next }
{
  path = $0; sub(/^ */, "", path); path = after(path, 8); sub(/^ *[^ ]+ /, "", path)
  if (!(path in inode) && (path in name)) path = name[path]
  if ((path in inode) && inode[path] == $1 && size[path] + 0 <= $6 + 0) delete inode[path]
}
END { for (path in inode) { print "moved"; exit } }'

mt_moved() {
  [ $MT_GONE = 0 ] || return 0
  [ -n "$MT_SEEN" ] || return 1
  r=$(
    IFS=$MT_NL
    set -f
    # shellcheck disable=SC2046 # one path a line
    set -- $(sed 's/^[^ ]* [^ ]* //' <<MT_END
$MT_SEEN
MT_END
    )
    unset IFS
    {
      cat
      echo //
      ls -lLind "$@" 2>/dev/null
    } <<MT_END | awk "$MT_AFTER$MT_MOVED"
$MT_SEEN
MT_END
  )
  [ -n "$r" ]
}

# mt_begin YEAR MIDDLE EVERY: the year and instant in the middle of what is searched; EVERY 1: no file is left out.
mt_begin() {
  MT_YEAR=$1 MT_MID=$2 MT_EVERY=$3 MT_PAT_AT= MT_SEEN= MT_GONE=0 N=0
  mt_say "H"
  [ -z "$MT_LACKS" ] || mt_say "N$MT_LACKS"
}
mt_end() {
  if mt_moved; then
    # A name that meant one file in the list may have meant another when its head was looked at.
    MT_HEADS= MT_HEADS_N=0
    mt_say R
  fi
  mt_say "Z $1"
}
