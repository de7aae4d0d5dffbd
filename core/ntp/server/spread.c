/* SPDX-License-Identifier: BSD-2-Clause */
/* spread.c - see spread.h */
#include "ntp/server/spread.h"

#include <linux/filter.h>
#include <sys/socket.h>

/* Offsets of the source address in the IP header. The filter's data begin behind the UDP header, so
 * the IP header is reached by SKF_NET_OFF. */
#define V4_SOURCE 12
#define V6_SOURCE 8

#define LOAD_NETWORK_WORD(offset)                                                                  \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_NET_OFF + (offset)))

/* hash = ((((w0 * m) + w1) * m + w2) * m + w3) * m; its upper half, modulo the workers. */
#define ADD_WORD(offset, multiplier)                                                               \
	BPF_STMT(BPF_MISC | BPF_TAX, 0), LOAD_NETWORK_WORD(offset),                                \
		BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0),                                            \
		BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, multiplier)

bool
ts_spread_attach(int fd, bool is_v6, unsigned n_workers, uint32_t multiplier)
{
	struct sock_filter v4[] = {
		LOAD_NETWORK_WORD(V4_SOURCE),
		BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, multiplier),
		BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 16),
		BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, n_workers),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	struct sock_filter v6[] = {
		LOAD_NETWORK_WORD(V6_SOURCE),
		BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, multiplier),
		ADD_WORD(V6_SOURCE + 4, multiplier),
		ADD_WORD(V6_SOURCE + 8, multiplier),
		ADD_WORD(V6_SOURCE + 12, multiplier),
		BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 16),
		BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, n_workers),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	struct sock_fprog program = {
		.len = is_v6 ? sizeof v6 / sizeof *v6 : sizeof v4 / sizeof *v4,
		.filter = is_v6 ? v6 : v4,
	};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program) == 0;
}
