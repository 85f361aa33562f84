/* The states and what may follow what: spec/session-fsm.md. */
#define BIRTH 0
#define ATTACHED 1
#define VOLATILE 2
#define DEGRADED 3
#define RECOVERING 4
#define TERMINATED 5

#define may_follow(from, to) ( \
    (from == BIRTH && to == ATTACHED) || \
    (from == ATTACHED && to == VOLATILE) || \
    (from == VOLATILE && (to == RECOVERING || to == DEGRADED)) || \
    (from == DEGRADED && to == RECOVERING) || \
    (from == RECOVERING && (to == ATTACHED || to == DEGRADED)) || \
    (from != TERMINATED && to == TERMINATED))

/* Every change of a state goes through here. */
inline go(state, to) {
  assert(may_follow(state, to));
  state = to
}
