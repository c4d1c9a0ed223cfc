/* SPDX-License-Identifier: GPL-2.0-or-later
 * What telephones watch (RFC 6665): lamps of colleagues and park slots (dialog, RFC 4235), of their messages
 * (message-summary, RFC 3842) and statuses (presence, RFC 3856). Python publishes the newest state of a resource; each
 * subscription is told of it, one NOTIFY under way at most, and not more than one in a while, with what is newest then.
 */
#include "sip.h"

#include <pjsip_simple.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOTIFY_EVERY 200     /* ms between two to one subscription */
#define UNASKED_AFTER 1000   /* ms; a telephone that has registered may be about to subscribe */
#define UNASKED_EVERY 2000   /* ms between two lamps told to a telephone that did not subscribe */
#define LOOK_EVERY 20        /* ms, while anything is to be told */
#define AT_ONCE 64           /* NOTIFYs a look: two hundred watchers are a few looks */
#define PHONE_SUBSCRIPTIONS 200
#define LOOK_LASTS 10        /* s; who takes only a look is told within them what is asked for */

enum { DIALOG, SUMMARY, PRESENCE, PACKAGES };

static const struct package {
    const char *name, *type, *subtype;
} packages[PACKAGES] = {
    {"dialog", "application", "dialog-info+xml"},
    {"message-summary", "application", "simple-message-summary"},
    {"presence", "application", "pidf+xml"},
};

static struct resource {
    int package, watchers;
    char name[SIP_NAME_MAX + 1];
    char *body;       /* NULL: the place is free */
    int64_t unasked;  /* ms when telephones that did not subscribe are to be told; 0: they were */
    int64_t told;     /* ms when they were, last */
} resources[SIP_RESOURCES];

static struct watch {
    pjsip_evsub *sub; /* NULL: the place is free */
    pjsip_dialog *dialog;
    struct resource *resource;
    char phone[SIP_NAME_MAX + 1];
    char source[80];
    unsigned version; /* of the next dialog-info */
    int due, under_way;
    int once;     /* only a look */
    int64_t told; /* ms */
} watches[SIP_SUBSCRIPTIONS];

static void look(pj_timer_heap_t *heap, pj_timer_entry *entry);
static pj_timer_entry timer = {.cb = look};
static int timer_runs;

/* Only its place in the data of dialogs and subscriptions is used. */
static pjsip_module module = {
    .name = {(char *)(uintptr_t) "mod-lk-watch", 12},
    .id = -1,
    .priority = PJSIP_MOD_PRIORITY_APPLICATION,
};

void sip_watch_reset(void)
{
    for (int i = 0; i < SIP_RESOURCES; i++)
        free(resources[i].body);
    memset(resources, 0, sizeof resources);
    memset(watches, 0, sizeof watches);
    pj_timer_entry_init(&timer, 0, NULL, look); /* it may have been under way when the last endpoint ended */
    timer_runs = 0;
}

pj_status_t sip_watch_init(void)
{
    return pjsip_endpt_register_module(pjsua_get_pjsip_endpt(), &module);
}

static int64_t milliseconds(void)
{
    pj_time_val now;

    pj_gettickcount(&now);
    return (int64_t)now.sec * 1000 + now.msec;
}

static void look_in(int ms)
{
    pj_time_val delay = {ms / 1000, ms % 1000};

    if (!timer_runs && pjsip_endpt_schedule_timer(pjsua_get_pjsip_endpt(), &timer, &delay) == PJ_SUCCESS)
        timer_runs = 1;
}

/* ---- what is known ---------------------------------------------------------------------------------------------- */

static int package_of(const pj_str_t *name)
{
    int package = 0;

    while (package < PACKAGES && pj_stricmp2(name, packages[package].name) != 0)
        package++;
    return package;
}

static struct resource *resource_find(int package, const char *name)
{
    for (int i = 0; i < SIP_RESOURCES; i++)
        if (resources[i].body && resources[i].package == package && strcmp(resources[i].name, name) == 0)
            return &resources[i];
    return NULL;
}

static struct resource *resource_place(int package, const char *name)
{
    for (int i = 0; i < SIP_RESOURCES; i++) {
        if (resources[i].body)
            continue;
        resources[i] = (struct resource){.package = package};
        snprintf(resources[i].name, sizeof resources[i].name, "%s", name);
        return &resources[i];
    }
    return NULL;
}

static int is_asked_for(const struct resource *resource)
{
    return strcmp(resource->body, "?") == 0;
}

/* Its watchers are none any more, or some: who publishes it may stop, or is to begin. */
static void watched(const struct resource *resource, int on)
{
    const char *text[] = {resource->name, packages[resource->package].name};

    sip_tell_c(SIP_EV_WATCHED, 0, on, 0, 2, text);
}

static void watch_free(struct watch *watch)
{
    pjsip_evsub_set_mod_data(watch->sub, (unsigned)module.id, NULL);
    pjsip_dlg_set_mod_data(watch->dialog, module.id, NULL);
    watch->sub = NULL;
    if (--watch->resource->watchers == 0)
        watched(watch->resource, 0);
}

/* ---- telling ---------------------------------------------------------------------------------------------------- */

/* The body, of a dialog-info with its own count in the first version="..." of the element. */
static pjsip_msg_body *body_of(pj_pool_t *pool, const struct resource *resource, unsigned version)
{
    const struct package *package = &packages[resource->package];
    const char *element = resource->package == DIALOG ? strstr(resource->body, "<dialog-info") : NULL;
    const char *from = element ? strstr(element, "version=\"") : NULL, *to = from ? strchr(from + 9, '"') : NULL;
    pj_str_t type = pj_str((char *)(uintptr_t)package->type), subtype = pj_str((char *)(uintptr_t)package->subtype);
    size_t size = strlen(resource->body) + 12;
    char *text = pj_pool_alloc(pool, size);
    pj_str_t all;

    if (to)
        snprintf(text, size, "%.*s%u%s", (int)(from + 9 - resource->body), resource->body, version, to);
    else
        snprintf(text, size, "%s", resource->body);
    all = pj_str(text);
    return pjsip_msg_body_create(pool, &type, &subtype, &all);
}

static void end(pjsip_evsub *sub, const struct resource *resource, unsigned version, const char *why)
{
    pj_str_t reason = pj_str((char *)(uintptr_t)why);
    pjsip_tx_data *tdata;

    if (pjsip_evsub_notify(sub, PJSIP_EVSUB_STATE_TERMINATED, NULL, &reason, &tdata) != PJ_SUCCESS)
        return;
    if (resource && !is_asked_for(resource))
        tdata->msg->body = body_of(tdata->pool, resource, version);
    pjsip_evsub_send_request(sub, tdata);
}

/* May end the subscription, which gives its place back. */
static void tell(struct watch *watch, int64_t now)
{
    pjsip_evsub *sub = watch->sub;
    pjsip_tx_data *tdata;

    watch->due = 0;
    if (watch->once) {
        watch_free(watch);
        end(sub, watch->resource, 0, "timeout");
        return;
    }
    watch->told = now;
    if (pjsip_evsub_notify(sub, PJSIP_EVSUB_STATE_ACTIVE, NULL, NULL, &tdata) != PJ_SUCCESS)
        return;
    tdata->msg->body = body_of(tdata->pool, watch->resource, watch->version++);
    watch->under_way = 1;
    if (pjsip_evsub_send_request(sub, tdata) != PJ_SUCCESS && watch->sub == sub)
        pjsip_evsub_terminate(sub, PJ_TRUE);
}

static void unasked_at(struct resource *resource, int64_t when)
{
    resource->unasked = when > resource->told + UNASKED_EVERY ? when : resource->told + UNASKED_EVERY;
    look_in(LOOK_EVERY);
}

/* Who is to be told and may be is told; looked again as long as anybody is. */
static void look(pj_timer_heap_t *heap, pj_timer_entry *entry)
{
    int64_t now = milliseconds();
    int told = 0, left = 0;

    PJ_UNUSED_ARG(heap);
    PJ_UNUSED_ARG(entry);
    timer_runs = 0;
    for (int i = 0; i < SIP_SUBSCRIPTIONS; i++) {
        if (!watches[i].sub || !watches[i].due || watches[i].under_way || is_asked_for(watches[i].resource))
            continue; /* its answer looks again, or what is published */
        if (now - watches[i].told >= NOTIFY_EVERY && told++ < AT_ONCE)
            tell(&watches[i], now);
        else
            left = 1;
    }
    for (int i = 0; i < SIP_RESOURCES; i++) {
        if (!resources[i].body || !resources[i].unasked)
            continue;
        if (now >= resources[i].unasked && told++ < AT_ONCE) {
            resources[i].unasked = 0;
            resources[i].told = now;
            if (!resources[i].watchers)
                sip_registrar_tell(resources[i].name, "message-summary", resources[i].body);
        } else {
            left = 1;
        }
    }
    if (left)
        look_in(LOOK_EVERY);
}

/* ---- what Python publishes -------------------------------------------------------------------------------------- */

static void resource_forget(struct resource *resource)
{
    for (int i = 0; i < SIP_SUBSCRIPTIONS; i++) {
        pjsip_evsub *sub = watches[i].sub;

        if (!sub || watches[i].resource != resource)
            continue;
        watch_free(&watches[i]);
        end(sub, NULL, 0, "noresource");
    }
    free(resource->body);
    resource->body = NULL;
}

void sip_watch_publish(const struct sip_command *command)
{
    const char *name = command->text[1], *body = command->text[2];
    pj_str_t of = pj_str(command->text[0]);
    int package = package_of(&of);
    struct resource *resource = package < PACKAGES ? resource_find(package, name) : NULL;
    char *copy;

    if (package == PACKAGES || strlen(name) > SIP_NAME_MAX || strlen(body) > SIP_BODY_MAX)
        return;
    if (!body[0]) {
        if (resource)
            resource_forget(resource);
        return;
    }
    if ((resource && strcmp(resource->body, body) == 0) || (!resource && !(resource = resource_place(package, name))) ||
        !(copy = strdup(body)))
        return;
    free(resource->body);
    resource->body = copy;
    if (package == SUMMARY)
        unasked_at(resource, milliseconds());
    if (!resource->watchers)
        return;
    if (is_asked_for(resource)) { /* nobody did a moment ago */
        watched(resource, 1);
        return;
    }
    for (int i = 0; i < SIP_SUBSCRIPTIONS; i++)
        if (watches[i].sub && watches[i].resource == resource)
            watches[i].due = 1;
    look_in(0);
}

/* It is no telephone of ours any more. */
void sip_watch_forget(const char *phone)
{
    for (int i = 0; i < SIP_SUBSCRIPTIONS; i++) {
        pjsip_evsub *sub = watches[i].sub;

        if (!sub || strcmp(watches[i].phone, phone) != 0)
            continue;
        watch_free(&watches[i]);
        end(sub, NULL, 0, "rejected");
    }
}

/* A contact is new, or its telephone has started anew: its lamp may show anything. */
void sip_watch_registered(const char *phone)
{
    struct resource *resource = resource_find(SUMMARY, phone);

    if (resource)
        unasked_at(resource, milliseconds() + UNASKED_AFTER);
}

/* ---- SUBSCRIBE -------------------------------------------------------------------------------------------------- */

static struct watch *watch_of(pjsip_evsub *sub)
{
    return pjsip_evsub_get_mod_data(sub, (unsigned)module.id);
}

static void on_state(pjsip_evsub *sub, pjsip_event *event)
{
    struct watch *watch = watch_of(sub);

    PJ_UNUSED_ARG(event);
    if (watch && pjsip_evsub_get_state(sub) == PJSIP_EVSUB_STATE_TERMINATED)
        watch_free(watch);
}

static void on_transaction(pjsip_evsub *sub, pjsip_transaction *tsx, pjsip_event *event)
{
    struct watch *watch = watch_of(sub);

    PJ_UNUSED_ARG(event);
    if (!watch || tsx->role != PJSIP_ROLE_UAC || tsx->state < PJSIP_TSX_STATE_COMPLETED)
        return;
    watch->under_way = 0;
    if (watch->due)
        look_in(LOOK_EVERY);
}

static void on_refresh(pjsip_evsub *sub, pjsip_rx_data *rdata, int *code, pj_str_t **text, pjsip_hdr *headers,
                       pjsip_msg_body **body)
{
    struct watch *watch = watch_of(sub);

    PJ_UNUSED_ARG(rdata);
    PJ_UNUSED_ARG(text);
    PJ_UNUSED_ARG(headers);
    PJ_UNUSED_ARG(body);
    *code = watch ? 200 : 481;
    if (!watch)
        return;
    if (pjsip_evsub_get_state(sub) == PJSIP_EVSUB_STATE_TERMINATED) { /* unsubscribed; the last NOTIFY follows the 200 */
        end(sub, watch->resource, watch->version, "timeout");
        return;
    }
    watch->due = 1;
    look_in(0);
}

static const pjsip_evsub_user user = {
    .on_evsub_state = on_state,
    .on_tsx_state = on_transaction,
    .on_rx_refresh = on_refresh,
};

static int accepts(const pjsip_rx_data *rdata, const struct package *package)
{
    const pjsip_accept_hdr *header = pjsip_msg_find_hdr(rdata->msg_info.msg, PJSIP_H_ACCEPT, NULL);
    char type[64];

    snprintf(type, sizeof type, "%s/%s", package->type, package->subtype);
    for (unsigned i = 0; header && i < header->count; i++)
        if (pj_strnicmp2(&header->values[i], type, strlen(type)) == 0 || pj_strcmp2(&header->values[i], "*/*") == 0)
            return 1;
    return !header || !header->count;
}

/* 0, or the status to refuse with. */
static int package_asked(const pjsip_rx_data *rdata, int *package)
{
    static const pj_str_t event = {(char *)(uintptr_t) "Event", 5}, compact = {(char *)(uintptr_t) "o", 1};
    const pjsip_event_hdr *header = pjsip_msg_find_hdr_by_names(rdata->msg_info.msg, &event, &compact, NULL);
    const pjsip_expires_hdr *expires = pjsip_msg_find_hdr(rdata->msg_info.msg, PJSIP_H_EXPIRES, NULL);

    if (!header || (*package = package_of(&header->event_type)) == PACKAGES)
        return 489;
    if (!accepts(rdata, &packages[*package]))
        return 406;
    return expires && expires->ivalue && expires->ivalue < sip_config.min_expires ? 423 : 0;
}

static void refuse(pjsip_rx_data *rdata, int code)
{
    static const struct {
        int code;
        const char *why;
    } table[] = {{403, "subscription of another"}, {404, "nothing to watch there"}, {406, "none of its forms"},
                 {423, "too short"}, {481, "no such subscription"}, {489, "no such event package"},
                 {503, "too many subscriptions"}};
    const char *why = "bad subscription";

    for (size_t i = 0; i < PJ_ARRAY_SIZE(table); i++)
        if (table[i].code == code)
            why = table[i].why;
    sip_refuse(rdata, code, why);
}

/* A place for another of this telephone's; what it had from the same address is from before it started anew. */
static struct watch *watch_place(const struct sip_phone *phone, const struct resource *resource, const char *source)
{
    struct watch *place = NULL;
    int its = 0;

    for (int i = 0; i < SIP_SUBSCRIPTIONS; i++) {
        struct watch *watch = &watches[i];

        if (watch->sub && strcmp(watch->phone, phone->id) == 0) {
            if (watch->resource == resource && strcmp(watch->source, source) == 0) {
                pjsip_evsub *old = watch->sub;

                watch_free(watch);
                pjsip_evsub_terminate(old, PJ_FALSE);
            } else {
                its++;
            }
        }
        if (!watch->sub && !place)
            place = watch;
    }
    return its < PHONE_SUBSCRIPTIONS ? place : NULL;
}

/* A dialog with an accepted subscription in it, locked; or NULL, and the request is answered. */
static pjsip_evsub *accept_subscription(pjsip_rx_data *rdata, pjsip_dialog **dialog)
{
    pj_str_t contact;
    pjsip_evsub *sub;

    if (pjsua_acc_create_uas_contact(rdata->tp_info.pool, &contact, sip_local_account, rdata) != PJ_SUCCESS ||
        pjsip_dlg_create_uas_and_inc_lock(pjsip_ua_instance(), rdata, &contact, dialog) != PJ_SUCCESS) {
        refuse(rdata, 400);
        return NULL;
    }
    if (pjsip_evsub_create_uas(*dialog, &user, rdata, 0, &sub) != PJ_SUCCESS) {
        pjsip_dlg_respond(*dialog, rdata, 500, NULL, NULL, NULL);
        pjsip_dlg_dec_lock(*dialog);
        return NULL;
    }
    if (pjsip_evsub_accept(sub, rdata, 200, NULL) != PJ_SUCCESS) {
        pjsip_evsub_terminate(sub, PJ_FALSE);
        pjsip_dlg_dec_lock(*dialog);
        return NULL;
    }
    return sub;
}

/* Of one mailbox of its person that has this number; else of all of them, whatever number the telephone has for it. */
static struct resource *summary_of(const struct sip_phone *phone, const char *number)
{
    char name[2 * SIP_NAME_MAX + 2];
    struct resource *one;

    snprintf(name, sizeof name, "%s/%s", phone->id, number);
    one = resource_find(SUMMARY, name);
    return one ? one : resource_find(SUMMARY, phone->id);
}

void sip_watch_subscribe(pjsip_rx_data *rdata, const struct sip_phone *phone)
{
    const pjsip_uri *uri = rdata->msg_info.msg->line.req.uri;
    struct resource *resource;
    struct watch *watch;
    pjsip_dialog *dialog;
    pjsip_evsub *sub;
    char name[SIP_NAME_MAX + 1], source[80];
    int package, code = package_asked(rdata, &package);

    if (code) {
        refuse(rdata, code);
        return;
    }
    sip_user_of(uri, name, sizeof name);
    resource = package == SUMMARY ? summary_of(phone, name) : resource_find(package, name);
    sip_place(source, sizeof source, &rdata->pkt_info.src_addr);
    if (!resource || !(watch = watch_place(phone, resource, source))) {
        refuse(rdata, resource ? 503 : 404);
        return;
    }
    if (!(sub = accept_subscription(rdata, &dialog)))
        return;
    *watch = (struct watch){
        .sub = sub, .dialog = dialog, .resource = resource, .due = 1, .once = pjsip_evsub_get_expires(sub) == 0};
    snprintf(watch->phone, sizeof watch->phone, "%s", phone->id);
    snprintf(watch->source, sizeof watch->source, "%s", source);
    pjsip_evsub_set_mod_data(sub, (unsigned)module.id, watch);
    pjsip_dlg_set_mod_data(dialog, module.id, watch);
    resource->watchers++;
    if (watch->once)
        pjsip_evsub_uas_set_timeout(sub, LOOK_LASTS);
    if (is_asked_for(resource))
        watched(resource, 1);
    look_in(0);
    pjsip_dlg_dec_lock(dialog);
}

/* One within a dialog, whose sender is known: 1 when it was refused. */
int sip_watch_refused(pjsip_rx_data *rdata, const struct sip_phone *phone)
{
    pjsip_dialog *dialog = pjsip_ua_find_dialog(&rdata->msg_info.cid->id, &rdata->msg_info.to->tag,
                                                &rdata->msg_info.from->tag, PJ_FALSE);
    const struct watch *watch = dialog ? pjsip_dlg_get_mod_data(dialog, module.id) : NULL;
    int package, code;

    if (!watch)
        code = 481;
    else if (strcmp(watch->phone, phone->id) != 0)
        code = 403;
    else if (!(code = package_asked(rdata, &package)) && package != watch->resource->package)
        code = 489;
    if (code)
        refuse(rdata, code);
    return code;
}
