/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dispatch.h - one method call in, one answer out, whatever door it came through
 *
 * Answers the standard interfaces (Peer, Introspectable, Properties, ObjectManager) and calls the
 * methods of ours. Both doors use it, so they can't differ. Touches no socket: a test calls it with
 * messages of its own. Thread: main.
 */
#pragma once

#include <gio/gio.h>

#include "control/authorise.h"
#include "control/object.h"

/**
 * ts_dispatch:
 * @caller: who asks
 * @call: a method call; its path and member are there
 *
 * Returns: (transfer full) (nullable): the answer or an error; NULL when none is wanted. An answer to
 * @call has no serial yet.
 */
GDBusMessage *ts_dispatch(TsObjectTree *tree, const TsAuthoriser *authoriser, const TsCaller *caller,
			  GDBusMessage *call);

/* Returns: whether @call needs no more than the right to read, so that nobody has to be asked who the
 * caller is. */
bool ts_dispatch_is_read_only(const TsObjectTree *tree, GDBusMessage *call);
