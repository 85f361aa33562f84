/* The owner of a session among nodes (spec/keys.md "Derivation", spec/jump.md verdict 7). A store holds
 * (owner, owner epoch, binding_version) and compares before it swaps. Nodes crash and start again, stop for
 * any time and go on with what they believed, and take a session over when the owner's lease has run out.
 *
 * What is built is one node: its owner epoch stands in its settings, sessions die with its process, and
 * nothing is shared. This is the rule that a second node and its store have to keep.
 */
#ifndef TAKEOVERS
#define TAKEOVERS 3
#endif
#ifndef COMMITS
#define COMMITS 3
#endif
#define NODES 2
#define EPOCHS (TAKEOVERS + 2)

#include "mutants.h"

/* The store. */
byte owner = 1, owner_epoch = 1, binding_version = 1;
byte takeovers, commits;

/* Each node: what it believes. */
typedef Node { byte epoch, bv, life; bool lease, sends };
Node node[NODES + 1];

/* For the judge: which node, in which life of its process, has used each owner epoch. */
byte used_by[EPOCHS + 1], used_in_life[EPOCHS + 1];
byte highest_bv = 1;

/* Traffic keys come of (owner epoch, binding_version); counters begin at 0 with each process. */
inline use_keys(n) {
  assert(!used_by[node[n].epoch] ||
         (used_by[node[n].epoch] == n && used_in_life[node[n].epoch] == node[n].life));
  used_by[node[n].epoch] = n;
  used_in_life[node[n].epoch] = node[n].life;
  node[n].sends = true
}

inline take_over(n) {
  owner = n;
  if :: mutant(OWNER_EPOCH_STANDS) :: else -> owner_epoch++ fi;
  node[n].epoch = owner_epoch;
  node[n].bv = binding_version;
  node[n].lease = true;
  takeovers++;
  use_keys(n)
}

proctype Gateway(byte n) {
end:
  do
  :: atomic {                            /* ownership: the former owner's lease has run out */
      takeovers < TAKEOVERS && !node[n].lease && (!node[3 - n].lease || mutant(LEASE_IGNORED)) ->
      take_over(n)
    }
  :: atomic {                            /* a commit: compare with what this node believes, and swap */
      node[n].epoch && commits < COMMITS ->
      if
      :: (owner == n && owner_epoch == node[n].epoch && binding_version == node[n].bv) ||
         (mutant(STORE_IGNORES_EPOCH) && binding_version == node[n].bv) ||
         (mutant(STORE_IGNORES_VERSION) && owner == n && owner_epoch == node[n].epoch) ->
        assert(owner == n && owner_epoch == node[n].epoch);
        commits++;
        binding_version = node[n].bv + 1;
        if
        :: node[n].bv = binding_version
        :: skip                          /* the store's answer is lost: a repetition must not count */
        fi;
        assert(binding_version == highest_bv + 1);   /* by one, never back */
        highest_bv = binding_version
      :: else -> node[n].epoch = 0; node[n].lease = false; node[n].sends = false  /* ownership_lost */
      fi
    }
  :: atomic {                            /* its own clock ends the lease first: it falls silent */
      node[n].lease -> node[n].lease = false;
      if :: mutant(SENDS_WITHOUT_LEASE) :: else -> node[n].sends = false fi
    }
  :: atomic {                            /* crash and restart: keys and beliefs are gone */
      node[n].life < 2 -> node[n].life++;
      node[n].lease = false; node[n].sends = false; node[n].epoch = 0; node[n].bv = 0;
      if
      :: mutant(RESTART_RESUMES) && owner == n ->
        node[n].epoch = owner_epoch; node[n].bv = binding_version; node[n].lease = true; use_keys(n)
      :: else
      fi
    }
  od
}

proctype Judge() {
end:
  do
  :: d_step { assert(!(node[1].sends && node[2].sends)) }   /* never two that may send */
  od
}

init {
  atomic {
    choose_mutant();
    node[1].epoch = 1; node[1].bv = 1; node[1].lease = true; use_keys(1);
    run Gateway(1); run Gateway(2); run Judge()
  }
}
