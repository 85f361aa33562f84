/* The client (src/client/{jumper,jumper_exchange,rekeyer,client_session}.cpp). */
byte client = ATTACHED;
byte c_bv = 1;
byte c_bound;                 /* the exchange that made its binding */
byte c_uplink;                /* of the binding */
byte c_role[EPOCHS + 2];
byte c_high = 1;              /* highest epoch seen */
byte c_root = 1, c_old_root;

byte c_phase;
#define IDLE 0
#define REQUESTING 1
#define RESPONDING 2
byte c_attempt;               /* uplink of the attempt */
byte c_last_cs;
byte p_cs, p_epoch, p_uplink; /* what the last CHALLENGE proposed, kept until it is committed or replaced */
bool c_send_next;
bool c_lost_touch;            /* it asks for a new session */

bool c_unconfirmed;           /* the reply is taken, nothing has come in the new epoch so far */

byte c_packets;
byte ce;
inline c_epoch_of_role(number, wanted) {
  number = EPOCHS + 1;
  do
  :: number > 0 && c_role[number] != wanted -> number--
  :: else -> break
  od
}

inline c_install(number, key, version) {
  assert(!c_keys[number].root);               /* counters begin at 0: never twice under one key */
  c_epoch_of_role(ce, NEXT);
  if :: ce -> c_role[ce] = FREE :: else fi;
  ce = 0;
  c_role[number] = NEXT;
  c_high = number;
  c_keys[number].root = key;
  c_keys[number].bv = version;
  assert(agree(number))
}

inline c_promote() {
  c_epoch_of_role(ce, PREVIOUS);
  if :: ce -> c_role[ce] = FREE :: else fi;
  c_epoch_of_role(ce, CURRENT);
  c_role[ce] = PREVIOUS;
  c_epoch_of_role(ce, NEXT);
  c_role[ce] = CURRENT;
  ce = 0;
  c_send_next = 0
}

inline c_reset_exchange() {
  c_phase = IDLE; c_attempt = 0; c_send_next = 0
}

inline c_forget_rekey() { c_rekey = 0 }

/* A new REATTACH over `uplink`, with the next jump_seq. */
inline c_attempt_over(uplink) {
  c_js++;
  c_attempt = uplink;
  c_phase = REQUESTING;
  c_send_next = 0;
  reattach[c_js].root = c_root;
  reattach[c_js].bv = c_bv;
  reattach[c_js].from = bit_of(address_of(uplink))
}

inline c_any_attempt() {
  if
  :: c_attempt_over(0)
  :: c_attempt_over(1)
  fi
}

inline c_start_jump() {
  c_forget_rekey();
  if :: client == ATTACHED -> go(client, VOLATILE) :: else fi;
  go(client, RECOVERING);
  c_any_attempt()
}

inline c_fail() {
  go(client, DEGRADED);
  c_reset_exchange()
}

inline c_take_proposal() {
  c_promote();
  c_bv++;
  assert(c_keys[p_epoch].bv == c_bv);
  c_bound = p_cs;
  c_uplink = p_uplink;
  p_cs = 0; p_epoch = 0; p_uplink = 0
}

inline c_commit() {
  if :: client == ATTACHED -> go(client, VOLATILE) :: else fi;
  if :: client != RECOVERING -> go(client, RECOVERING) :: else fi;
  c_take_proposal();
  go(client, ATTACHED);
  c_reset_exchange()
}

inline c_saw_root(key) {
  if
  :: c_unconfirmed && key == c_root -> c_unconfirmed = 0; c_promote()
  :: else
  fi
}

inline c_respond(exchange, token) {
  response[exchange].root = c_root;
  response[exchange].from[token] = response[exchange].from[token] | bit_of(address_of(p_uplink))
}

inline c_on_challenge(exchange, token) {
  c_saw_root(challenge[exchange].root);
  if
  :: c_phase == RESPONDING && exchange == p_cs -> c_respond(exchange, token)           /* repeated */
  :: challenge[exchange].root == c_root && challenge[exchange].epoch > c_high &&
     (challenge[exchange].bv == c_bv + 1 || mutant(CLIENT_IGNORES_VERSION)) && exchange > c_last_cs &&
     !(c_phase == RESPONDING && exchange == p_cs) &&
     (challenge[exchange].js -> (c_phase == REQUESTING && (challenge[exchange].js == c_js || mutant(CLIENT_TAKES_ANY_JUMP)))
                       : (c_phase == IDLE || mutant(CHECK_OVERRIDES_JUMP))) ->
    assert(!challenge[exchange].js || challenge[exchange].js == c_js);
    c_forget_rekey();
    c_install(challenge[exchange].epoch, c_root, challenge[exchange].bv);
    c_last_cs = exchange;
    if
    :: !challenge[exchange].js ->
      c_attempt = c_uplink;
      if :: client == ATTACHED -> go(client, VOLATILE) :: else fi;
      go(client, RECOVERING)
    :: else
    fi;
    p_cs = exchange; p_epoch = challenge[exchange].epoch; p_uplink = c_attempt;
    c_phase = RESPONDING;
    c_respond(exchange, token);
    if
    :: assert(g_keys[p_epoch].root); c_send_next = 1   /* DATA at once: the gateway holds the key */
    :: c_send_next = 0                                 /* keeps_old_path */
    fi
  :: else
  fi
}

inline c_on_ack(exchange) {
  c_saw_root(ack[exchange]);
  if
  :: p_cs && (p_cs == exchange || mutant(CLIENT_TAKES_ANY_ACK)) && c_role[p_epoch] == NEXT -> c_commit()
  :: else
  fi
}

inline c_on_refusal(seq) {
  c_saw_root(refusal[seq].root);
  if
  :: c_phase == IDLE || seq != c_js -> skip
  :: else ->
    if
    :: p_cs && c_role[p_epoch] == NEXT &&
       ((refusal[seq].stale && refusal[seq].epoch == p_epoch && refusal[seq].bv == c_bv + 1 &&
         refusal[seq].cs == p_cs) || mutant(ADOPTS_ON_ANY_REFUSAL)) ->
      c_take_proposal();
      if
      :: c_js < JUMPS -> c_attempt_over(c_attempt)
      :: else -> c_fail()
      fi
    :: refusal[seq].stale &&
       (!p_cs || c_role[p_epoch] != NEXT || refusal[seq].epoch != p_epoch ||
        refusal[seq].bv != c_bv + 1 || refusal[seq].cs != p_cs) ->
      c_lost_touch = 1;
      c_fail()
    :: !refusal[seq].stale ->
      if
      :: c_js < JUMPS -> c_any_attempt()
      :: c_fail()
      fi
    :: else
    fi
  fi
}

inline c_on_data(number) {
  if
  :: c_role[number] == NEXT && c_unconfirmed -> c_unconfirmed = 0; c_promote()
  :: c_role[number] == NEXT && !c_unconfirmed && number == p_epoch -> c_commit()
  :: else
  fi
}

inline c_on_reply(seq) {
  c_saw_root(reply[seq].root);
  if
  :: (seq != c_rekey && !mutant(CLIENT_TAKES_ANY_REPLY)) || !reply[seq].made -> skip
  :: else ->
    c_forget_rekey();
    if
    :: reply[seq].bv != c_bv || reply[seq].epoch <= c_high -> skip
    :: else ->
      /* Both sides derive the same root, from the same one before and the same two ephemerals. */
      assert(root_parent[reply[seq].made] == c_root && root_seq[reply[seq].made] == c_rekeys);
      c_old_root = c_root;
      c_root = reply[seq].made;
      c_install(reply[seq].epoch, c_root, c_bv);
      c_unconfirmed = 1;
      c_send_next = 1
    fi
  fi
}

inline c_terminate() {
  c_epoch_of_role(ce, CURRENT);
  c_role[ce] = FREE;
  c_epoch_of_role(ce, PREVIOUS);
  if :: ce -> c_role[ce] = FREE :: else fi;
  c_epoch_of_role(ce, NEXT);
  if :: ce && !mutant(END_LEAVES_KEYS) -> c_role[ce] = FREE :: else fi;
  ce = 0;
  c_reset_exchange();
  c_forget_rekey();
  p_cs = 0; p_epoch = 0; p_uplink = 0; c_unconfirmed = 0;
  c_root = 0; c_old_root = 0;
  go(client, TERMINATED)
}

#define c_over (client == TERMINATED)
#define c_holds(key) (key && (key == c_root || key == c_old_root))
#define arrives(to) (RELAY || (to != X))

byte cm, ct;

proctype Client() {
end:
  do
  /* Trouble, or a planned move; the way out of DEGRADED. */
  :: atomic { !c_over && c_phase == IDLE && client != RECOVERING && !c_lost_touch && c_js < JUMPS -> c_start_jump() }
  /* Unanswered. */
  :: atomic { !c_over && c_phase != IDLE && c_js && c_js < JUMPS -> c_any_attempt() }
  :: atomic { client == RECOVERING -> c_fail() }
  :: atomic {
      any(cm, last_cs); any(ct, ADDRESSES);
      if
      :: !c_over && c_holds(challenge[cm].root) && (challenge[cm].to & bit_of(ct)) && arrives(ct) ->
        c_on_challenge(cm, ct)
      :: else
      fi;
      cm = 0; ct = 0
    }
  :: atomic {
      any(cm, last_cs);
      if :: !c_over && c_holds(ack[cm]) -> c_on_ack(cm) :: else fi;
      cm = 0
    }
  :: atomic {
      any(cm, c_js);
      if :: !c_over && c_holds(refusal[cm].root) -> c_on_refusal(cm) :: else fi;
      cm = 0
    }
  :: atomic {
      any(cm, g_epochs);
      if
      :: !c_over && data_g[cm] && c_role[cm] == NEXT -> c_on_data(cm)
      :: else
      fi;
      cm = 0
    }
#if TRAFFIC
  :: atomic {                            /* DATA out, over the path of the epoch it is sent in */
      !c_over && c_packets < PACKETS ->
      c_packets++;
      if
      :: c_send_next -> c_epoch_of_role(cm, NEXT); ct = (c_unconfirmed -> c_uplink : p_uplink)
      :: else -> c_epoch_of_role(cm, CURRENT); ct = c_uplink
      fi;
      assert(g_keys[cm].root);           /* the gateway has held the key */
      data_c[cm] = data_c[cm] | bit_of(address_of(ct));
      cm = 0; ct = 0
    }
  :: atomic {                            /* drain over */
      c_epoch_of_role(cm, PREVIOUS);
      if :: cm -> c_role[cm] = FREE; c_old_root = 0 :: else fi;
      cm = 0
    }
#endif
#if NAT
  :: !nat -> nat = 1
#endif
#if REKEYS
  :: atomic {
      client == ATTACHED && c_phase == IDLE && !c_rekey && !c_unconfirmed && c_rekeys < REKEYS ->
      c_rekeys++;
      c_rekey = c_rekeys;
      rekey[c_rekey].root = c_root;
      rekey[c_rekey].bv = c_bv
    }
  :: c_rekey -> c_forget_rekey()         /* no reply within 5 s */
  :: atomic {
      any(cm, c_rekeys);
      if :: !c_over && c_holds(reply[cm].root) -> c_on_reply(cm) :: else fi;
      cm = 0
    }
#endif
#if CRASH
  :: atomic { !c_over -> c_terminate() }   /* a crash, of which nobody is told */
  :: atomic {                              /* RESET, with the token of an id that it sends to now */
      !c_over && (g_resets(c_bound) || (c_phase == RESPONDING && g_resets(p_cs))) ->
      assert(g_wiped);                   /* no session that lives is ended by one */
      c_terminate()
    }
#endif
#if CLOSE
  :: atomic { !c_over -> close_c = c_root; c_epoch_of_role(close_c_epoch, CURRENT); c_terminate() }
  :: atomic {
      !c_over && (c_holds(close_g) || (close_g_epoch && c_role[close_g_epoch] != FREE)) -> c_terminate()
    }
#endif
  od
}
