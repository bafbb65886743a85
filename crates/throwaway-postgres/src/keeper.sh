# Keeps one server: sh -c … keeper POSTGRES DATA LOG DIRECTORY
#
# It reads orders from its input, and when there can be no more, ends the server and removes the directory. The server is a
# child of this shell, so its process id cannot come to belong to another process. Our own output is
# open in the server and in all its processes, and is closed here: when it ends, all of them have ended.
"$1" -D "$2" 2>>"$3" </dev/null &
server=$!
exec >/dev/null
while read -r _; do
    # The one order: all at once, as when the machine loses its power. The server first, so that it neither forks nor
    # cleans up.
    kill -STOP "$server"
    kill -KILL $(cat "/proc/$server/task/$server/children") "$server"
done 2>/dev/null
kill -QUIT "$server" 2>/dev/null
wait "$server"
# A server that was killed leaves its file, which names in line 7 the memory that it left as well.
memory=$(sed -n '7s/.* //p' "$2/postmaster.pid" 2>/dev/null)
[ -z "$memory" ] || ipcrm -m "$memory" 2>/dev/null
rm -rf "$4"
