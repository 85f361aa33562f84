# The client's command line as its user meets it: every mistake gets one clear line and a stated exit status, the daemon
# goes to the background and comes down again, keys are what other libraries make of them.
# limit: 120
source "$(dirname "$0")/lib_tunnel.sh"

program="$build/src/app/jump/jump"
# refused STATUS PATTERN COMMAND...: ends with that status and says so on stderr.
refused() {
  local expected=$1 pattern=$2 status=0
  shift 2
  timeout 20 "$@" >"$logs/refused.out" 2>"$logs/refused.err" || status=$?
  ((status == expected)) || fail "$*: exit status $status, not $expected: $(cat "$logs/refused.err")"
  grep -qE "$pattern" "$logs/refused.err" || fail "$*: does not say '$pattern': $(cat "$logs/refused.err")"
  [[ ! -s $logs/refused.out ]] || fail "$*: an error on standard output: $(cat "$logs/refused.out")"
}
# variant NAME SED-EXPRESSION: a configuration that differs from the good one.
variant() { sed "$2" "$JG_RUN/client.toml" >"$JG_RUN/$1.toml"; }
up_in_client() { refused "$1" "$2" ip netns exec "$JG_PREFIX-client" "$program" up "${@:3}"; }

# Keys: the public half is X25519 of the private one, whoever computes it.
private=$("$program" genkey)
public=$("$program" pubkey <<<"$private")
[[ $private != "$("$program" genkey)" ]] || fail "two keys are the same"
computed=$(
  python3 - "$private" <<'PY'
import base64, sys
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
key = X25519PrivateKey.from_private_bytes(base64.b64decode(sys.argv[1]))
print(base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode())
PY
)
[[ $public == "$computed" ]] || fail "pubkey says $public, the other library $computed"
refused 1 'no private key' "$program" pubkey <<<"not a key"
(umask 022 && "$program" genkey >"$JG_RUN.key" 2>"$logs/umask.err")
grep -q 'umask 077' "$logs/umask.err" || fail "no warning about a key that others can read"
rm "$JG_RUN.key"

# A disk that is full is told, not passed over.
full() { # full COMMAND...: exits with 1 and says so
  local status=0
  "$@" >/dev/full 2>"$logs/full.err" || status=$?
  ((status == 1)) && grep -q 'standard output does not take' "$logs/full.err" || fail "$*: exit status $status: $(cat "$logs/full.err")"
}
full "$program" genkey
full "$program" pubkey <<<"$private"
full "$build/tools/jumpctl/jumpctl" --help

# Words that it does not know, and too few of them.
refused 2 'subcommand' "$program"
refused 2 'name' "$program" up
refused 2 'arguments|not expected|subcommand' "$program" sideways

lay_out
id=cli$$ # a name of our own in /run/jumpgate

# Another program listens there.
python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.bind(sys.argv[1])
s.listen()
c, _ = s.accept()
c.recv(65536)
c.send(b"{\"reply\": {\"version\": 1}}")
c.recv(1)' "$JG_RUN/other.sock" &
pids+=($!)
wait_for 5 test -S "$JG_RUN/other.sock"
refused 1 'who answers there is no jump' "$program" status --socket "$JG_RUN/other.sock"

# Nothing runs.
refused 1 "nothing answers at /run/jumpgate/jump-$id.sock" "$program" status "$id"
refused 1 "nothing answers" "$program" down "$id"
refused 1 "nothing answers" "$program" to wifi "$id"

# The configuration and the key.
refused 2 "/etc/jumpgate/$id.toml: No such file" "$program" up "$id"
refused 2 "nowhere.toml: No such file" "$program" up "$JG_RUN/nowhere.toml"
variant no-key 's|client.key|nowhere.key|'
refused 2 'no-key.toml:[0-9]+.*nowhere.key' "$program" up "$JG_RUN/no-key.toml"
cp "$JG_RUN/client.key" "$JG_RUN/open.key"
chmod 644 "$JG_RUN/open.key"
variant open-key 's|client.key|open.key|'
refused 2 'open-key.toml:[0-9]+.*open.key.*(mode|readable|chmod)' "$program" up "$JG_RUN/open-key.toml"

# What the host lacks, or gives to somebody else.
variant no-uplink 's|^interface = "wifi"|interface = "wlan9"|; s|^interface = "cell"|interface = "wwan9"|; /^\[client\]/a connect_timeout = "1s"'
up_in_client 1 'no usable uplink: wifi \(wlan9\) no such interface, cell \(wwan9\) no such interface' "$JG_RUN/no-uplink.toml"
grep -q "uplink 'wifi': no interface 'wlan9'" "$logs/refused.err" || fail "the missing interface is not named at once"
variant bad-tun 's|^tun = .*|tun = "wifi"|'
up_in_client 1 "tunnel interface 'wifi': an interface of that name is no TUN device" "$JG_RUN/bad-tun.toml"

refused 1 '/dev/net/tun: No such file or directory; load it: modprobe tun' ip netns exec "$JG_PREFIX-client" \
  unshare -m sh -c 'mount -t tmpfs none /dev/net && exec "$@"' sh "$program" up "$JG_RUN/client.toml"

# Without root. The folder lies where anybody may go.
plain=$(mktemp -d)
chmod 755 "$plain"
sed "s|$JG_RUN|$plain|" "$JG_RUN/client.toml" >"$plain/client.toml"
install -m 755 "$program" "$plain/jump"
install -o nobody -m 600 "$JG_RUN/client.key" "$plain/client.key"
as_nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups "$plain/jump")
refused 1 'Permission denied.*needs root' "${as_nobody[@]}" up "$plain/client.toml"
chown nobody "$plain"
refused 1 'not permitted: root or CAP_NET_ADMIN' "${as_nobody[@]}" up "$plain/client.toml"
chown root "$plain/client.key"
refused 2 'needs root' "${as_nobody[@]}" up "$plain/client.toml"
rm -r "$plain"

# A daemon: `up` returns when the tunnel is up, and the line says where. The default socket finds it by name, or alone.
start_gateway
sed '/^control_socket/d' "$JG_RUN/client.toml" >"$JG_RUN/$id.toml"
daemon_up() {
  timeout 20 ip netns exec "$JG_PREFIX-client" "$program" up --daemon "$JG_RUN/$id.toml" &&
    pids+=($(ip netns pids "$JG_PREFIX-client"))
}
daemon_up >"$logs/daemon.log" 2>&1 || fail "up --daemon: $(cat "$logs/daemon.log")"
grep -qE "^$id is up: jump0 10.8.0.2/32 .*over wifi to 198.51.100.2:51820" "$logs/daemon.log" || fail "up says: $(cat "$logs/daemon.log")"
[[ -S /run/jumpgate/jump-$id.sock ]] || fail "not at the default socket"
answers >/dev/null || fail "up, but no answer through the tunnel"
proc=/proc/${pids[-1]}
grep -qE '^Max core file size +0 +0' "$proc/limits" || fail "it may dump core"
# AddressSanitizer's shadow is terabytes of address space, which can not be locked: asked of other builds only.
locked() { (($(awk '/^VmLck/ {print $2}' "$1/status") > 1000)); }
(($(awk '/^VmSize/ {print $2}' "$proc/status") > 1 << 30)) || locked "$proc" || fail "its memory is not locked"
(($(awk '/^VmSize/ {print $2}' "$proc/status") > 1 << 30)) || locked "/proc/$gateway" || fail "the gateway's memory is not locked"
"$program" status "$id" | grep -q "^$id: ATTACHED over wifi" || fail "status: $("$program" status "$id")"

# Twice the same; the same TUN under another name; uplinks that are none, or in use. The tunnel stays up.
up_in_client 1 "jump-$id.sock is in use" "$JG_RUN/$id.toml"
up_in_client 1 "jump-$id.sock is in use" --daemon "$JG_RUN/$id.toml"
up_in_client 1 "tunnel interface 'jump0': another program uses it" "$JG_RUN/client.toml"
[[ ! -e $JG_RUN/jump.sock ]] || fail "a refused up left its control socket behind"
refused 1 "no uplink 'wire'; there are: wifi, cell" "$program" to wire "$id"
refused 1 'in use already' "$program" to wifi "$id"
answers >/dev/null || fail "a refused command broke the tunnel"
"$program" to cell "$id" | grep -q 'moving to cell' || fail "to cell"
wait_for 10 sh -c "'$program' status '$id' | grep -q 'ATTACHED over cell'"

# Down means gone: the name and the interface are free for the next one at once.
"$program" down "$id" | grep -q "^$id is down" || fail "down"
[[ ! -e /run/jumpgate/jump-$id.sock ]] || fail "down left its control socket behind"
! ns client ip link show jump0 >/dev/null 2>&1 || fail "down left its interface behind"
refused 1 'nothing answers' "$program" down "$id"
daemon_up >"$logs/daemon.log" 2>&1 || fail "up again: $(cat "$logs/daemon.log")"

# With standard streams that are closed or full it runs as with any: what it would say there goes nowhere, not to a
# socket that got the number. When its terminal goes, the gateway is told.
"$program" down "$id" >/dev/null
variant no-cell 's|^interface = "cell"|interface = "wwan9"|'
ip netns exec "$JG_PREFIX-client" "$program" up "$JG_RUN/no-cell.toml" <&- >&- 2>/dev/full &
client=$!
pids+=("$client")
wait_for 15 is_attached
[[ $(readlink /proc/$client/fd/0 /proc/$client/fd/1 | sort -u) == /dev/null ]] || fail "a closed stream is $(ls -l /proc/$client/fd)"
ended() { (($(events "$gateway_events" "e['event_type'] == 'SessionTerminated' and e['reason_code'] == 'peer_closed'") >= $1)); }
before=$(events "$gateway_events" "e['event_type'] == 'SessionTerminated' and e['reason_code'] == 'peer_closed'")
kill -HUP "$client"
wait "$client" || fail "a hang-up is no orderly end: status $?"
wait_for 5 ended $((before + 1))
[[ ! -e $JG_RUN/jump.sock ]] || fail "a hang-up left the control socket behind"

# Its interface deleted under it: it says so and ends, for whoever starts it again.
start_client
ns client ip link delete jump0
wait_for 5 logged jump 'the tunnel interface jump0 was deleted'
status=0
wait "$client" || status=$?
((status == 1)) || fail "its interface was deleted: exit status $status"

# A daemon that does not come up says why to whoever waits, and leaves nothing.
stop "$gateway"
# Whoever breaks off the waiting has no tunnel come up later.
ip netns exec "$JG_PREFIX-client" "$program" up --daemon "$JG_RUN/$id.toml" >"$logs/waiting.log" 2>&1 &
waiting=$!
wait_for 5 test -S "/run/jumpgate/jump-$id.sock"
kill -TERM "$waiting"
wait "$waiting" || true
wait_for 5 test ! -e "/run/jumpgate/jump-$id.sock"
sed -i '/^\[client\]/a connect_timeout = "1s"' "$JG_RUN/$id.toml"
up_in_client 1 'no answer from the gateway after [0-9]+ HELLOs' --daemon "$JG_RUN/$id.toml"
refused 1 'nothing answers' "$program" status "$id"
