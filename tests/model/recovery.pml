/* Time and liveness: what becomes of a session whose paths fail and come back (spec/jump.md "Unanswered",
 * "Failure", "In place"; spec/session-fsm.md "Timers"). The messages of a jump are taken as proved by
 * session.pml; here a round is one request and its answer, and all timers count rounds.
 *
 * In each round the adversary may break or mend paths (at most CHANGES times in all) and lose what passes on
 * a live path, but not more than LOSSES times in a row on one path. With NAT it may give the bound path
 * another address at the gateway, so often; with CLOSE either side may close, and what says so may be lost.
 */
#ifndef CHANGES
#define CHANGES 3
#endif
#ifndef LOSSES
#define LOSSES 1
#endif
#ifndef NAT
#define NAT 0
#endif
#ifndef CLOSE
#define CLOSE 0
#endif
#define PATHS 2
#define TRIES (LOSSES + 2)                       /* rounds until an attempt is given up: a lost one and more */
#define EXCHANGE (3 * (LOSSES + 1))              /* REATTACH, RESPONSE and ACK on a live path, at worst */
#define WINDOW (2 * TRIES * PATHS + 2 * EXCHANGE) /* recovery_window */
#define SILENCE (LOSSES + 2)                     /* heartbeat threshold */
#define PATIENCE 2                               /* volatile_to_degraded */
#define TTL (WINDOW + 2 * SILENCE)               /* transport_lost_ttl */

#include "mutants.h"
#include "states.pml"

byte client = ATTACHED, gateway = ATTACHED;
byte up = 3, changes, lost_run[PATHS];           /* up: a bit each path */
byte passes;                                     /* paths over which this round's messages arrive */

/* The client. */
byte c_path, c_bv = 1, c_quiet, c_lost, c_window, c_wait;
byte attempt, tries, stage;                      /* the candidate; rounds spent on it; 1: challenged */
bool trying, proposal;                           /* proposal: it has answered a CHALLENGE for attempt_of */
byte attempt_of;
/* The gateway. */
byte g_path, g_bv = 1, g_quiet, g_lost, g_window, g_patience, x_path, x_bv;
bool x_on;
/* The NAT of the bound path: what the gateway sends there is lost until a check has bound the new address. */
byte nats;
bool moved, checking;
/* For the judge: a path that has been up since the client began its recovery. */
byte lived;
byte c_age, g_age;                               /* rounds in RECOVERING since it was entered */

#define on(paths, path) ((paths >> (path)) & 1)
#define ended(state) (state == TERMINATED)

inline fault() {
  if
  :: changes < CHANGES ->
    changes++;
    if :: up = 0 :: up = 1 :: up = 2 :: up = 3 fi
  :: skip
  fi;
  lived = lived & up;
  passes = up;
  if
  :: on(up, 0) && lost_run[0] < LOSSES -> passes = passes & 2; lost_run[0]++
  :: lost_run[0] = 0
  fi;
  if
  :: on(up, 1) && lost_run[1] < LOSSES -> passes = passes & 1; lost_run[1]++
  :: lost_run[1] = 0
  fi
}

/* Either side closes: a CLOSE over the binding it has, and the other may never hear of it. */
inline close() {
#if CLOSE
  if
  :: !ended(client) ->
    if :: !ended(gateway) && on(passes, c_path) -> g_end() :: else fi;
    c_end()
  :: !ended(gateway) ->
    if :: !ended(client) && on(passes, g_path) && !moved && c_bv == g_bv -> c_end() :: else fi;
    g_end()
  :: skip
  fi
#endif
  skip
}

/* The gateway hears authentic packets from a new address: one round for the check's beginning, and one for
 * CHALLENGE, RESPONSE and commit. */
inline rebinding() {
#if NAT
  if
  :: nats < NAT && !moved && !ended(client) && !ended(gateway) && c_bv == g_bv -> nats++; moved = 1
  :: skip
  fi;
  if
  :: ended(client) || ended(gateway) || !moved || c_bv != g_bv || trying ||
     !on(passes, c_path) -> skip
  :: else ->
    if
    :: gateway == RECOVERING && checking ->
      if :: client == ATTACHED -> go(client, VOLATILE) :: else fi;
      go(client, RECOVERING); go(client, ATTACHED);
      go(gateway, ATTACHED);
      g_bv++; c_bv++; moved = 0; checking = 0; c_quiet = 0; c_lost = 0; g_quiet = 0
    :: gateway != RECOVERING ->
      if :: gateway == ATTACHED -> go(gateway, VOLATILE) :: else fi;
      go(gateway, RECOVERING); g_window = 0; g_age = 0; checking = 1
    :: else
    fi
  fi
#endif
  skip
}

/* RECOVERING ends by its deadline, whatever is tried in it. */
inline grow_old() {
  if :: client == RECOVERING -> c_age++ :: else -> c_age = 0 fi;
  if :: gateway == RECOVERING -> g_age++ :: else -> g_age = 0 fi;
  assert(c_age <= WINDOW && g_age <= WINDOW)
}

inline give_up() {
  trying = 0; stage = 0; tries = 0
}

inline c_end() {
  go(client, TERMINATED); give_up(); proposal = 0; c_lost = 0; c_window = 0; c_wait = 0; c_quiet = 0; lived = 0
}

inline g_end() {
  go(gateway, TERMINATED); x_on = 0; checking = 0; g_lost = 0; g_quiet = 0
}

inline begin_attempt(path) {
  trying = 1; attempt = path; stage = 0; tries = 0;
  if :: mutant(ATTEMPT_EXTENDS_WINDOW) -> c_window = 0 :: else fi
}

inline c_recover() {
  if :: client == ATTACHED -> go(client, VOLATILE) :: else fi;
  go(client, RECOVERING);
  c_window = 0; c_age = 0;
  lived = up;
  begin_attempt(1 - c_path)
}

inline c_commit() {
  c_path = attempt; c_bv = c_bv + 1; proposal = 0; c_quiet = 0; c_lost = 0;
  go(client, ATTACHED);
  give_up()
}

/* One request of the client over its candidate, and the gateway's answer. */
inline exchange() {
  if
  :: !trying || ended(gateway) || !on(passes, attempt) -> skip
  :: else ->
    if
    :: c_bv != g_bv && stage == 0 ->
      /* stale_binding_version: the commit happened and the ACK was lost; the client adopts, and begins
       * anew over the path that told it so. */
      if
      :: proposal && !mutant(NOTHING_ADOPTED) ->
        c_path = attempt_of; c_bv = c_bv + 1; proposal = 0;
        begin_attempt(attempt)
      :: else -> skip
      fi
    :: c_bv == g_bv && stage == 0 ->
      if :: gateway == ATTACHED -> go(gateway, VOLATILE) :: else fi;
      if :: gateway != RECOVERING -> go(gateway, RECOVERING); g_window = 0; g_age = 0 :: else fi;
      x_on = 1; x_path = attempt; checking = 0;
      stage = 1; proposal = 1; attempt_of = attempt
    :: stage == 1 && x_on && x_path == attempt ->
      g_bv++; g_path = attempt; g_quiet = 0; g_lost = 0; x_on = 0; moved = 0;
      go(gateway, ATTACHED);
      stage = 2                                  /* the ACK needs a round of its own: it may be lost */
    :: stage == 1 && !x_on && c_bv == g_bv -> stage = 0   /* the window at the gateway was over */
    :: stage == 2 && c_bv != g_bv -> c_commit()
    :: else -> skip
    fi
  fi
}

/* Heartbeats, both ways, over the binding each side has. */
inline heartbeats() {
  if
  :: !ended(client) && !ended(gateway) && c_bv == g_bv && on(passes, c_path) ->
    g_quiet = 0;
    if :: moved -> if :: c_quiet < SILENCE -> c_quiet++ :: else fi :: else -> c_quiet = 0 fi
  :: else ->
    if :: c_quiet < SILENCE -> c_quiet++ :: else fi;
    if :: g_quiet < SILENCE -> g_quiet++ :: else fi;
    /* What the network repeats of a peer that is gone. */
    if :: mutant(REPLAY_IS_HEARD) && ended(client) -> g_quiet = 0 :: else fi
  fi
}

inline c_timers() {
  /* Time without a transport counts from the moment it was declared lost. */
  if
  :: !ended(client) && (c_quiet == SILENCE || (mutant(TTL_FROM_TROUBLE) && client != ATTACHED)) -> c_lost++
  :: else -> c_lost = 0
  fi;
  if
  :: mutant(RECOVERY_STOPS_TTL) && client == RECOVERING -> c_lost = 0
  :: else
  fi;
  if
  :: ended(client) -> skip
  :: !ended(client) && c_lost >= TTL ->
    assert(c_quiet == SILENCE);                  /* a session that is heard does not end */
    c_end()
  :: c_lost < TTL && client == ATTACHED && c_quiet == SILENCE -> c_recover()
  :: c_lost < TTL && client == RECOVERING ->
    c_window++;
    if
    :: c_window >= WINDOW ->
      assert(!lived || ended(gateway));          /* a candidate that lived through the window was bound */
      go(client, DEGRADED); give_up(); c_wait = 0
    :: else ->
      tries++;
      if
      :: tries >= TRIES * (stage + 1) && !mutant(ONE_CANDIDATE_ONLY) -> begin_attempt(1 - attempt)
      :: else
      fi
    fi
  :: c_lost < TTL && client == DEGRADED ->
    c_wait++;
    if
    :: c_wait >= 2 && !mutant(DEGRADED_GIVES_UP) -> c_wait = 0; c_recover()
    :: else -> if :: c_wait > 2 -> c_wait = 2 :: else fi
    fi
  :: else
  fi
}


inline g_timers() {
  if :: g_quiet == SILENCE -> g_lost++ :: else -> g_lost = 0 fi;
  if
  :: ended(gateway) -> g_lost = 0
  :: !ended(gateway) && g_lost >= TTL -> g_end()
  :: g_lost < TTL && gateway == ATTACHED && g_quiet == SILENCE -> go(gateway, VOLATILE); g_patience = 0
  :: g_lost < TTL && gateway == VOLATILE ->
    g_patience++;
    if :: g_patience >= PATIENCE -> go(gateway, DEGRADED) :: else fi
  :: g_lost < TTL && gateway == RECOVERING ->
    if :: mutant(CHECK_HOLDS_THE_WINDOW) && checking :: else -> g_window++ fi;
    if :: g_window >= WINDOW && !mutant(NO_WINDOW) -> x_on = 0; checking = 0; go(gateway, DEGRADED) :: else fi
  :: g_lost < TTL && gateway == DEGRADED && g_quiet == 0 && c_bv == g_bv && on(passes, g_path) && !trying && !moved ->
    /* In place: a fresh proof of the path that has healed, never straight back. */
    if :: mutant(HEALS_WITHOUT_PROOF) :: else -> go(gateway, RECOVERING) fi;
    go(gateway, ATTACHED); g_bv++; c_bv++
  :: else
  fi
}

active proctype Rounds() {
  choose_mutant();
  do
  :: atomic {
      !(ended(client) && ended(gateway)) ->
      fault(); close(); heartbeats(); rebinding(); exchange(); grow_old(); c_timers(); g_timers()
    }
  :: ended(client) && ended(gateway) -> skip
  od
}

#define dead (up == 0)
#define both_ended (ended(client) && ended(gateway))
#define both_attached (client == ATTACHED && gateway == ATTACHED)

/* Without any path there is an end, on both sides. */
ltl ends { [](([] dead) -> <> both_ended) }
/* With a path for good the sides meet again and again, unless the session has ended before. */
ltl lives { [](([] !dead) -> <> (both_attached || ended(client) || ended(gateway))) }
/* Neither side outlives the other for good, though nobody told it. */
ltl together { []((ended(client) || ended(gateway)) -> <> both_ended) }
/* RECOVERING is left. */
ltl leaves { [](gateway == RECOVERING -> <> (gateway != RECOVERING)) }
