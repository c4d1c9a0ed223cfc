/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The routing core: facts and time go in, commands and one deadline come out.
 * No clock, socket, log or allocation after lk_core_new(); see docs/core.md.
 * Everything named outside (person, queue, line, step...) has a stable 32-bit id, the same in every plan that
 * names it; 0 is nobody. Times are int64 milliseconds UTC.
 */
#ifndef LINEKEEPER_CORE_H
#define LINEKEEPER_CORE_H

#include <stddef.h>
#include <stdint.h>

#define LK_NUMBER_MAX 31 /* longest number kept, in characters; E.164 has 15 digits, SIP users may be longer */
#define LK_NONE INT64_MAX /* no deadline */
#define LK_NOW_MAX (INT64_C(1) << 52) /* a time beyond this (or before 1970) is a bad event */
#define LK_AGAIN_AT_LEAST 1000 /* ms; a telephone that refuses by itself must not be rung in a tight loop */
#define LK_PLANS_MAX 9 /* the plan in force and 8 older ones with calls under way */

typedef int64_t lk_ms;

enum lk_error {
    LK_OK = 0,
    LK_NOMEM,      /* the allocator given refused */
    LK_BAD_PLAN,   /* plan bytes: wrong magic, version, length, checksum or a reference outside its table */
    LK_BAD_MEMORY, /* memory bytes: the same */
    LK_BAD_EVENT,  /* no such kind, or a field outside its range */
    LK_NO_CALL,    /* the call is unknown or over */
    LK_NO_LEG,     /* the leg is unknown or over */
    LK_FULL,       /* as many calls as the plan allows, or as many older plans, or commands not fetched */
    LK_CANNOT,     /* the state table has no entry for this fact in this state */
};

enum lk_event_kind { /* facts */
    LK_EV_TICK = 1,
    LK_EV_ARRIVED,   /* call, line, person (the caller when he is one of ours), number (caller), other (called), trust,
                        history, what = person id who spoke to him last; leg = 0, or, of one whom we called and who
                        answered, the id of the step he is sent to: no action is due because of him then */
    LK_EV_RANG,      /* call, leg: the telephone rings (180) */
    LK_EV_ANSWERED,  /* call, leg */
    LK_EV_REFUSED,   /* call, leg, value = Q.850 cause: 17 busy, 19 no answer, 20 unreachable, 21 declined, 34 no line */
    LK_EV_HUNG_UP,   /* call: the caller went away, in any state */
    LK_EV_LEFT,      /* call, leg: the answered partner hung up */
    LK_EV_DONE,      /* call: what was said or recorded has come to its end */
    LK_EV_DIGIT,     /* call, value = ASCII digit */
    LK_EV_STATUS,    /* person, value = enum lk_status */
    LK_EV_REACHABLE, /* person, value = number of registered telephones */
    LK_EV_LINE,      /* line, value = 1 usable, 0 not */
    LK_EV_FAILED,    /* call: what was to be said cannot be, or what was to be looked up could not be asked */
    LK_EV_FOUND,     /* call, value = 1 and number = what was looked up, 0: there is none, or -1: it could not be asked,
                        which, unlike FAILED, is never taken for a prompt said meanwhile */
    LK_EV_OVERRIDE,  /* what = hours id, value = enum lk_override, until (0: till told otherwise) */
    LK_EV_SENT,      /* call, person = who sends it or 0, what = step id it goes to, or 0 and other = a number, as if it were
                        called by a telephone of ours; whoever has it or is rung for it is let go */
    LK_EV_RESET,     /* the counts of FEWEST_CALLS and LEAST_TALK begin anew, as each morning */
    LK_EV_TAKEN,     /* call, person: he has the call now, whoever had it or is rung for it is let go, and so is the caller of a
                        call he had himself; person = 0: somebody who is none of ours has it */
};

enum lk_status { LK_AVAILABLE = 0, LK_BREAK, LK_AWAY, LK_MEETING, LK_OFF };

enum lk_override { LK_AS_WRITTEN = 0, LK_HELD_OPEN, LK_HELD_CLOSED };

/* How far a caller's number is believed: withheld; as he says himself; the trunk vouches for it (RFC 8224, RFC 3325); a
 * mobile or public network showed it; he proved it by a call back or a code; one of our own telephones. */
enum lk_trust { LK_TRUST_NONE = 0, LK_TRUST_CLAIMED, LK_TRUST_ASSERTED, LK_TRUST_NETWORK, LK_TRUST_PROVEN, LK_TRUST_OURS };

enum lk_history { LK_CALLED_BEFORE = 1, LK_MISSED_LAST = 2 }; /* bits: nobody spoke to him the last time he called */

enum lk_ways { LK_TELEPHONES = 1, LK_MOBILE = 2 }; /* bits: how a person is rung */

struct lk_event {
    uint16_t kind;
    uint64_t call; /* chosen by the caller of feed(), never used twice */
    uint32_t leg;  /* chosen by the core in RING */
    uint32_t line;
    uint32_t person;
    uint32_t what;
    int32_t value;
    uint8_t trust;   /* enum lk_trust */
    uint8_t history; /* enum lk_history */
    lk_ms until;
    char number[LK_NUMBER_MAX + 1]; /* caller: digits of E.164 without +, or an extension; "" = withheld */
    char other[LK_NUMBER_MAX + 1];  /* called */
};

enum lk_command_kind {
    LK_DO_RING = 1, /* call, leg, target = person id, value = enum lk_ways to ring him by; queue = why he is rung, or 0 */
    LK_DO_DIAL,     /* call, leg, target = line id, number: call it through this line; value = 1: who answers confirms */
    LK_DO_STOP,     /* call, leg, value = cause: stop ringing this leg (26 answered elsewhere, 16 caller gone, 19 time up) */
    LK_DO_ANSWER,   /* call: answer the caller now */
    LK_DO_PLAY,     /* call, target = queue id: hold music until bridged or told otherwise */
    LK_DO_BRIDGE,   /* call, leg: this leg has the caller; answer him if that was not done */
    LK_DO_MAILBOX,  /* call, target = mailbox id: greet, beep, record; DONE follows */
    LK_DO_ACTION,   /* call, target = action id: a premises action is due */
    LK_DO_HANG_UP,  /* call, value = Q.850 cause: end the caller's leg and every other leg of this call */
    LK_DO_OVER,     /* call, value = enum lk_outcome, queue and target = person who had it: last word about a call */
    LK_DO_SAY,      /* call, target = prompt id: DONE or FAILED follows unless it is hushed; value = 1: DIGITs wanted */
    LK_DO_HUSH,     /* call: stop saying */
    LK_DO_LOOK_UP,  /* call, target = look-up id: FOUND or FAILED follows; it may come too late */
    LK_DO_SET,      /* call, target = attribute id, number = its value now */
    LK_DO_PAUSED,   /* target = person id, value = ms he is not rung (0: till his status is set); no call */
    LK_DO_PARK,     /* call, target = step id: it is in nobody's hands but the switch's, till it is SENT or TAKEN, or DONE */
};

enum lk_outcome { LK_ANSWERED = 1, LK_VOICEMAIL, LK_REFUSED, LK_ABANDONED, LK_SELF_SERVICE };

struct lk_command {
    uint16_t kind;
    uint64_t call;
    uint32_t leg;
    uint32_t target;
    uint32_t queue;
    int32_t value;
    char number[LK_NUMBER_MAX + 1];
};

/* One line of the why of a call: what was looked at, what was found, why. */
struct lk_trace {
    lk_ms at;
    uint64_t call;
    uint16_t rule;   /* enum lk_rule */
    uint16_t reason; /* enum lk_reason */
    uint32_t subject; /* id of the step, queue, list, person ... the rule speaks of */
    int64_t detail;  /* cause, milliseconds, place in line: what the rule says it is */
};

enum lk_rule {
    LK_WHY_ARRIVED = 1, /* subject line, detail 1 when one of our people calls */
    LK_WHY_CALLER,      /* subject caller list he is on */
    LK_WHY_STEP,        /* subject step entered, reason why the one before it ended */
    LK_WHY_HOURS,       /* subject hours, reason OPEN or CLOSED, detail until when (ms UTC) */
    LK_WHY_QUEUED,      /* subject queue, detail place in line from 1 */
    LK_WHY_RUNG,        /* subject person, reason why he: RING_ALL, NEXT_TURN, CHAIN_STEP, DIRECT */
    LK_WHY_PASSED,      /* subject person, reason why not */
    LK_WHY_REFUSED,     /* subject person (or line called out through), detail cause */
    LK_WHY_ANSWERED,    /* subject person (or line), detail ms waited since arrival */
    LK_WHY_TIMEOUT,     /* subject step, queue or person, detail ms */
    LK_WHY_ACTION,      /* subject action */
    LK_WHY_LATE,        /* a fact that came too late to count: subject person, detail event kind */
    LK_WHY_LEFT,        /* subject person (or line): the partner hung up */
    LK_WHY_HUNG_UP,     /* the caller hung up */
    LK_WHY_OVER,        /* detail outcome, subject person or mailbox, reason why no step was left */
    LK_WHY_KEY,         /* subject step, detail the key as ASCII, reason KEY, WRONG_KEY or EXTENSION */
    LK_WHY_SET,         /* subject attribute */
    LK_WHY_LOOKED_UP,   /* subject look-up, reason FOUND, NOT_FOUND, FAILED or TIMED_OUT, detail ms */
    LK_WHY_COMPARED,    /* subject attribute (0: caller or called), reason YES or NO */
    LK_WHY_TRUST,       /* subject line, detail enum lk_trust of the caller, reason YES or NO */
    LK_WHY_HISTORY,     /* subject person spoken to last or 0, detail enum lk_history, reason YES or NO */
    LK_WHY_LOAD,        /* subject queue, detail what was measured, reason YES or NO */
    LK_WHY_SKILL,       /* subject skill wanted from now on, detail level */
    LK_WHY_PRIORITY,    /* subject caller list or step, detail priority of the call now */
    LK_WHY_PAUSED,      /* subject person, detail calls he let ring */
    LK_WHY_SENT,        /* subject step somebody sent the call to */
    LK_WHY_SAID,        /* subject prompt, reason SAID or FAILED */
    LK_WHY_TAKEN,       /* subject person who took the call from wherever it was, 0 none of ours */
};

enum lk_reason {
    LK_BECAUSE_NONE = 0,
    LK_BECAUSE_RING_ALL,
    LK_BECAUSE_NEXT_TURN,
    LK_BECAUSE_CHAIN_STEP,
    LK_BECAUSE_DIRECT,
    LK_BECAUSE_OPEN,
    LK_BECAUSE_CLOSED,
    LK_BECAUSE_STATUS,      /* passed: on a break, away, ...; detail = status */
    LK_BECAUSE_UNREACHABLE, /* passed: no telephone registered */
    LK_BECAUSE_BUSY,        /* passed: on another call */
    LK_BECAUSE_RINGING,     /* passed: being rung for another call */
    LK_BECAUSE_WRAP_UP,     /* passed: detail = ms left */
    LK_BECAUSE_DECLINED,    /* passed: declined this call before; detail = ms until he may be rung again */
    LK_BECAUSE_NO_ANSWER,   /* passed: did not answer this call before; detail = as above */
    LK_BECAUSE_NOT_YET,     /* passed: others come first in this strategy */
    LK_BECAUSE_CALLER,      /* passed: he is the caller himself */
    LK_BECAUSE_QUEUE_FULL,
    LK_BECAUSE_QUEUE_EMPTY, /* nobody in it could ever answer now (join_when_empty = false) */
    LK_BECAUSE_MAX_WAIT,
    LK_BECAUSE_CHAIN_END,
    LK_BECAUSE_NO_ROUTE,    /* the number called leads nowhere */
    LK_BECAUSE_LINE_DOWN,
    LK_BECAUSE_LOOP, /* more than 64 steps without a wait or 1,000 in all, or 32 things said to one who presses nothing */
    LK_BECAUSE_PERCENT,      /* rung: furthest behind his share */
    LK_BECAUSE_BEST,         /* rung: best qualified */
    LK_BECAUSE_LONGEST_IDLE, /* rung: longest without a call */
    LK_BECAUSE_FEWEST_CALLS,
    LK_BECAUSE_LEAST_TALK,
    LK_BECAUSE_RANDOM,
    LK_BECAUSE_FIXED_ORDER,
    LK_BECAUSE_NO_SKILL, /* passed: lacks what the call wants; detail = ms until nobody asks, 0 never */
    LK_BECAUSE_LATER,    /* passed: rung only after a longer wait; detail = ms left */
    LK_BECAUSE_PAUSED,   /* passed: let too many calls ring; detail = ms left, 0 till he says he is back */
    LK_BECAUSE_OVERRIDE_OPEN,
    LK_BECAUSE_OVERRIDE_CLOSED,
    LK_BECAUSE_LEFT_EMPTY, /* everybody of the queue went while he waited */
    LK_BECAUSE_KEY,
    LK_BECAUSE_NO_KEY, /* nothing was pressed in time, as often as was asked */
    LK_BECAUSE_WRONG_KEY,
    LK_BECAUSE_EXTENSION, /* dialled in a menu */
    LK_BECAUSE_COLLECTED,
    LK_BECAUSE_SAID,
    LK_BECAUSE_FAILED,
    LK_BECAUSE_FOUND,
    LK_BECAUSE_NOT_FOUND,
    LK_BECAUSE_TIMED_OUT,
    LK_BECAUSE_YES,
    LK_BECAUSE_NO,
    LK_BECAUSE_MANAGER,     /* rung: looks after this caller */
    LK_BECAUSE_LAST_SPOKEN, /* rung: spoke to him last */
    LK_BECAUSE_NOBODY,      /* no manager, nobody spoken to before */
    LK_BECAUSE_SENT,
    LK_BECAUSE_TRUST, /* too little is known of who calls */
    LK_BECAUSE_RETURNED, /* rung: he sent the call where nobody took it */
    LK_BECAUSE_OFF_DUTY, /* passed: outside his duty hours; detail = when they begin, ms UTC, LK_NONE never */
};

struct lk_allocator { /* free gets the size back; state is handed through */
    void *(*get)(void *state, size_t size);
    void (*put)(void *state, void *block, size_t size);
    void *state;
};

struct lk_core;

/* memory may be NULL: a first start. plan is copied. */
enum lk_error lk_core_new(struct lk_core **out, const struct lk_allocator *from, const uint8_t *plan, size_t plan_size,
                          const uint8_t *memory, size_t memory_size);
void lk_core_free(struct lk_core *core);
enum lk_error lk_core_feed(struct lk_core *core, const struct lk_event *event, lk_ms now);
/* Oldest first; 1 while there was one. Commands and traces of one feed() always fit; when those of earlier ones were
 * not fetched, feed() returns LK_FULL and has changed nothing. */
int lk_core_command(struct lk_core *core, struct lk_command *out);
int lk_core_trace(struct lk_core *core, struct lk_trace *out);
lk_ms lk_core_deadline(const struct lk_core *core);
enum lk_error lk_core_swap(struct lk_core *core, const uint8_t *plan, size_t plan_size, lk_ms now);
/* Size needed, or bytes written when size is enough: turns and statuses, by id. */
size_t lk_core_memory(const struct lk_core *core, uint8_t *out, size_t size);

#endif
