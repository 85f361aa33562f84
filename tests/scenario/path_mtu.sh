# A path narrows to 1280 bytes while a file comes through it: once silently (a black hole), once with the router's
# word, and once behind a jump. TCP never stalls for longer than three probes take, and the file arrives whole.
# limit: 180
source "$(dirname "$0")/lib_tunnel.sh"

lay_out 5 5
start_server 12M
bear_losses
start_gateway
start_client
wait_for 5 answers 10.9.0.2

# The file takes some 8 s, and what curl has not read yet hides no gap.
slow_down 12mbit

wait_for 10 gateway_found 1500
wait_for 10 client_found 1500

# fetch_while COMMAND...: a transfer, the command 2 s into it; the longest gap in its progress is bounded.
fetch_while() {
  # What hosts remember of an earlier path would hide this one.
  ns server ip route flush cache
  rm -f "$JG_RUN/fetched.bin"
  ns client curl -s --max-time 90 -o "$JG_RUN/fetched.bin" http://10.9.0.2:8000/file.bin &
  local transfer=$! size=0 last=0 since longest=0 now
  since=$(date +%s%N)
  local started_at=$since changed=
  while kill -0 "$transfer" 2>/dev/null; do
    now=$(date +%s%N)
    size=$(stat -c %s "$JG_RUN/fetched.bin" 2>/dev/null || echo 0)
    if ((size > last)); then
      ((now - since > longest)) && longest=$((now - since))
      since=$now
      last=$size
    fi
    if [[ -z $changed ]] && ((now - started_at > 2000000000)); then
      changed=1
      "$@"
    fi
    read -rt 0.05 <> <(:) || true
  done
  wait "$transfer" || fail "the transfer broke off"
  cmp "$JG_RUN/fetched.bin" "$JG_RUN/www/file.bin" || fail "the file did not come through whole"
  gap=$((longest / 1000000))
  echo "longest gap with $*: $gap ms"
  ((gap < 5000)) || fail "TCP stalled for $gap ms"
}

# A black hole in mid-session, both ways.
fetch_while narrow wifi
(($(path_mtu) < 1300)) || fail "the gateway did not notice the black hole: $(path_mtu)"
widen wifi

# A jump onto a narrow path: it starts at 1280.
narrow cell
to_cell() { jump to cell >/dev/null || fail "the client will not go to cell: $(jump status)"; }
fetch_while to_cell
is_on cell || fail "not on cell"
[[ $(path_mtu) -lt 1300 ]] || fail "the path over cell carries 1280, not $(path_mtu)"
widen cell

# With a router's word, which the gateway does not believe: it finds out for itself.
jump to wifi >/dev/null
wait_for 10 is_on wifi
wait_for 15 gateway_found 1500
wait_for 15 client_found 1500
shrink() { ns net ip link set wifi mtu 1280; }
fetch_while shrink
(($(path_mtu) < 1300)) || fail "the gateway did not notice the smaller link: $(path_mtu)"
