/* The gateway: controller and worker as one (src/ctl/{jump,exchange,path_checks,rekey,closing}.cpp). Each
 * action is one message or one timer, judged and applied without a break. */
byte gateway = ATTACHED;
byte g_bv = 1;                /* binding_version */
byte g_address = A;           /* the bound address */
byte g_bound;                 /* the exchange that made the binding: stands for its connection ids */
byte g_role[EPOCHS + 2];
byte g_root = 1, g_old_root;  /* control keys: of this generation, and of the one before while it drains */
bool g_silent;                /* nothing heard on the binding beyond the threshold */
bool g_wiped;                 /* after TERMINATED the worker has removed the session, or a crash has */

byte last_js;                 /* highest jump_seq accepted or denied */
byte refused_js;              /* of the one answer kept, when it is a refusal */
byte denials;
byte x_cs, x_kind, x_js, x_epoch;  /* the pending exchange; x_cs 0: none */
byte x_address[2];            /* challenged; [1] 0: none */
bool x_new_answered;          /* rebinding: the new address has answered, the bound one still has time */
bool x_probe_over;            /* rebinding: the bound address has had its time */
byte checks;

byte roots = 1;
byte last_rekey;
byte pend_root, pend_epoch;   /* an unconfirmed rekey */

#define g_over (gateway == TERMINATED)
#define g_holds(key) (!g_wiped && key && (key == g_root || key == g_old_root || key == pend_root))
#define g_has_trouble (gateway == VOLATILE || gateway == DEGRADED)

inline g_epoch_of_role(number, wanted) {
  number = EPOCHS + 1;
  do
  :: number > 0 && g_role[number] != wanted -> number--
  :: else -> break
  od
}

/* Receive keys of the next epoch, before anyone is told of it. */
inline g_install(number, key, version) {
  if
  :: mutant(EPOCH_NUMBER_REUSED) && g_role[g_epochs] == FREE -> skip
  :: else -> g_epochs++
  fi;
  number = g_epochs;
  assert(!g_keys[number].root);          /* one number, one key: no (key, counter) pair comes twice */
  g_role[number] = NEXT;
  g_keys[number].root = key;
  g_keys[number].bv = version;
  assert(agree(number))
}

/* `epoch` becomes what is sent in, the current one drains, an older draining one is wiped. */
byte pe;
inline g_promote(number) {
  g_epoch_of_role(pe, PREVIOUS);
  if :: pe -> g_role[pe] = FREE :: else fi;
  g_epoch_of_role(pe, CURRENT);
  if
  :: mutant(OLD_BINDING_STAYS) -> skip
  :: else -> g_role[pe] = PREVIOUS
  fi;
  g_role[number] = CURRENT;
  pe = 0;
  /* A HEARTBEAT goes out at once: never under a key that the peer does not hold. */
  assert(c_keys[number].root);
  data_g[number] = 1
}

inline g_end_exchange() {
  if
  :: x_cs && g_role[x_epoch] == NEXT -> g_role[x_epoch] = FREE
  :: else
  fi;
  x_cs = 0; x_kind = 0; x_js = 0; x_epoch = 0;
  x_address[0] = 0; x_address[1] = 0;
  x_new_answered = 0; x_probe_over = 0
}

inline g_cancel_rekey() {
  if
  :: pend_root -> g_role[pend_epoch] = FREE; pend_root = 0; pend_epoch = 0
  :: else
  fi
}

inline g_confirm_rekey() {
  g_old_root = g_root;
  g_root = pend_root;
  g_promote(pend_epoch);
  pend_root = 0; pend_epoch = 0
}

/* Any authentic message under the pending generation confirms it. */
inline g_saw_root(key) {
  if
  :: pend_root && (key == pend_root || mutant(ANY_MESSAGE_CONFIRMS_REKEY)) -> g_confirm_rekey()
  :: else
  fi
}

inline g_wipe() {
  g_end_exchange();
  g_cancel_rekey();
  g_epoch_of_role(pe, CURRENT);
  g_role[pe] = FREE;
  g_epoch_of_role(pe, PREVIOUS);
  if :: pe -> g_role[pe] = FREE :: else fi;
  pe = 0
}

inline g_terminate() {
  g_wipe();
  go(gateway, TERMINATED)
}

/* No transition, and nobody is told: what stood in memory is gone. */
inline g_crash() {
  g_wipe();
  gateway = TERMINATED;
  g_wiped = 1
}

/* The token of an id can be had of a gateway where the id is of no living session (spec/wire.md "RESET");
 * an id that was once issued to one that lives brings none, though it be dead. `issued`: the exchange that
 * issued it. */
#define g_resets(issued) (g_wiped || (mutant(RESET_FOR_ANY_DEAD_ID) && issued != g_bound && issued != x_cs))

inline g_begin(sort, seq, first, second) {
  last_cs++;
  x_cs = last_cs;
  x_kind = sort;
  x_js = seq;
  x_address[0] = first;
  x_address[1] = second;
  if
  :: mutant(CHALLENGE_BEFORE_KEYS) -> x_epoch = g_epochs + 1
  :: else -> g_install(x_epoch, g_root, g_bv + 1)
  fi;
  challenge[x_cs].root = g_root;
  challenge[x_cs].js = seq;
  challenge[x_cs].kind = sort;
  challenge[x_cs].epoch = x_epoch;
  challenge[x_cs].bv = g_bv + 1;
  challenge[x_cs].to = bit_of(first) | (second -> bit_of(second) : 0)
}

inline g_fail() {
  go(gateway, DEGRADED);
  g_end_exchange()
}

inline g_refuse(seq, is_stale) {
  refused_js = seq;
  refusal[seq].root = g_root;
  refusal[seq].bv = g_bv;
  g_epoch_of_role(refusal[seq].epoch, CURRENT);
  refusal[seq].cs = g_bound;
  refusal[seq].stale = is_stale
}

/* REATTACH: the verdicts in their order (spec/jump.md "Order of verdicts"). */
inline g_on_reattach(seq, source) {
  g_saw_root(reattach[seq].root);
  if
  :: g_over && !mutant(TERMINATED_REVIVES) -> skip
  :: else ->
    if
    :: seq == refused_js -> g_refuse(seq, refusal[seq].stale)       /* the same answer again */
    :: seq != refused_js && seq == last_js && !mutant(JUMP_SEQ_NOT_CHECKED) ->
      if
      :: x_cs && x_js == seq && source != x_address[0] && !x_address[1] ->
        x_address[1] = source;                                   /* a token of its own */
        challenge[x_cs].to = challenge[x_cs].to | bit_of(source)
      :: else
      fi
    :: seq < last_js && !mutant(JUMP_SEQ_NOT_CHECKED) -> skip     /* replay_detected */
    :: seq < refused_js && seq > last_js && !mutant(JUMP_SEQ_NOT_CHECKED) -> skip
    :: else ->
      if
      :: reattach[seq].bv != g_bv && !mutant(STALE_BINDING_ACCEPTED) -> g_refuse(seq, true)
      :: reattach[seq].bv == g_bv && denials < DENIALS ->         /* policy says no */
        denials++;
        last_js = seq;
        g_refuse(seq, false)
      :: reattach[seq].bv == g_bv || mutant(STALE_BINDING_ACCEPTED) ->
        assert(seq > last_js);                                    /* accepted once, in rising order */
        assert(reattach[seq].bv == g_bv);
        last_js = seq;
        if :: mutant(REKEY_SURVIVES_JUMP) :: else -> g_cancel_rekey() fi;
        g_end_exchange();
        if :: gateway == ATTACHED && !mutant(JUMP_FROM_ATTACHED) -> go(gateway, VOLATILE) :: else fi;
        if :: gateway != RECOVERING -> go(gateway, RECOVERING) :: else fi;
        g_begin(JUMP, seq, source, 0)
      fi
    fi
  fi
}

/* Everything together: binding, versions, keys, state. */
inline g_commit(address) {
  if :: mutant(BINDING_VERSION_STANDS) :: else -> g_bv++ fi;
  g_address = address;
  g_bound = x_cs;
  if
  :: mutant(CHALLENGE_BEFORE_KEYS) -> g_install(x_epoch, g_root, g_bv)
  :: else
  fi;
  g_promote(x_epoch);
  ack[x_cs] = g_root;
  refused_js = 0;                        /* the one answer kept is now the ACK */
  g_silent = 0;
  go(gateway, ATTACHED);
  g_end_exchange()
}

/* PATH_RESPONSE with the token that was sent to `token`. */
inline g_on_response(exchange, token, source) {
  g_saw_root(response[exchange].root);
  if
  :: exchange != x_cs && !mutant(LATE_RESPONSE_COMMITS) -> skip        /* the ACK again, or control_stale */
  :: exchange == x_cs && source != token && !mutant(RESPONSE_FROM_ANYWHERE) -> skip /* path_not_validated */
  :: else ->
    assert(exchange == x_cs);
    if
    :: g_fail()                                                  /* stale_request, or policy at the commit */
    :: x_kind == REBINDING && token == x_address[1] && !x_probe_over && !mutant(REBINDING_AT_ONCE) ->
      x_new_answered = 1
    :: x_kind != REBINDING || token == x_address[0] || x_probe_over || mutant(REBINDING_AT_ONCE) ->
      assert(source == token);           /* proof of the very address that is bound */
      assert(x_kind != REBINDING || token == x_address[0] || x_probe_over);
      g_commit(source)
    fi
  fi
}

inline g_on_probe_over() {
  x_probe_over = 1;
  if
  :: x_new_answered -> g_commit(x_address[1])
  :: else
  fi
}

/* A rekey that the client may be using already is not taken away for a check: its reply is older than
 * the client takes replies. */
#define may_check (checks < CHECKS && !x_cs && (!pend_root || c_rekey != last_rekey))

inline g_check(sort, second) {
  checks++;
  g_cancel_rekey();
  if :: gateway == ATTACHED -> go(gateway, VOLATILE) :: else fi;
  go(gateway, RECOVERING);
  g_begin(sort, 0, g_address, second)
}

inline g_heard() {
  g_silent = 0
}

/* DATA or HEARTBEAT of `epoch`, sent from `home`, arriving from `source`. The window takes it once. */
inline g_on_data(number, home, source) {
  if
  :: g_role[number] == FREE || (data_c_seen[number] & bit_of(home)) -> skip
  :: else ->
    data_c_seen[number] = data_c_seen[number] | bit_of(home);
    if
    :: pend_root && number == pend_epoch -> g_confirm_rekey()
    :: else
    fi;
    if
    :: g_role[number] != NEXT && g_keys[number].bv == g_bv ->
      g_heard();
      if
      :: g_role[number] == CURRENT && source != g_address && (gateway == ATTACHED || g_has_trouble) ->
        if
        :: mutant(DATA_MOVES_EGRESS) -> g_address = source
        :: !mutant(DATA_MOVES_EGRESS) && may_check -> g_check(REBINDING, source)
        :: skip                          /* rate used up, or too few bytes */
        fi
      :: else
      fi
    :: else                              /* held, or of a binding gone by */
    fi
  fi
}

inline g_on_rekey(seq) {
  if
  :: g_over || rekey[seq].root != g_root -> skip
  :: else ->
    if
    :: seq <= last_rekey && !mutant(REKEY_SEQ_NOT_CHECKED) -> skip  /* the same reply, or control_stale */
    :: else ->
      last_rekey = seq;
      g_cancel_rekey();                  /* whoever asks anew takes no reply to what it asked before */
      if
      :: rekey[seq].bv != g_bv || (x_cs && !mutant(REKEY_DURING_JUMP)) ->
        reply[seq].root = g_root; reply[seq].made = 0
      :: else ->
        assert(roots < ROOTS);           /* each REKEY is answered by one root at most */
        roots++;
        root_parent[roots] = g_root;
        root_seq[roots] = seq;
        pend_root = roots;
        g_install(pend_epoch, pend_root, g_bv);
        reply[seq].root = g_root;
        reply[seq].made = pend_root;
        reply[seq].epoch = pend_epoch;
        reply[seq].bv = g_bv;
        if
        :: mutant(REKEY_USED_BEFORE_CONFIRMED) -> g_confirm_rekey()
        :: else
        fi
      fi
    fi
  fi
}

inline g_drain_over() {
  g_epoch_of_role(pe, PREVIOUS);
  if :: pe -> g_role[pe] = FREE :: else fi;
  pe = 0;
  g_old_root = 0
}

byte gm, gs, gx;   /* message, source and exchange under consideration */

proctype Gateway() {
end:
  do
  :: atomic {
      any(gm, c_js); any(gs, ADDRESSES);
      if
      :: g_holds(reattach[gm].root) && (gs == X || (reattach[gm].from & bit_of(gs))) -> g_on_reattach(gm, gs)
      :: else
      fi;
      gm = 0; gs = 0
    }
  :: atomic {
      any(gx, last_cs); any(gm, ADDRESSES); any(gs, ADDRESSES);
      if
      :: !g_over && g_holds(response[gx].root) && response[gx].from[gm] &&
         (gs == X || (response[gx].from[gm] & bit_of(gs))) -> g_on_response(gx, gm, gs)
      :: else
      fi;
      gx = 0; gm = 0; gs = 0
    }
#if CHECKS
  :: atomic { x_kind == REBINDING && !x_probe_over -> g_on_probe_over() }
#endif
#if TRAFFIC
  :: atomic {
      any(gm, g_epochs); any(gs, ADDRESSES);
      if
      :: !g_over && data_c[gm] && c_keys[gm].root == g_keys[gm].root ->
        if
        :: data_c[gm] & bit_of(A) -> g_on_data(gm, A, (gs == X -> X : A))
        :: data_c[gm] & bit_of(B) -> g_on_data(gm, B, (gs == X -> X : B))
        :: data_c[gm] & bit_of(N) -> g_on_data(gm, N, (gs == X -> X : N))
        fi
      :: else
      fi;
      gm = 0; gs = 0
    }
#endif
#if CHECKS
  :: atomic { g_has_trouble && !g_silent && may_check -> g_check(IN_PLACE, 0) }
#endif
#if REKEYS
  :: atomic {
      any(gm, c_rekeys);
      if :: g_holds(rekey[gm].root) -> g_on_rekey(gm) :: else fi;
      gm = 0
    }
#endif
  /* Timers. */
  :: atomic { !g_over && !g_silent -> g_silent = 1; if :: gateway == ATTACHED -> go(gateway, VOLATILE) :: else fi }
  :: atomic { gateway == VOLATILE -> go(gateway, DEGRADED) }
  :: atomic { gateway == RECOVERING -> g_fail() }
#if TRAFFIC
  :: atomic { g_drain_over() }
#endif
#if CRASH
  :: atomic { !g_over -> g_crash() }
#endif
#if CLOSE
  :: atomic { !g_over -> close_g = g_root; g_epoch_of_role(close_g_epoch, CURRENT); g_terminate() }
  :: atomic {
      if
      :: g_holds(close_c) || (close_c_epoch && g_role[close_c_epoch] != FREE) ->
        g_saw_root(close_c);
        if :: g_over && !mutant(TERMINATED_REVIVES) :: else -> g_terminate() fi
      :: else
      fi
    }
  :: g_over -> g_wiped = 1
#endif
  od
}
