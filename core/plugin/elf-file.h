/* SPDX-License-Identifier: BSD-2-Clause */
/* elf-file.h - an ELF file under libelf, with a scope */
#pragma once

#include <glib.h>
#include <libelf.h>

typedef Elf TsElf;

/* Returns: (nullable): @fd, which stays the caller's, for reading; NULL for what libelf can't
 * take. */
static inline TsElf *
ts_elf_open(int fd)
{
	/* states which version we know; libelf refuses to work before */
	elf_version(EV_CURRENT);
	return elf_begin(fd, ELF_C_READ, NULL);
}

static inline void
ts_elf_close(TsElf *elf)
{
	elf_end(elf);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsElf, ts_elf_close)
