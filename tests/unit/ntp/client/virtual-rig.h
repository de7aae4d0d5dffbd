/* SPDX-License-Identifier: BSD-2-Clause */
/* virtual-rig.h - a client with its fake engine in a virtual net, for the tests of association and
 * client */
#pragma once

#include "base/time.h"
#include "fake-engine.h"
#include "ntp/client/client.h"
#include "ntp/virtual/virtual-net.h"
#include "ntp/virtual/virtual-resolver.h"
#include "ntp/virtual/virtual-server.h"

/* 2026-01-01 */
#define RIG_START_UTC_NS (INT64_C(1767225600) * TS_NS_PER_S)

#define RIG_CLIENT "192.0.2.99"

typedef struct {
	TsSched *sched;
	TsClock *clock;
	TsEngine *engine;
	TsVirtualNet *net;
	TsResolver *resolver; /* the client's */
	TsNtpClient *client;
	GPtrArray *servers;
	GPtrArray *log; /* of char *: what was said, without debug lines */
} Rig;

/* A client at RIG_CLIENT whose clock is right; links take 1 ms each way. */
Rig *rig_new(int64_t start_utc_ns);
void rig_free(Rig *rig);

/* A server that is right, at @address port 123. (transfer none) */
TsVirtualServer *rig_server(Rig *rig, const char *address);

/* An entry with the defaults, already in the client's hands; @edit may be NULL. */
typedef void (*RigEditFunc)(TsSourceSettings *settings);
void rig_add(Rig *rig, TsSourceKind kind, const char *name, RigEditFunc edit);

/* Changes an entry's options as a reload does. */
void rig_update(Rig *rig, TsSourceKind kind, const char *name, RigEditFunc edit);

void rig_run(Rig *rig, double seconds);
double rig_now_s(const Rig *rig);

/* The link to and from the host of @server (NULL: all). */
void rig_link(Rig *rig, const char *server, const TsVirtualLink *link);

/* Returns: how many requests went to @server. */
uint64_t rig_n_sent(const Rig *rig, const char *server);

/* Returns: the source's sample minus true time at that moment, ns. The client's clock must run
 * true. */
int64_t rig_sample_error_ns(const Rig *rig, const FakeSource *source, guint index);
const TsSample *rig_sample(const FakeSource *source, guint index);

/* Returns: how many lines of the log contain @text. */
unsigned rig_n_said(const Rig *rig, const char *text);

TsAddress rig_address(const char *text);
