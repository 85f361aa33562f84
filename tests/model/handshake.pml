/* From HELLO to ATTACHED, and from one session of a peer to the next (spec/handshake.md). Client and
 * gateway may crash and start again at any moment; the network is a set of messages as in session.pml: the
 * attacker repeats every HELLO and CONFIRM it has seen, from its own address too, and may relay.
 *
 * Not in it: cookies, rates, suites, refusals (they end in a new HELLO with a higher counter).
 */
#ifndef HELLOS    /* each with its counter */
#define HELLOS 3
#endif
#ifndef SESSIONS  /* births at the gateway, replayed HELLOs included */
#define SESSIONS 3
#endif
#ifndef CRASHES   /* of either side */
#define CRASHES 1
#endif

#include "mutants.h"
#include "states.pml"

#define HOME 1          /* the client's address */
#define X 2             /* the attacker's */

/* Messages ever sent. */
bool hello[HELLOS + 1];
byte welcome[SESSIONS + 1];          /* the HELLO's counter it answers; 0: not sent */
bool confirm[SESSIONS + 1];
bool ack[SESSIONS + 1];

/* The gateway. */
byte g_state[SESSIONS + 1];          /* of each session; meaningful once `born` says so */
bool g_keys[SESSIONS + 1];           /* this life of the gateway holds the session's keys */
byte g_address[SESSIONS + 1];
byte born, highest, current, birth, boots;
bool served;                         /* in this life a session has been ATTACHED */

/* The client. */
byte disk, writing, pending, c_crashes, c_life;   /* writing: a counter taken and not yet sent */
byte c_new, c_current;               /* the session being made, and the one that carries traffic */
bool c_had_keys[SESSIONS + 1];       /* it has held them once */
byte c_sent_in_life[SESSIONS + 1];

byte m, s;

/* ---- Gateway */
inline g_end(session) {
  go(g_state[session], TERMINATED);
  g_keys[session] = false
}

inline g_on_hello(counter) {
  if
  :: counter <= highest && !mutant(HELLO_COUNTER_NOT_CHECKED) -> skip          /* hello_counter_low */
  :: born == SESSIONS -> skip
  :: else ->
    assert(counter > highest);       /* no HELLO makes two sessions in one life of the gateway */
    highest = counter;
    if :: birth -> g_end(birth) :: else fi;
    if
    :: mutant(BREAK_BEFORE_MAKE) && current -> g_end(current); current = 0
    :: else
    fi;
    born++;
    birth = born;
    g_state[born] = BIRTH;
    g_keys[born] = true;
    welcome[born] = counter;
    if
    :: mutant(WELCOME_ATTACHES) -> g_attach(born, HOME)
    :: else
    fi
  fi
}

inline g_attach(session, source) {
  assert(c_had_keys[session]);       /* the client has shown its keys before the gateway uses them */
  go(g_state[session], ATTACHED);
  g_address[session] = source;
  birth = 0;
  if
  :: current && !mutant(OLD_SESSION_STAYS) -> g_end(current)
  :: else
  fi;
  current = session;
  served = true;
  ack[session] = true
}

inline g_on_confirm(session, source) {
  if
  :: g_state[session] == BIRTH -> g_attach(session, source)
  :: g_state[session] == ATTACHED ->
    if
    :: mutant(CONFIRM_MOVES_BINDING) -> g_address[session] = source
    :: else -> skip                  /* one ACK again, to the bound address */
    fi
  :: else                            /* TERMINATED absorbs: a session that was */
  fi
}

proctype Gateway() {
  byte bound;
end:
  do
  :: atomic {
      m = 1; do :: m < HELLOS -> m++ :: break od;
      if :: hello[m] -> g_on_hello(m) :: else fi;
      m = 0
    }
  :: atomic {
      m = 1; do :: m < SESSIONS -> m++ :: break od;
      if :: s = HOME :: s = X fi;
      if
      :: confirm[m] && g_keys[m] ->
        bound = g_address[m];
        g_on_confirm(m, s);
        assert(!bound || g_address[m] == bound);     /* a repeated CONFIRM moves nothing */
        bound = 0
      :: else
      fi;
      m = 0; s = 0
    }
  :: atomic { birth -> g_end(birth); birth = 0 }     /* 5 s in BIRTH */
  :: atomic {                                        /* crash and restart: nothing is kept */
      boots < CRASHES -> boots++;
      m = 1;
      do
      :: m <= SESSIONS -> if :: m <= born && g_state[m] != TERMINATED -> g_end(m) :: else fi; m++
      :: else -> break
      od;
      m = 0; highest = 0; current = 0; birth = 0; served = false
    }
  od
}

/* ---- Client */
byte cm;
inline c_on_welcome(session) {
  if
  :: welcome[session] == pending || (pending && mutant(LATE_WELCOME_TAKEN)) ->
    assert(welcome[session] == pending);             /* only its last ephemeral is still known */
    pending = 0;
    c_new = session;
    c_had_keys[session] = true;
    confirm[session] = true;
    c_sent_in_life[session] = c_life + 1;
    if :: mutant(CLIENT_ATTACHED_BY_WELCOME) -> c_attach(session) :: else fi
  :: else
  fi
}

inline c_attach(session) {
  assert(g_state[session] == ATTACHED || g_state[session] == TERMINATED); /* the gateway held them first */
  c_current = session;
  c_new = 0
}

inline c_send_hello() {
  assert(!hello[writing]);                           /* a counter is used once, whatever crashes */
  hello[writing] = true;
  pending = writing
}

proctype Client() {
end:
  do
  :: atomic {                                        /* a new HELLO, by timer or for a successor */
      !writing && disk < HELLOS -> writing = disk + 1; c_new = 0; pending = 0;
      if :: mutant(COUNTER_WRITTEN_LATE) -> c_send_hello() :: else -> disk = writing fi
    }
  :: atomic {                                        /* the counter is on disk: now it may be sent */
      writing ->
      if :: mutant(COUNTER_WRITTEN_LATE) -> disk = writing :: else -> c_send_hello() fi;
      writing = 0
    }
  :: atomic {
      cm = 1; do :: cm < SESSIONS -> cm++ :: break od;
      if :: welcome[cm] && pending -> c_on_welcome(cm) :: else fi;
      cm = 0
    }
  :: atomic { c_new && ack[c_new] -> c_attach(c_new) }
  :: atomic { c_new -> c_new = 0 }                   /* handshake_timeout */
  od
}

proctype Faults() {
end:
  do
  :: atomic {                                        /* the client starts again, with what is on disk */
      c_crashes < CRASHES -> c_crashes++; c_life++;
      writing = 0; pending = 0; c_new = 0; c_current = 0
    }
  od
}

proctype Judge() {
  byte i, attached, births;
end:
  do
  :: d_step {
      do
      :: i < SESSIONS -> i++;
        attached = attached + (i <= born && g_state[i] == ATTACHED);
        births = births + (i <= born && g_state[i] == BIRTH)
      :: else -> break
      od;
      assert(attached <= 1 && births <= 1);          /* one session beyond BIRTH, one BIRTH */
      assert(!served || attached == 1);              /* make before break: never a gap */
      assert(!c_current || c_sent_in_life[c_current] == c_life + 1);  /* keys of this life only */
      i = 0; attached = 0; births = 0
    }
  od
}

init {
  atomic {
    choose_mutant();
    run Gateway(); run Client(); run Faults(); run Judge()
  }
}
