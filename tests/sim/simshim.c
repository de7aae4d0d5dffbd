/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Preloaded before clknetsim.so: lets programs run under clknetsim that it does not cover.
 *   cc -O2 -Wall -shared -fPIC simshim.c -o simshim.so -ldl
 *
 * - Threads other than the first see the real system (real poll, real clocks): only the first
 *   thread may move virtual time. clknetsim has no lock and one request socket.
 * - eventfd, pipes, signalfds stay real; poll and select of the first thread look at real descriptors without waiting
 *   before virtual time may move (clknetsim alone takes any unknown descriptor as always ready).
 * - The first poll lasts a tenth of a second at least: until then clknetsim moves its clocks on at each
 *   reading, for programs that measure their precision, and a packet sent then would have a false stamp.
 * - ppoll and pselect become poll and select; epoll is not handled.
 * - timer_create on CLOCK_MONOTONIC, timerfd_create with TFD_CLOEXEC, socket with SOCK_CLOEXEC or
 *   SOCK_NONBLOCK, fcntl on simulated sockets, CLOCK_BOOTTIME: made acceptable.
 * - SO_TIMESTAMPNS gives SCM_TIMESTAMPNS; connect to an address outside the simulated networks fails
 *   with ENETUNREACH instead of aborting.
 * - open64 and openat (meson builds with 64 bit file offsets) find /dev/pps0, /dev/ptp0, /dev/rtc.
 * - syscall numbers that clknetsim aborts on (sched_getattr of GLib's thread pools) go to the kernel.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

enum { FIRST_SIMULATED_FD = 100, LAST_SIMULATED_FD = 1023 };

static void *libc_symbol(const char *name)
{
	static void *libc;
	if (!libc)
		libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
	return dlsym(libc, name);
}

// fn(next, ...) is clknetsim's, fn(real, ...) is libc's
#define NEXT(ret, name, ...) \
	static ret (*next)(__VA_ARGS__); \
	if (!next) next = dlsym(RTLD_NEXT, #name)
#define REAL(ret, name, ...) \
	static ret (*real)(__VA_ARGS__); \
	if (!real) real = libc_symbol(#name)

static pthread_t first_thread;
static bool first_known;

__attribute__((constructor(101))) static void remember_first_thread(void)
{
	first_thread = pthread_self();
	first_known = true;
}

static bool elsewhere(void) { return first_known && !pthread_equal(pthread_self(), first_thread); }

static bool simulated(int fd) { return fd >= FIRST_SIMULATED_FD && fd <= LAST_SIMULATED_FD; }

int poll(struct pollfd *fds, nfds_t n, int timeout)
{
	NEXT(int, poll, struct pollfd *, nfds_t, int);
	REAL(int, poll, struct pollfd *, nfds_t, int);
	static bool settled;
	if (elsewhere())
		return real(fds, n, timeout);
	if (!settled) {
		settled = true;
		next(NULL, 0, 110);
	}
	struct pollfd part[n ? n : 1];
	nfds_t reals = 0;
	for (nfds_t i = 0; i < n; i++) {
		part[i] = fds[i];
		if (fds[i].fd >= 0 && simulated(fds[i].fd))
			part[i].fd = -1;
		else if (fds[i].fd >= 0)
			reals++;
	}
	if (reals && real(part, n, 0) > 0) {
		int ready = 0;
		for (nfds_t i = 0; i < n; i++) {
			fds[i].revents = part[i].fd >= 0 ? part[i].revents : 0;
			ready += fds[i].revents != 0;
		}
		return ready;
	}
	for (nfds_t i = 0; i < n; i++) {
		part[i] = fds[i];
		if (fds[i].fd >= 0 && !simulated(fds[i].fd))
			part[i].fd = -1;
	}
	int r = next(part, n, timeout);
	if (r >= 0)
		for (nfds_t i = 0; i < n; i++)
			fds[i].revents = part[i].fd >= 0 ? part[i].revents : 0;
	return r;
}

int __poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t size)
{
	(void)size;
	return poll(fds, n, timeout);
}

int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *ts, const sigset_t *mask)
{
	REAL(int, ppoll, struct pollfd *, nfds_t, const struct timespec *, const sigset_t *);
	if (elsewhere())
		return real(fds, n, ts, mask);
	sigset_t old;
	if (mask)
		sigprocmask(SIG_SETMASK, mask, &old);
	int r = poll(fds, n, ts ? (int)(ts->tv_sec * 1000 + (ts->tv_nsec + 999999) / 1000000) : -1);
	int error = errno;
	if (mask)
		sigprocmask(SIG_SETMASK, &old, NULL);
	errno = error;
	return r;
}

int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *ts, const sigset_t *mask, size_t size)
{
	(void)size;
	return ppoll(fds, n, ts, mask);
}

int pselect(int n, fd_set *r, fd_set *w, fd_set *e, const struct timespec *ts, const sigset_t *mask)
{
	NEXT(int, select, int, fd_set *, fd_set *, fd_set *, struct timeval *);
	REAL(int, pselect, int, fd_set *, fd_set *, fd_set *, const struct timespec *, const sigset_t *);
	if (elsewhere())
		return real(n, r, w, e, ts, mask);
	struct timeval tv;
	sigset_t old;
	if (ts)
		tv = (struct timeval){ ts->tv_sec, (ts->tv_nsec + 999) / 1000 };
	if (mask)
		sigprocmask(SIG_SETMASK, mask, &old);
	int got = next(n, r, w, e, ts ? &tv : NULL);
	int error = errno;
	if (mask)
		sigprocmask(SIG_SETMASK, &old, NULL);
	errno = error;
	return got;
}

int timer_create(clockid_t clock, struct sigevent *event, timer_t *id)
{
	NEXT(int, timer_create, clockid_t, struct sigevent *, timer_t *);
	(void)clock;
	if (event && event->sigev_notify == SIGEV_SIGNAL && event->sigev_signo == SIGALRM)
		event = NULL;
	return next(CLOCK_REALTIME, event, id);
}

int timerfd_create(int clock, int flags)
{
	NEXT(int, timerfd_create, int, int);
	return next(clock, flags & TFD_NONBLOCK);
}

int eventfd(unsigned int value, int flags)
{
	REAL(int, eventfd, unsigned int, int);
	return real(value, flags);
}

int socket(int domain, int type, int protocol)
{
	NEXT(int, socket, int, int, int);
	return next(domain, type & ~(SOCK_CLOEXEC | SOCK_NONBLOCK), protocol);
}

int fcntl(int fd, int cmd, ...)
{
	va_list ap;
	va_start(ap, cmd);
	void *arg = va_arg(ap, void *);
	va_end(ap);
	REAL(int, fcntl, int, int, ...);
	if (fd == 1009 || simulated(fd))
		return cmd == F_GETFL ? O_RDWR | O_NONBLOCK : 0;
	return real(fd, cmd, arg);
}

int fcntl64(int fd, int cmd, ...)
{
	va_list ap;
	va_start(ap, cmd);
	void *arg = va_arg(ap, void *);
	va_end(ap);
	return fcntl(fd, cmd, arg);
}

// programs built with 64 bit file offsets (meson's default) call these, which clknetsim leaves alone
int open64(const char *path, int flags, ...)
{
	NEXT(int, open, const char *, int, ...);
	REAL(int, open64, const char *, int, ...);
	va_list ap;
	va_start(ap, flags);
	mode_t mode = va_arg(ap, mode_t);
	va_end(ap);
	static const char *const simulated_paths[] = { "/dev/ptp", "/dev/pps", "/dev/rtc", "/dev/urandom" };
	for (size_t i = 0; i < sizeof simulated_paths / sizeof *simulated_paths; i++)
		if (!elsewhere() && !strncmp(path, simulated_paths[i], strlen(simulated_paths[i])))
			return next(path, flags, mode);
	return real(path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...)
{
	REAL(int, openat64, int, const char *, int, ...);
	va_list ap;
	va_start(ap, flags);
	mode_t mode = va_arg(ap, mode_t);
	va_end(ap);
	return path[0] == '/' ? open64(path, flags, mode) : real(folder, path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
	va_list ap;
	va_start(ap, flags);
	mode_t mode = va_arg(ap, mode_t);
	va_end(ap);
	return openat64(folder, path, flags, mode);
}

ssize_t write(int fd, const void *data, size_t size)
{
	NEXT(ssize_t, send, int, const void *, size_t, int);
	REAL(ssize_t, write, int, const void *, size_t);
	// clknetsim's sockets are 100..119
	return fd >= 100 && fd < 120 && !elsewhere() ? next(fd, data, size, 0) : real(fd, data, size);
}

static bool wants_timestampns[LAST_SIMULATED_FD + 1];

int setsockopt(int fd, int level, int name, const void *value, socklen_t size)
{
	NEXT(int, setsockopt, int, int, int, const void *, socklen_t);
	REAL(int, setsockopt, int, int, int, const void *, socklen_t);
	if (!simulated(fd))
		return real(fd, level, name, value, size);
	if (level == SOL_SOCKET && name == SO_TIMESTAMPNS && size >= sizeof(int))
		wants_timestampns[fd] = *(const int *)value != 0;
	return next(fd, level, name, value, size);
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	NEXT(ssize_t, recvmsg, int, struct msghdr *, int);
	REAL(ssize_t, recvmsg, int, struct msghdr *, int);
	if (!simulated(fd))
		return real(fd, message, flags);
	size_t room = message->msg_controllen;
	ssize_t got = next(fd, message, flags);
	if (got < 0 || !wants_timestampns[fd] || (flags & MSG_ERRQUEUE) || !message->msg_control ||
	    room < message->msg_controllen + CMSG_SPACE(sizeof(struct timespec)))
		return got;
	struct cmsghdr *c = (struct cmsghdr *)((char *)message->msg_control + message->msg_controllen);
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	memset(c, 0, CMSG_SPACE(sizeof now));
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_TIMESTAMPNS;
	c->cmsg_len = CMSG_LEN(sizeof now);
	memcpy(CMSG_DATA(c), &now, sizeof now);
	message->msg_controllen += CMSG_SPACE(sizeof now);
	return got;
}

ssize_t __recvfrom_chk(int fd, void *data, size_t size, size_t room, int flags, struct sockaddr *from, socklen_t *n)
{
	(void)room;
	return recvfrom(fd, data, size, flags, from, n);
}

int connect(int fd, const struct sockaddr *address, socklen_t size)
{
	NEXT(int, connect, int, const struct sockaddr *, socklen_t);
	REAL(int, connect, int, const struct sockaddr *, socklen_t);
	if (!simulated(fd))
		return real(fd, address, size);
	if (address->sa_family == AF_INET) {
		uint32_t host = ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr);
		if (host >> 16 != 0xc0a8 || (host >> 8 & 0xff) < 123) {
			errno = ENETUNREACH;
			return -1;
		}
	}
	return next(fd, address, size);
}

int sendmmsg(int fd, struct mmsghdr *messages, unsigned int n, int flags)
{
	NEXT(ssize_t, sendmsg, int, const struct msghdr *, int);
	REAL(int, sendmmsg, int, struct mmsghdr *, unsigned int, int);
	if (elsewhere() || !simulated(fd))
		return real(fd, messages, n, flags);
	for (unsigned int i = 0; i < n; i++) {
		ssize_t sent = next(fd, &messages[i].msg_hdr, flags);
		if (sent < 0)
			return i ? (int)i : -1;
		messages[i].msg_len = (unsigned int)sent;
	}
	return (int)n;
}

int clock_gettime(clockid_t clock, struct timespec *ts)
{
	NEXT(int, clock_gettime, clockid_t, struct timespec *);
	REAL(int, clock_gettime, clockid_t, struct timespec *);
	if (elsewhere())
		return real(clock, ts);
	return next(clock == CLOCK_BOOTTIME ? CLOCK_MONOTONIC : clock, ts);
}

int gettimeofday(struct timeval *tv, void *zone)
{
	NEXT(int, gettimeofday, struct timeval *, void *);
	REAL(int, gettimeofday, struct timeval *, void *);
	return elsewhere() ? real(tv, zone) : next(tv, zone);
}

time_t time(time_t *t)
{
	NEXT(time_t, time, time_t *);
	REAL(time_t, time, time_t *);
	return elsewhere() ? real(t) : next(t);
}

int nanosleep(const struct timespec *ts, struct timespec *left)
{
	NEXT(int, nanosleep, const struct timespec *, struct timespec *);
	REAL(int, nanosleep, const struct timespec *, struct timespec *);
	return elsewhere() ? real(ts, left) : next(ts, left);
}

int usleep(useconds_t us)
{
	return nanosleep(&(struct timespec){ us / 1000000, us % 1000000 * 1000L }, NULL);
}

long syscall(long number, ...)
{
	va_list ap;
	va_start(ap, number);
	long a = va_arg(ap, long), b = va_arg(ap, long), c = va_arg(ap, long);
	long d = va_arg(ap, long), e = va_arg(ap, long), f = va_arg(ap, long);
	va_end(ap);
	NEXT(long, syscall, long, ...);
	REAL(long, syscall, long, ...);
	if (!elsewhere() && (number == SYS_clock_adjtime || number == SYS_getrandom))
		return next(number, a, b, c, d, e, f);
	return real(number, a, b, c, d, e, f);
}
