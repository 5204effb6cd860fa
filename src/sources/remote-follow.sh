# Follows log files on the machine where they lie; read by the same shell after remote-search.sh, whose functions it uses. A
# request is a call of mtf_… with numbers only, between mt_begin and mt_end; paths and wishes are lines of its data.
#
# Bytes of files come as they are, between a line that begins with a byte 1 and the line `\001E nonce`, before which a line
# break is added. The nonce is of this request: no log line can pass for it.
#   L idx kind inode size path   a file: which of the paths named it; n(amed) s(ibling) g(lob)
#   X code idx detail path       a file that cannot be read
#   T inode                      its first bytes follow, unpacked
#   D inode offset               its bytes from there on follow, unpacked; after a T of the same file, which is still open
#   U code inode                 it cannot be read after all
#   W inode status               how unpacking it ended
#   A n block                    file n of remote-search.sh: no line of interest before this block

MTF_B=4096

# Joins what mt_expand printed with what ls says and with what is wanted (`inode first-byte block blocks`). Prints
# `X code idx path`, `L idx kind inode size path`, and `R inode block blocks path` for what there is to read, no more than LEFT.
MTF_JOIN='
function after(s, n) { while (n-- > 0) sub(/^ *[^ ]+ /, "", s); return s }
$0 == "//" { part++; next }
!part {
  path = after($0, 3)
  if ($2 == "-" || $2 == "l") { print "X", $2 == "l" ? "l" : "g", $1, path; next }
  if (path in kind) { if ((" " idx[path] ",") !~ ("[ ,]" $1 ",")) idx[path] = idx[path] "," $1; if ($2 == "n") kind[path] = "n"; next }
  order[++count] = path; idx[path] = $1; kind[path] = $2
  next
}
part == 1 { path = $0; sub(/^ */, "", path); path = after(path, 8); sub(/^ *[^ ]+ /, "", path); inode[path] = $1; mode[path] = $2; size[path] = $6; next }
{ wanted++; wish[wanted] = $1; at[wanted] = $2; block[wanted] = $3; most[wanted] = $4 }
END {
  for (i = 1; i <= count; i++) {
    path = order[i]
    if (!(path in inode)) {
      # The ls of BusyBox shows a question mark for every byte that is no ASCII.
      shown = path
      gsub(/[^ -~]/, "?", shown)
      if (shown in inode) { inode[path] = inode[shown]; mode[path] = mode[shown]; size[path] = size[shown] }
    }
    if (!(path in inode)) { if (kind[path] == "n") print "X", "m", idx[path], path; continue }
    if (mode[path] !~ /^-/) {
      if (kind[path] == "n") print "X", mode[path] ~ /^d/ ? "d" : "k", idx[path], path
      continue
    }
    node = inode[path]
    if (node in first) { one = first[node]; idx[one] = idx[one] "," idx[path]; if (kind[path] == "n") kind[one] = "n"; continue }
    first[node] = path
    kept[++files] = path
  }
  for (i = 1; i <= files; i++) { path = kept[i]; print "L", idx[path], kind[path], inode[path], size[path], path }
  for (i = 1; i <= wanted && left > 0; i++) {
    path = first[wish[i]]
    if (path == "" || size[path] + 0 <= at[i] + 0) continue
    blocks = int((size[path] - block[i] * 4096 + 4095) / 4096)
    if (blocks > most[i]) blocks = most[i]
    if (blocks > left) blocks = left
    left -= blocks
    print "R", wish[i], block[i], sprintf("%.0f", blocks), path
  }
}'

# mtf_end_data: ends the bytes of a file.
mtf_end_data() { printf '\n%sE %s\n' "$MT_C" "$MTF_NONCE"; }

# mtf_plain INODE BLOCK BLOCKS PATH: the first block of a file, then some from BLOCK on. All of one open file, whatever its
# name means in the meantime.
mtf_plain() {
  if [ ! -r "$4" ]; then
    [ ! -e "$4" ] || mt_say "U r $1"
    return
  fi
  {
    mt_say "T $1"
    dd bs=$MTF_B count=1 2>/dev/null
    mtf_end_data
    b=$2 c=$3
    # The first block has been read.
    if [ "$b" -eq 0 ]; then b=1 c=$((c - 1)); fi
    mt_say "D $1 $b"
    if [ $b -gt 1 ]; then
      [ $c -le 0 ] || dd bs=$MTF_B skip=$((b - 1)) count=$c 2>/dev/null
    else
      [ $c -le 0 ] || dd bs=$MTF_B count=$c 2>/dev/null
    fi
    mtf_end_data
  } <"$4"
}

# mtf_look FIRST LAST WISHED WISHES LEFT NONCE: lists the files that the paths (lines FIRST to LAST of the data) mean, and reads
# what is new in those that are wished for (lines WISHED to WISHES), LEFT blocks at most.
mtf_look() {
  MTF_NONCE=$6 MT_CHAIN=0
  l=$(
    i=0
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
    w=$3 z=$4 t=$5
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
      [ "$w" -gt "$z" ] || mt_lines "$w" "$z"
    } <<MT_END | awk -v left="$t" "$MTF_JOIN"
$l
MT_END
  )
  while read -r w x k i f; do
    case $w in
    X) mt_missing "$x" "$k" "$i${f:+ $f}" ;;
    L) mt_say "L $x $k $i $f" ;;
    R) mtf_plain "$x" "$k" "$i" "$f" ;;
    esac
  done <<MT_END
$j
MT_END
}

# mtf_heads FIRST LAST NONCE: the first bytes of the files on these lines of the data: `inode packing path`.
mtf_heads() {
  MTF_NONCE=$3
  while read -r i k f; do
    if [ ! -r "$f" ]; then
      [ ! -e "$f" ] || mt_say "U r $i"
      continue
    fi
    if [ "$k" != - ] && ! mt_tool "$k"; then
      mt_say "U t $i"
      continue
    fi
    mt_say "T $i"
    if [ "$k" = - ]; then
      dd bs=$MTF_B count=1 <"$f" 2>/dev/null
    else
      mt_unpack "$k" <"$f" 2>/dev/null | head -c $MTF_B
    fi
    mtf_end_data
  done <<MT_END
$(mt_lines "$1" "$2")
MT_END
}

# mtf_packed FROM BYTES LINE NONCE: bytes of the packed file on this line of the data (`inode packing path`). FROM counts from 1.
mtf_packed() {
  MTF_NONCE=$4
  read -r i k f <<MT_END
$(mt_lines "$3" "$3")
MT_END
  mt_tool "$k" || { mt_say "U t $i" && return; }
  [ -e "$f" ] || return
  mt_say "D $i 0"
  # Bytes go their own way (4); the status of who unpacks comes back.
  { w=$({ { mt_unpack "$k" 2>/dev/null; echo $? >&3; } | tail -c "+$1" | head -c "$2" >&4; } 3>&1 <"$f"); } 4>&1
  mtf_end_data
  mt_say "W $i $w"
}

# mtf_read LINE BLOCK BLOCKS NONCE: the same of a plain file.
mtf_read() {
  MTF_NONCE=$4
  read -r i k f <<MT_END
$(mt_lines "$1" "$1")
MT_END
  mtf_plain "$i" "$2" "$3" "$f"
}

# mtf_starts FROM TO: of the files of mt_files, the blocks from which lines since FROM may stand.
mtf_starts() {
  mt_parts "$1" "$2" -
  while read -r n k a z g f; do [ -z "$n" ] || mt_say "A $n $a"; done <<MT_END
$MT_S
MT_END
}
