/* SPDX-License-Identifier: BSD-2-Clause */
/* hwtimestamp.c - see hwtimestamp.h; kernel documentation:
 * Documentation/networking/timestamping.rst, Documentation/driver-api/ptp.rst */
#include "ntp/client/hwtimestamp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/net_tstamp.h>
#include <linux/ptp_clock.h>
#include <linux/sockios.h>
#include <math.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/time.h"
#include "ntp/client/phc.h"

/* The card's clock is read again when the last reading is older than this. */
#define READING_AGE_NS TS_NS_PER_S

/* How often system and card are read for one reading, of which the tightest counts. */
#define N_READS 8

struct _TsHwInterface {
	unsigned index;
	const TsClock *clock;
	int phc_fd;
	TsPhcTracker tracker;
	int64_t read_raw_ns; /* when the card's clock was last read */
};

static bool
ask_interface(int fd, const char *name, unsigned long request, void *data)
{
	struct ifreq interface = {.ifr_data = data};

	g_strlcpy(interface.ifr_name, name, sizeof interface.ifr_name);
	return ioctl(fd, request, &interface) == 0;
}

static bool
find_abilities(int fd, const char *name, struct ethtool_ts_info *info, GError **error)
{
	const uint32_t needed = SOF_TIMESTAMPING_RAW_HARDWARE | SOF_TIMESTAMPING_TX_HARDWARE;

	*info = (struct ethtool_ts_info){.cmd = ETHTOOL_GET_TS_INFO};
	if (!ask_interface(fd, name, SIOCETHTOOL, info))
		return ts_set_error_errno(error, errno, "cannot ask interface %s what it can stamp",
					  name);
	if ((info->so_timestamping & needed) == needed && info->phc_index >= 0)
		return true;
	g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_INCOMPATIBLE,
		    "interface %s has no hardware timestamps", name);
	return false;
}

static bool
turn_on(int fd, const char *name, const struct ethtool_ts_info *info, GError **error)
{
	struct hwtstamp_config wanted = {.tx_type = HWTSTAMP_TX_ON}, present = {0};

	if (info->rx_filters & 1u << HWTSTAMP_FILTER_ALL)
		wanted.rx_filter = HWTSTAMP_FILTER_ALL;
	else if (info->rx_filters & 1u << HWTSTAMP_FILTER_NTP_ALL)
		wanted.rx_filter = HWTSTAMP_FILTER_NTP_ALL;
	/* as it is already: then no privilege is needed, and nobody else is disturbed */
	if (ask_interface(fd, name, SIOCGHWTSTAMP, &present) && present.tx_type == wanted.tx_type &&
	    (present.rx_filter == wanted.rx_filter || present.rx_filter == HWTSTAMP_FILTER_ALL))
		return true;
	if (ask_interface(fd, name, SIOCSHWTSTAMP, &wanted))
		return true;
	return ts_set_error_errno(error, errno, "cannot turn on hardware timestamps of %s", name);
}

TsHwInterface *
ts_hw_interface_new(const char *name, const TsClock *clock, GError **error)
{
	g_auto(TsFd) fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	unsigned index = if_nametoindex(name);
	struct ethtool_ts_info info;

	if (fd < 0 || index == 0) {
		ts_set_error_errno(error, errno, "cannot find interface %s", name);
		return NULL;
	}
	if (!find_abilities(fd, name, &info, error) || !turn_on(fd, name, &info, error))
		return NULL;
	g_autofree char *path = g_strdup_printf("/dev/ptp%d", info.phc_index);
	g_auto(TsFd) phc_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (phc_fd < 0) {
		ts_set_error_errno(error, errno, "cannot open %s, the clock of %s", path, name);
		return NULL;
	}
	TsHwInterface *self = g_new0(TsHwInterface, 1);
	self->index = index;
	self->clock = clock;
	self->phc_fd = ts_fd_steal(&phc_fd);
	return self;
}

void
ts_hw_interface_free(TsHwInterface *self)
{
	if (!self)
		return;
	close(self->phc_fd);
	g_free(self);
}

unsigned
ts_hw_interface_index(const TsHwInterface *self)
{
	return self->index;
}

static int64_t
ns_of(const struct ptp_clock_time *time)
{
	return time->sec * TS_NS_PER_S + time->nsec;
}

/* The three ways of the kernel, the best first. Fills in a reading whose raw_ns is on
 * CLOCK_REALTIME. */
static bool
read_precise(int fd, TsPhcReading *reading)
{
	struct ptp_sys_offset_precise both = {0};

	if (ioctl(fd, PTP_SYS_OFFSET_PRECISE, &both) != 0)
		return false;
	*reading =
		(TsPhcReading){.phc_ns = ns_of(&both.device), .raw_ns = ns_of(&both.sys_realtime)};
	return true;
}

static bool
read_extended(int fd, TsPhcReading *reading)
{
	struct ptp_sys_offset_extended reads = {.n_samples = N_READS};
	int64_t stamps_ns[N_READS][3];

	if (ioctl(fd, PTP_SYS_OFFSET_EXTENDED, &reads) != 0)
		return false;
	for (int i = 0; i < N_READS; i++)
		for (int j = 0; j < 3; j++)
			stamps_ns[i][j] = ns_of(&reads.ts[i][j]);
	*reading = ts_phc_pick_tightest((const int64_t(*)[3])stamps_ns, N_READS);
	return true;
}

static bool
read_plain(int fd, TsPhcReading *reading)
{
	struct ptp_sys_offset reads = {.n_samples = N_READS};
	int64_t stamps_ns[N_READS][3];

	if (ioctl(fd, PTP_SYS_OFFSET, &reads) != 0)
		return false;
	for (int i = 0; i < N_READS; i++)
		for (int j = 0; j < 3; j++)
			stamps_ns[i][j] = ns_of(&reads.ts[2 * i + j]);
	*reading = ts_phc_pick_tightest((const int64_t(*)[3])stamps_ns, N_READS);
	return true;
}

static bool
read_card(TsHwInterface *self)
{
	TsPhcReading reading;
	int64_t real_ns;

	if (!read_precise(self->phc_fd, &reading) && !read_extended(self->phc_fd, &reading) &&
	    !read_plain(self->phc_fd, &reading))
		return false;
	real_ns = reading.raw_ns;
	if (!isfinite(reading.error_s) ||
	    !ts_clock_raw_of_real(self->clock, real_ns, &reading.raw_ns))
		return false;
	ts_phc_tracker_add(&self->tracker, &reading);
	self->read_raw_ns = reading.raw_ns;
	return true;
}

bool
ts_hw_interface_raw_of(TsHwInterface *self, int64_t phc_ns, int64_t *raw_ns, double *error_s)
{
	int64_t age_ns = ts_clock_raw_now(self->clock) - self->read_raw_ns;

	if ((self->tracker.n == 0 || age_ns > READING_AGE_NS) && !read_card(self))
		return false;
	return ts_phc_tracker_raw_of(&self->tracker, phc_ns, raw_ns, error_s);
}
