/* SPDX-License-Identifier: BSD-2-Clause */
/* test-socket-door.c - the private socket: its path, its limits, and clients that mean harm */
#include "control/socket-door.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "rig.h"
#include "suite.h"

typedef struct {
	TsSched *sched;
	char *folder, *path;
	TsSocketDoor *door;
	bool is_trusting;
	unsigned n_calls;
	size_t answer_bytes; /* of the text in an answer */
} Entrance;

static GDBusMessage *
answer(const TsCaller *caller, GDBusMessage *call, void *user_data)
{
	Entrance *entrance = user_data;
	GDBusMessage *reply = g_dbus_message_new_method_reply(call);
	g_autofree char *text = g_strnfill(entrance->answer_bytes, 'x');
	(void)caller;

	entrance->n_calls++;
	g_dbus_message_set_body(reply, g_variant_new("(s)", text));
	return reply;
}

static bool
trusts(const TsCaller *caller, void *user_data)
{
	(void)caller;

	return ((Entrance *)user_data)->is_trusting;
}

static TsSocketDoor *
open_door(Entrance *entrance, GError **error)
{
	const TsSocketDoorHandler handler = {answer, trusts, entrance};

	return ts_socket_door_new(entrance->sched, entrance->path, &handler, error);
}

static Entrance *
new_entrance(void)
{
	Entrance *entrance = g_new0(Entrance, 1);

	entrance->sched = ts_sched_new_real(NULL);
	entrance->folder = g_dir_make_tmp("door-XXXXXX", NULL);
	entrance->path = g_build_filename(entrance->folder, "run", "control.sock", NULL);
	entrance->door = open_door(entrance, NULL);
	ck_assert_ptr_nonnull(entrance->door);
	return entrance;
}

static void
free_entrance(Entrance *entrance)
{
	g_autofree char *run = g_path_get_dirname(entrance->path);

	g_clear_pointer(&entrance->door, ts_socket_door_free);
	unlink(entrance->path);
	rmdir(run);
	rmdir(entrance->folder);
	ts_sched_free(entrance->sched);
	g_free(entrance->path);
	g_free(entrance->folder);
	g_free(entrance);
}

static int
connect_to(const Entrance *entrance)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	g_strlcpy(address.sun_path, entrance->path, sizeof address.sun_path);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

static void
put(int fd, const void *data, size_t size)
{
	ck_assert_int_eq(send(fd, data, size, MSG_NOSIGNAL), (ssize_t)size);
}

/* A client and what it has received. */
typedef struct {
	int fd;
	GByteArray *in;
	bool is_closed;
	gsize wanted;
} Client;

static Client
new_client(const Entrance *entrance)
{
	return (Client){.fd = connect_to(entrance), .in = g_byte_array_new()};
}

static void
clear_client(Client *client)
{
	close(client->fd);
	g_byte_array_unref(client->in);
}

static void
receive(Client *client)
{
	guint8 buffer[65536];
	ssize_t n = recv(client->fd, buffer, sizeof buffer, MSG_DONTWAIT);

	if (n > 0)
		g_byte_array_append(client->in, buffer, (guint)n);
	else if (n == 0 || errno != EAGAIN)
		client->is_closed = true;
}

static bool
has_enough_or_closed(void *user_data)
{
	Client *client = user_data;

	receive(client);
	return client->is_closed || client->in->len >= client->wanted;
}

static gboolean
on_wake(gpointer user_data)
{
	(void)user_data;

	return G_SOURCE_CONTINUE;
}

/* Runs the daemon's side until the client has @wanted bytes, or is closed. */
static void
run_client(Client *client, gsize wanted)
{
	/* what the client waits for is seen by no source of the loop: look now and then */
	guint waker = g_timeout_add(1, on_wake, NULL);

	client->wanted = wanted;
	rig_run_until(has_enough_or_closed, client);
	g_source_remove(waker);
}

static bool
is_idle(void *user_data)
{
	(void)user_data;

	return !g_main_context_pending(NULL);
}

static void
greet(Client *client)
{
	g_autofree char *decimal = g_strdup_printf("%u", (unsigned)geteuid());
	g_autoptr(GString) hello = g_string_new(NULL);

	g_string_append_len(hello, "\0AUTH EXTERNAL ", 15);
	for (const char *digit = decimal; *digit; digit++)
		g_string_append_printf(hello, "%02x", (unsigned)*digit);
	g_string_append(hello, "\r\nBEGIN\r\n");
	put(client->fd, hello->str, hello->len);
	run_client(client, 37);
	rig_run_until(is_idle, NULL); /* the answer comes before BEGIN is read */
	ck_assert(!client->is_closed);
	g_byte_array_set_size(client->in, 0);
}

static guchar *
make_call(gsize *size)
{
	g_autoptr(GDBusMessage) call =
		g_dbus_message_new_method_call(NULL, "/", "org.freedesktop.DBus.Peer", "Ping");

	g_dbus_message_set_serial(call, 1);
	return g_dbus_message_to_blob(call, size, G_DBUS_CAPABILITY_FLAGS_NONE, NULL);
}

START_TEST(test_socket_door_makes_its_folder_and_lets_all_connect)
{
	Entrance *entrance = new_entrance();
	struct stat status;

	ck_assert_int_eq(stat(entrance->path, &status), 0);
	ck_assert_uint_eq(status.st_mode & 0777, 0666);
	g_clear_pointer(&entrance->door, ts_socket_door_free);
	ck_assert_int_eq(stat(entrance->path, &status), -1);
	free_entrance(entrance);
}
END_TEST

START_TEST(test_socket_door_leaves_nothing_beside_its_path)
{
	Entrance *entrance = new_entrance();
	g_autofree char *run = g_path_get_dirname(entrance->path);
	g_autoptr(GDir) folder = g_dir_open(run, 0, NULL);

	ck_assert_str_eq(g_dir_read_name(folder), "control.sock");
	ck_assert_ptr_null(g_dir_read_name(folder));
	free_entrance(entrance);
}
END_TEST

START_TEST(test_socket_door_held_by_a_living_daemon_is_an_error)
{
	Entrance *entrance = new_entrance();
	g_autoptr(GError) error = NULL;

	ck_assert_ptr_null(open_door(entrance, &error));

	ck_assert(g_error_matches(error, TIMESRV_ERROR, TIMESRV_ERROR_EXISTS));
	ck_assert_int_eq(access(entrance->path, F_OK), 0);
	free_entrance(entrance);
}
END_TEST

START_TEST(test_socket_door_left_behind_is_replaced)
{
	Entrance *entrance = new_entrance();
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	g_clear_pointer(&entrance->door, ts_socket_door_free);
	g_strlcpy(address.sun_path, entrance->path, sizeof address.sun_path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	close(fd);

	entrance->door = open_door(entrance, NULL);

	ck_assert_ptr_nonnull(entrance->door);
	Client client = new_client(entrance);
	greet(&client);
	clear_client(&client);
	free_entrance(entrance);
}
END_TEST

START_TEST(test_socket_door_leaves_a_file_that_is_no_socket)
{
	Entrance *entrance = new_entrance();
	g_autoptr(GError) error = NULL;
	g_clear_pointer(&entrance->door, ts_socket_door_free);
	ck_assert(g_file_set_contents(entrance->path, "precious", -1, NULL));

	ck_assert_ptr_null(open_door(entrance, &error));

	ck_assert(g_error_matches(error, TIMESRV_ERROR, TIMESRV_ERROR_EXISTS));
	ck_assert_int_eq(access(entrance->path, F_OK), 0);
	free_entrance(entrance);
}
END_TEST

START_TEST(test_socket_door_does_not_remove_what_another_put_there)
{
	Entrance *entrance = new_entrance();
	ck_assert_int_eq(unlink(entrance->path), 0);
	ck_assert(g_file_set_contents(entrance->path, "other", -1, NULL));

	g_clear_pointer(&entrance->door, ts_socket_door_free);

	ck_assert_int_eq(access(entrance->path, F_OK), 0);
	free_entrance(entrance);
}
END_TEST

/* Nobody, not even root, makes a socket in /proc. */
START_TEST(test_socket_door_that_can_not_be_made_names_the_path_that_was_asked_for)
{
	g_autoptr(GError) error = NULL;
	Entrance *entrance = new_entrance();
	TsSocketDoor *door = NULL;
	char *path = g_steal_pointer(&entrance->path);

	entrance->path = g_strdup("/proc/self/control.sock");
	door = open_door(entrance, &error);
	g_free(entrance->path);
	entrance->path = path;

	ck_assert_ptr_null(door);
	ck_assert_ptr_nonnull(strstr(error->message, "/proc/self/control.sock"));
	free_entrance(entrance);
}
END_TEST

START_TEST(test_socket_door_path_too_long_is_refused)
{
	Entrance *entrance = new_entrance();
	g_autoptr(GError) error = NULL;
	const TsSocketDoorHandler handler = {answer, trusts, entrance};
	g_autofree char *name = g_strnfill(200, 'x');
	g_autofree char *path = g_build_filename(entrance->folder, name, NULL);

	ck_assert_ptr_null(ts_socket_door_new(entrance->sched, path, &handler, &error));

	ck_assert(g_error_matches(error, TIMESRV_ERROR, TIMESRV_ERROR_INVALID_CONFIG));
	free_entrance(entrance);
}
END_TEST

START_TEST(test_socket_door_call_is_answered)
{
	Entrance *entrance = new_entrance();
	Client client = new_client(entrance);
	gsize size;
	g_autofree guchar *call = make_call(&size);

	greet(&client);
	put(client.fd, call, size);
	run_client(&client, 16);

	ck_assert(!client.is_closed);
	ck_assert_uint_eq(entrance->n_calls, 1);
	clear_client(&client);
	free_entrance(entrance);
}
END_TEST

START_TEST(test_socket_door_call_in_single_bytes_is_answered)
{
	Entrance *entrance = new_entrance();
	Client client = new_client(entrance);
	gsize size;
	g_autofree guchar *call = make_call(&size);

	greet(&client);
	for (gsize i = 0; i < size; i++) {
		put(client.fd, call + i, 1);
		rig_run_until(is_idle, NULL);
	}
	run_client(&client, 16);

	ck_assert_uint_eq(entrance->n_calls, 1);
	clear_client(&client);
	free_entrance(entrance);
}
END_TEST

/* First bytes of clients that are thrown out. */
static const struct {
	const char *name, *data;
	size_t size; /* 0: repeat data to 4096 bytes */
} harmful[] = {
	{"no NUL byte", "AUTH\r\n", 6},
	{"HTTP", "GET / HTTP/1.1\r\n\r\n", 18},
	{"a line without end", "\0", 0},
	{"a NUL in a line", "\0AU\0TH\r\n", 8},
	{"messages at once", "\0l\1\0\1\0\0\0\0\1\0\0\0\0\0\0\0\r\n", 19},
	{"BEGIN at once", "\0BEGIN\r\n", 8},
};

START_TEST(test_socket_door_throws_out_who_does_not_greet)
{
	Entrance *entrance = new_entrance();
	Client client = new_client(entrance);
	g_autofree char *filler = g_strnfill(4096, 'A');

	put(client.fd, harmful[_i].data, harmful[_i].size ? harmful[_i].size : 1);
	if (harmful[_i].size == 0)
		put(client.fd, filler, 4096);
	run_client(&client, G_MAXUINT);

	ck_assert_msg(client.is_closed, "%s", harmful[_i].name);
	ck_assert_uint_eq(entrance->n_calls, 0);
	clear_client(&client);
	free_entrance(entrance);
}
END_TEST

/* After the handshake: a header that claims 128 MiB of body, one of another byte order with nonsense, and
 * noise. Each must end the connection before what it claims is taken. */
static const char *const messages[] = {
	"l\1\0\1\0\0\0\x08\1\0\0\0\0\0\0\0",
	"B\1\0\1\x7f\xff\xff\xff\0\0\0\1\0\0\0\0",
	"x\1\0\1\0\0\0\0\1\0\0\0\0\0\0\0",
	"l\1\0\1\0\0\0\0\0\0\0\0\0\0\0\0",
};

START_TEST(test_socket_door_throws_out_who_sends_no_message)
{
	Entrance *entrance = new_entrance();
	Client client = new_client(entrance);

	greet(&client);
	put(client.fd, messages[_i], 16);
	run_client(&client, G_MAXUINT);

	ck_assert(client.is_closed);
	ck_assert_uint_eq(entrance->n_calls, 0);
	clear_client(&client);
	free_entrance(entrance);
}
END_TEST

START_TEST(test_socket_door_throws_out_who_numbers_a_call_0)
{
	Entrance *entrance = new_entrance();
	Client client = new_client(entrance);
	gsize size;
	g_autofree guchar *call = make_call(&size);

	greet(&client);
	memset(call + 8, 0, 4); /* the serial */
	put(client.fd, call, size);
	run_client(&client, G_MAXUINT);

	ck_assert(client.is_closed);
	ck_assert_uint_eq(entrance->n_calls, 0);
	clear_client(&client);
	free_entrance(entrance);
}
END_TEST

static unsigned
send_calls(Client *client, unsigned n)
{
	gsize size;
	g_autofree guchar *call = make_call(&size);
	unsigned n_sent = 0;

	while (n_sent < n && send(client->fd, call, size, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)size)
		n_sent++;
	return n_sent;
}

START_TEST(test_socket_door_does_not_read_from_who_does_not_read)
{
	Entrance *entrance = new_entrance();
	Client client = new_client(entrance);
	entrance->answer_bytes = 65536;

	greet(&client);
	unsigned n_sent = send_calls(&client, 500);
	rig_run_until(is_idle, NULL);
	unsigned n_before = entrance->n_calls;

	/* some answers fill the socket's buffer; the other calls wait unread, and cost nothing */
	ck_assert_uint_lt(n_before, 100);
	ck_assert_uint_gt(n_sent, n_before);
	run_client(&client, n_before * 65536 + 65536);
	ck_assert_uint_gt(entrance->n_calls, n_before);
	clear_client(&client);
	free_entrance(entrance);
}
END_TEST

START_TEST(test_socket_door_answers_a_heap_of_calls_in_turn)
{
	Entrance *entrance = new_entrance();
	Client client = new_client(entrance), other = new_client(entrance);
	gsize size;
	g_autofree guchar *call = make_call(&size);

	greet(&client);
	greet(&other);
	unsigned n_sent = send_calls(&client, 200);
	put(other.fd, call, size);
	run_client(&other, 16);

	/* the one call did not wait for the two hundred */
	ck_assert_uint_lt(entrance->n_calls, n_sent);
	clear_client(&client);
	clear_client(&other);
	free_entrance(entrance);
}
END_TEST

static bool
is_thrown_out(const Entrance *entrance, Client *client)
{
	(void)entrance;

	*client = new_client(entrance);
	rig_run_until(is_idle, NULL);
	receive(client);
	return client->is_closed;
}

START_TEST(test_socket_door_gives_a_stranger_a_few_places)
{
	Entrance *entrance = new_entrance();
	Client clients[40];
	unsigned n = 0;

	while (n < 40 && !is_thrown_out(entrance, &clients[n]))
		n++;
	ck_assert_uint_ge(n, 4);
	ck_assert_uint_le(n, 16);

	/* and those who may change things still come in */
	entrance->is_trusting = true;
	Client keeper;
	ck_assert(!is_thrown_out(entrance, &keeper));
	greet(&keeper);
	clear_client(&keeper);
	for (unsigned i = 0; i <= n; i++)
		clear_client(&clients[i]);
	free_entrance(entrance);
}
END_TEST

START_TEST(test_socket_door_place_is_free_when_a_client_goes)
{
	Entrance *entrance = new_entrance();

	for (unsigned i = 0; i < 100; i++) {
		Client client;
		ck_assert_msg(!is_thrown_out(entrance, &client), "number %u", i);
		clear_client(&client);
		rig_run_until(is_idle, NULL);
	}
	ck_assert(!ts_socket_door_has_peers(entrance->door));
	free_entrance(entrance);
}
END_TEST

START_TEST(test_socket_door_signal_reaches_who_has_greeted)
{
	Entrance *entrance = new_entrance();
	Client client = new_client(entrance), silent = new_client(entrance);
	g_autoptr(GDBusMessage) signal = g_dbus_message_new_signal("/", "org.timesrv1.Clock", "Stepped");

	greet(&client);
	ts_socket_door_send_signal(entrance->door, signal);
	run_client(&client, 16);
	receive(&silent);

	ck_assert_uint_gt(client.in->len, 16);
	ck_assert_uint_eq(silent.in->len, 0);
	clear_client(&client);
	clear_client(&silent);
	free_entrance(entrance);
}
END_TEST

START_TEST(test_socket_door_closes_who_leaves_signals_unread)
{
	Entrance *entrance = new_entrance();
	Client client = new_client(entrance);
	g_autofree char *text = g_strnfill(4096, 'x');
	unsigned n = 0;

	greet(&client);
	for (; n < 10000 && ts_socket_door_has_peers(entrance->door); n++) {
		g_autoptr(GDBusMessage) signal =
			g_dbus_message_new_signal("/", "org.timesrv1.Clock", "Stepped");
		g_dbus_message_set_body(signal, g_variant_new("(s)", text));
		ts_socket_door_send_signal(entrance->door, signal);
		rig_run_until(is_idle, NULL);
	}

	ck_assert_uint_lt(n, 1000);
	clear_client(&client);
	free_entrance(entrance);
}
END_TEST

TS_TEST_MAIN("socket-door", {
	TCase *core = tcase_create("core");
	tcase_add_test(core, test_socket_door_makes_its_folder_and_lets_all_connect);
	tcase_add_test(core, test_socket_door_leaves_nothing_beside_its_path);
	tcase_add_test(core, test_socket_door_held_by_a_living_daemon_is_an_error);
	tcase_add_test(core, test_socket_door_left_behind_is_replaced);
	tcase_add_test(core, test_socket_door_leaves_a_file_that_is_no_socket);
	tcase_add_test(core, test_socket_door_does_not_remove_what_another_put_there);
	tcase_add_test(core,
		       test_socket_door_that_can_not_be_made_names_the_path_that_was_asked_for);
	tcase_add_test(core, test_socket_door_path_too_long_is_refused);
	tcase_add_test(core, test_socket_door_call_is_answered);
	tcase_add_test(core, test_socket_door_call_in_single_bytes_is_answered);
	tcase_add_loop_test(core, test_socket_door_throws_out_who_does_not_greet, 0,
			    G_N_ELEMENTS(harmful));
	tcase_add_loop_test(core, test_socket_door_throws_out_who_sends_no_message, 0,
			    G_N_ELEMENTS(messages));
	tcase_add_test(core, test_socket_door_throws_out_who_numbers_a_call_0);
	tcase_add_test(core, test_socket_door_does_not_read_from_who_does_not_read);
	tcase_add_test(core, test_socket_door_answers_a_heap_of_calls_in_turn);
	tcase_add_test(core, test_socket_door_gives_a_stranger_a_few_places);
	tcase_add_test(core, test_socket_door_place_is_free_when_a_client_goes);
	tcase_add_test(core, test_socket_door_signal_reaches_who_has_greeted);
	tcase_add_test(core, test_socket_door_closes_who_leaves_signals_unread);
	suite_add_tcase(suite, core);
})
