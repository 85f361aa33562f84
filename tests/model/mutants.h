/* What is left out or turned round, one at a time: a run with MUTANT=number must end in an error. In the
 * comment: the configuration of run.sh that catches it, and the rule that it breaks. */
#define mutant(name) c_expr { chosen_mutant == name }
c_decl { int chosen_mutant; };

#define EPOCH_NUMBER_REUSED 1          /* jump: an epoch's number is used once */
#define OLD_BINDING_STAYS 2            /* jump: one binding to send on */
#define CHALLENGE_BEFORE_KEYS 3        /* jump: receive keys are there before the CHALLENGE leaves */
#define TERMINATED_REVIVES 4           /* close: TERMINATED absorbs (verdict 2) */
#define JUMP_SEQ_NOT_CHECKED 5         /* jump: a jump_seq is accepted once, in rising order (verdict 6) */
#define STALE_BINDING_ACCEPTED 6       /* jump: binding_version is the one in force (verdict 7) */
#define REKEY_SURVIVES_JUMP 7          /* rekey: a REATTACH cancels an unconfirmed rekey */
#define JUMP_FROM_ATTACHED 8           /* jump: no switch straight out of ATTACHED */
#define BINDING_VERSION_STANDS 9       /* jump: binding_version rises by one at each commit */
#define LATE_RESPONSE_COMMITS 10       /* jump: only the pending exchange commits */
#define RESPONSE_FROM_ANYWHERE 11      /* relay: the answer comes from the address of its token (verdict 9) */
#define REBINDING_AT_ONCE 12           /* rebind: the bound address answers first, within its time */
#define DATA_MOVES_EGRESS 13           /* rebind: traffic never moves egress */
#define REKEY_SEQ_NOT_CHECKED 14       /* rekey: a REKEY is answered by one root */
#define REKEY_DURING_JUMP 15           /* rekey: one change is pending at a time */
#define REKEY_USED_BEFORE_CONFIRMED 16 /* rekey: the gateway sends in an epoch that the client has shown */
#define CLIENT_IGNORES_VERSION 17      /* rebind: a CHALLENGE names the client's binding_version + 1 */
#define CLIENT_TAKES_ANY_JUMP 18       /* jump: a CHALLENGE answers the pending jump_seq */
#define CHECK_OVERRIDES_JUMP 19        /* rebind: a client takes a check when no jump of its own is pending */
#define CLIENT_TAKES_ANY_ACK 20        /* jump: an ACK names the exchange it commits */
#define ADOPTS_ON_ANY_REFUSAL 21       /* jump: a stale refusal that fits the proposal is adopted, no other */
#define CLIENT_TAKES_ANY_REPLY 22      /* rekey: both sides derive the same root */
#define ANY_MESSAGE_CONFIRMS_REKEY 23  /* rekey: a rekey is confirmed by what is under its own keys */
#define END_LEAVES_KEYS 24             /* close: an end leaves no keys, those of the next epoch included */
#define RESET_FOR_ANY_DEAD_ID 25       /* crash: a RESET ends no session that the gateway still has */
#define HELLO_COUNTER_NOT_CHECKED 30   /* handshake: a HELLO makes one session in a gateway's life */
#define BREAK_BEFORE_MAKE 31           /* handshake: the old session ends when the new one is ATTACHED */
#define WELCOME_ATTACHES 32            /* handshake: ATTACHED after the client has shown its keys */
#define OLD_SESSION_STAYS 33           /* handshake: one session a peer beyond BIRTH */
#define CONFIRM_MOVES_BINDING 34       /* handshake: a repeated CONFIRM moves no binding */
#define LATE_WELCOME_TAKEN 35          /* handshake: WELCOME answers the last HELLO */
#define CLIENT_ATTACHED_BY_WELCOME 36  /* handshake: the client is ATTACHED after the gateway */
#define COUNTER_WRITTEN_LATE 37        /* handshake: the counter is on disk before it is sent */
#define OWNER_EPOCH_STANDS 40          /* owner: a takeover raises the owner epoch */
#define LEASE_IGNORED 41               /* owner: no takeover while the owner may send */
#define STORE_IGNORES_EPOCH 42         /* owner: a former owner's write is refused */
#define STORE_IGNORES_VERSION 43       /* owner: a write is made once, versions never go back */
#define SENDS_WITHOUT_LEASE 44         /* owner: no two nodes that may send */
#define RESTART_RESUMES 45             /* owner: no (key, counter) after a restart that was used before */
#define ATTEMPT_EXTENDS_WINDOW 50      /* recovery: attempts do not extend the window */
#define NOTHING_ADOPTED 51             /* recovery: a lost ACK does not cost the session */
#define TTL_FROM_TROUBLE 52            /* recovery: transport_lost_ttl runs from the declaration of loss */
#define RECOVERY_STOPS_TTL 53          /* recovery: transportless time is finite */
#define ONE_CANDIDATE_ONLY 54          /* recovery: a live candidate is found within the window */
#define DEGRADED_GIVES_UP 55           /* recovery: DEGRADED tries again while the session lives */
#define NO_WINDOW 56                   /* recovery: RECOVERING ends by its deadline */
#define HEALS_WITHOUT_PROOF 57         /* recovery: a healed path is proved again */
#define CHECK_HOLDS_THE_WINDOW 58      /* farewell: a check that nobody answers any more ends by the window */
#define REPLAY_IS_HEARD 59             /* farewell: a side that was not told of a close ends by its own timers */

inline choose_mutant() {
  c_code { { const char* name = getenv("MUTANT"); chosen_mutant = name ? atoi(name) : 0; } }
}
