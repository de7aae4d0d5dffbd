/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * standard-interfaces.h - what every D-Bus object answers: Peer, Introspectable, Properties, ObjectManager
 *
 * Source: D-Bus specification 0.41, "Standard Interfaces". Thread: main.
 */
#pragma once

#include <stdbool.h>

#include "control/object.h"

typedef struct {
	TsObjectTree *tree;
	TsObject *object; /* (nullable): only a node above objects */
	const char *path;
	const char *member;
	GVariant *arguments;
} TsStandardCall;

/* Is it a method of a standard interface? @interface: (nullable): then the member decides. */
bool ts_standard_has(const char *interface, const char *member);

/* As TsMethodFunc. */
bool ts_standard_call(const TsStandardCall *call, const char *interface, GVariant **result,
		      GError **error);
