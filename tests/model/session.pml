/* One session from ATTACHED on: jump, in-place and rebinding check, rekey, close, all at once
 * (spec/jump.md, spec/keys.md "Rekey", spec/session-fsm.md). How to run it: README.md.
 *
 *   client.pml  <->  the messages below  <->  gateway.pml
 *
 * The network is a set: what was sent once can be delivered at any moment, in any order, any number of
 * times, or never. So loss, duplication, reordering and replay need no code of their own. A message to the
 * gateway comes from the address it was sent from, or from X, the attacker's; without RELAY the attacker
 * can not hand a challenge sent to X back to the client. Timers may run out at any moment they run at all.
 *
 * Not in it: connection ids and phases (a message under an id that is not live is a lost one), the time
 * that things take (recovery.pml), the session that follows a crash (handshake.pml), rates (DENIALS stands
 * for a policy that refuses), the command ring between controller and worker.
 */

#ifndef JUMPS    /* REATTACHes, each with its jump_seq; 1 at least */
#define JUMPS 1
#endif
#ifndef CHECKS   /* in-place and rebinding checks */
#define CHECKS 0
#endif
#ifndef REKEYS   /* REKEYs, each with its rekey_seq */
#define REKEYS 0
#endif
#ifndef DENIALS  /* REATTACHes that policy refuses */
#define DENIALS 0
#endif
#ifndef PACKETS  /* the client's packets that rebind or confirm */
#define PACKETS 2
#endif
#ifndef CLOSE    /* either side may close */
#define CLOSE 0
#endif
#ifndef CRASH    /* either side may crash, and starts again without the session */
#define CRASH 0
#endif
#ifndef RELAY    /* the attacker forwards challenges too */
#define RELAY 0
#endif
#ifndef NAT      /* uplink 0 may get another address, once */
#define NAT 0
#endif

#define EXCHANGES (JUMPS + CHECKS)
#define EPOCHS (1 + EXCHANGES + REKEYS)
#define ROOTS (1 + REKEYS)

/* What a client's traffic moves: rebinding and the confirmation of a rekey. */
#define TRAFFIC (CHECKS || REKEYS)

#include "mutants.h"
#include "states.pml"

/* Addresses. A and N: uplink 0 before and after its NAT has changed; B: uplink 1; X: the attacker. */
#define A 1
#define B 2
#define X 3
#define N 4
#define ADDRESSES (3 + NAT)
#define bit_of(address) (1 << (address))

/* Kinds of exchange. */
#define JUMP 1
#define IN_PLACE 2
#define REBINDING 3

/* Roles of an epoch. */
#define FREE 0
#define NEXT 1
#define CURRENT 2
#define PREVIOUS 3

/* ---- What was ever sent. A message exists when its `root`, the control key that sealed it, is not 0. */
typedef Reattach { byte root, bv, from };              /* from: the addresses it left from, as bits */
typedef Challenge { byte root, js, kind, epoch, bv, to }; /* to: a token each for these addresses */
typedef Response { byte root; byte from[5] };          /* from[a]: sources of the answer with a's token */
typedef Refusal { byte root, bv, epoch, cs; bool stale };
typedef Rekey { byte root, bv };
typedef Reply { byte root, made, epoch, bv };          /* made: the root it leads to; 0: refused */
Reattach reattach[JUMPS + 1];
Challenge challenge[EXCHANGES + 1];
Response response[EXCHANGES + 1];
byte ack[EXCHANGES + 1];
Refusal refusal[JUMPS + 1];
Rekey rekey[REKEYS + 1];
Reply reply[REKEYS + 1];
byte data_c[EPOCHS + 2], data_c_seen[EPOCHS + 2];      /* sources of traffic, and which the window has marked */
bool data_g[EPOCHS + 2];                               /* traffic of the gateway */
byte close_c, close_g;                                 /* root of a CONTROL_CLOSE */
byte close_c_epoch, close_g_epoch;                     /* epoch of a CLOSE */

/* ---- What an observer of both sides knows, and judges by. */
typedef Keys { byte root, bv };
Keys g_keys[EPOCHS + 2], c_keys[EPOCHS + 2];           /* of each epoch ever installed; root 0: never */
byte root_parent[ROOTS + 1], root_seq[ROOTS + 1];      /* a root comes of one root and one rekey_seq */

#define agree(e) (!g_keys[e].root || !c_keys[e].root || \
                  (g_keys[e].root == c_keys[e].root && g_keys[e].bv == c_keys[e].bv))

byte c_js, c_rekeys, last_cs, g_epochs = 1;            /* last jump_seq, rekey_seq, challenge_seq, epoch */
byte c_rekey;                                          /* the REKEY whose reply the client awaits: by its
                                                          own clock the gateway knows when that is over */
bool nat;                                              /* uplink 0 has its second address */
#define address_of(uplink) (uplink == 1 -> B : (nat -> N : A))

/* Chooses any value of 1..last; 1 when last is 0. */
inline any(variable, last) {
  variable = 1;
  do
  :: variable < last -> variable++
  :: break
  od
}

#include "gateway.pml"
#include "client.pml"

/* ---- What must hold in every state. */
byte je, bindings, live;
proctype Judge() {
end:
  do
  :: d_step {
      /* The client never leads: it commits what the gateway has committed, one number behind at most. */
      assert(c_bv <= g_bv && g_bv <= c_bv + 1);
      /* One number, one binding. */
      assert(c_bv != g_bv || c_bound == g_bound);
      /* One change at a time; an exchange runs in RECOVERING alone. */
      assert(!x_cs || (!pend_root && gateway == RECOVERING));
      /* The gateway sends on one binding, after its end on none. */
      do
      :: je < EPOCHS -> je++;
        bindings = bindings + (g_role[je] == CURRENT);
        live = live + (gateway == TERMINATED && g_role[je]) + (client == TERMINATED && c_role[je])
      :: else -> break
      od;
      assert(bindings == (gateway == TERMINATED -> 0 : 1));
      assert(!live);                     /* an end leaves no keys, of whatever role */
      je = 0; bindings = 0; live = 0;
      /* Without a relay, no binding at the attacker's address. */
      assert(RELAY || g_address != X)
    }
  od
}

init {
  atomic {
    choose_mutant();
    g_role[1] = CURRENT; g_keys[1].root = 1; g_keys[1].bv = 1;
    c_role[1] = CURRENT; c_keys[1].root = 1; c_keys[1].bv = 1;
    run Gateway();
    run Client();
    run Judge()
  }
}
