/* SPDX-License-Identifier: BSD-2-Clause */
/* test-notify.c - what the service manager receives */
#include "control/notify.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <glib.h>

#include "base/fd.h"
#include "suite.h"

/* A datagram socket at @path ("@name": abstract) that stands for the service manager. */
static int
listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(path);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	memcpy(address.sun_path, path, length);
	if (path[0] == '@')
		address.sun_path[0] = 0;
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)),
			 0);
	g_setenv("NOTIFY_SOCKET", path, TRUE);
	return fd;
}

static char *
receive(int fd)
{
	char buffer[256];
	ssize_t n = recv(fd, buffer, sizeof buffer, 0);

	ck_assert_int_ge(n, 0);
	return g_strndup(buffer, (gsize)n);
}

START_TEST(test_notify_tells_each_stage)
{
	g_autofree char *folder = g_dir_make_tmp("notify-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(folder, "socket", NULL);
	g_auto(TsFd) fd = listen_at(path);

	ts_notify_ready("locked");
	g_autofree char *ready = receive(fd);
	ck_assert_str_eq(ready, "READY=1\nSTATUS=locked");
	ts_notify_reloading();
	g_autofree char *reloading = receive(fd);
	ck_assert(g_str_has_prefix(reloading, "RELOADING=1\nMONOTONIC_USEC="));
	ts_notify_stopping();
	g_autofree char *stopping = receive(fd);
	ck_assert_str_eq(stopping, "STOPPING=1");

	unlink(path);
	rmdir(folder);
}
END_TEST

START_TEST(test_notify_abstract_socket)
{
	g_autofree char *path = g_strdup_printf("@timesrv-test-notify-%d", (int)getpid());
	g_auto(TsFd) fd = listen_at(path);

	ts_notify_ready(NULL);

	g_autofree char *ready = receive(fd);
	ck_assert_str_eq(ready, "READY=1");
}
END_TEST

static const char *const useless[] = {"", "/", "relative", "/nobody/listens/here"};

START_TEST(test_notify_without_a_listener_does_nothing)
{
	g_setenv("NOTIFY_SOCKET", useless[_i], TRUE);
	ts_notify_ready("text");
	g_unsetenv("NOTIFY_SOCKET");
	ts_notify_ready("text");
}
END_TEST

TS_TEST_MAIN("notify", {
	TCase *core = tcase_create("core");
	tcase_add_test(core, test_notify_tells_each_stage);
	tcase_add_test(core, test_notify_abstract_socket);
	tcase_add_loop_test(core, test_notify_without_a_listener_does_nothing, 0,
			    G_N_ELEMENTS(useless));
	suite_add_tcase(suite, core);
})
