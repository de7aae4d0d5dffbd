/* SPDX-License-Identifier: BSD-2-Clause */
/* bad-no-note.c - a shared object that is no plugin */
extern int no_plugin;
int no_plugin = 1;
