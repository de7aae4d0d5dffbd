/* SPDX-License-Identifier: BSD-2-Clause */
/* test-dispatch.c - each kind of call gets its one right answer, whoever asks */
#include "control/dispatch.h"

#include <string.h>

#include "control/clock-object.h"
#include "control/manager-object.h"
#include "control/publish.h"
#include "control/server-object.h"
#include "rig.h"
#include "suite.h"

#define MANAGER    "org.timesrv1.Manager"
#define CLOCK      "org.timesrv1.Clock"
#define SOURCE     "org.timesrv1.Source"
#define PROPERTIES "org.freedesktop.DBus.Properties"
#define ROOT       TS_CONTROL_ROOT
#define CLOCK_PATH TS_CONTROL_ROOT "/clock"

typedef struct {
	Rig *rig;
	TsObjectTree *tree;
	TsPublisher *publisher;
	GPtrArray *signals; /* of char *: "PATH INTERFACE.SIGNAL" */
	TsCaller caller;
	gid_t groups[2];
	GVariant *result;
	char *error; /* name of the last error */
	char *text;  /* and what it says */
} Desk;

static void
record(const char *path, const char *interface, const char *signal, GVariant *parameters,
       void *user_data)
{
	Desk *desk = user_data;
	(void)parameters;

	g_ptr_array_add(desk->signals, g_strdup_printf("%s %s.%s", path, interface, signal));
}

static bool
has_listeners(void *user_data)
{
	(void)user_data;

	return true;
}

static Desk *
new_desk(void)
{
	Desk *desk = g_new0(Desk, 1);

	desk->rig = rig_new();
	desk->signals = g_ptr_array_new_with_free_func(g_free);
	desk->tree = ts_object_tree_new(&desk->rig->subjects, record, desk);
	ts_manager_object_add(desk->tree);
	ts_object_tree_add(desk->tree, g_strdup(CLOCK_PATH), &ts_clock_object_interface, NULL, NULL);
	ts_object_tree_add(desk->tree, g_strdup(TS_CONTROL_ROOT "/server"),
			   &ts_server_object_interface, NULL, NULL);
	desk->publisher = ts_publisher_new(desk->tree, has_listeners, desk);
	desk->caller.groups = desk->groups;
	return desk;
}

static void
free_desk(Desk *desk)
{
	g_clear_pointer(&desk->result, g_variant_unref);
	g_free(desk->error);
	g_free(desk->text);
	ts_publisher_free(desk->publisher);
	ts_object_tree_free(desk->tree);
	g_ptr_array_unref(desk->signals);
	rig_free(desk->rig);
	g_free(desk);
}

static GDBusMessage *
make_call(const char *path, const char *interface, const char *member, GVariant *arguments)
{
	GDBusMessage *call = g_dbus_message_new_method_call(NULL, path, interface, member);

	if (arguments)
		g_dbus_message_set_body(call, arguments);
	g_dbus_message_set_serial(call, 7);
	return call;
}

/* Returns: (transfer none) (nullable): the result, as long as there is no other call. */
static GVariant *
call(Desk *desk, const char *path, const char *interface, const char *member, GVariant *arguments)
{
	g_autoptr(GDBusMessage) message = make_call(path, interface, member, arguments);
	g_autoptr(GDBusMessage) reply =
		ts_dispatch(desk->tree, &desk->rig->authoriser, &desk->caller, message);

	g_clear_pointer(&desk->result, g_variant_unref);
	g_clear_pointer(&desk->error, g_free);
	g_clear_pointer(&desk->text, g_free);
	ck_assert_ptr_nonnull(reply);
	ck_assert_uint_eq(g_dbus_message_get_reply_serial(reply), 7);
	GVariant *body = g_dbus_message_get_body(reply);
	if (g_dbus_message_get_message_type(reply) == G_DBUS_MESSAGE_TYPE_ERROR) {
		desk->error = g_strdup(g_dbus_message_get_error_name(reply));
		g_variant_get(body, "(s)", &desk->text);
		return NULL;
	}
	desk->result = body ? g_variant_ref(body) : g_variant_ref_sink(g_variant_new_tuple(NULL, 0));
	return desk->result;
}

static GVariant *
call_manager(Desk *desk, const char *member, GVariant *arguments)
{
	return call(desk, ROOT, MANAGER, member, arguments);
}

/* Returns: (transfer full): all properties of an object. */
static GVariant *
get_all(Desk *desk, const char *path)
{
	GVariant *result = call(desk, path, PROPERTIES, "GetAll", g_variant_new("(s)", ""));

	ck_assert_ptr_nonnull(result);
	return g_variant_get_child_value(result, 0);
}

static bool
has(GVariant *dict, const char *key)
{
	g_autoptr(GVariant) value = g_variant_lookup_value(dict, key, NULL);

	return value != NULL;
}

static const char *const server[] = {"server=192.0.2.1", "name=one", "min-poll=4", NULL};

START_TEST(test_dispatch_all_properties_are_described_with_their_types)
{
	Desk *desk = new_desk();
	TsSource *source = rig_add_source(desk->rig, server);
	rig_add_sample(desk->rig, source, 0.0);

	for (unsigned i = 0; i < ts_object_tree_size(desk->tree); i++) {
		TsObject *object = ts_object_tree_at(desk->tree, i);
		g_autoptr(GVariant) all = get_all(desk, object->path);
		ck_assert_uint_gt(g_variant_n_children(all), 2);
		for (gsize p = 0; p < g_variant_n_children(all); p++) {
			const char *name;
			g_autoptr(GVariant) value = NULL;
			g_variant_get_child(all, p, "{&sv}", &name, &value);
			GDBusPropertyInfo *info = g_dbus_interface_info_lookup_property(
				(GDBusInterfaceInfo *)object->interface->info, name);
			ck_assert_msg(info, "%s has an undescribed %s", object->path, name);
			ck_assert_msg(strcmp(info->signature, g_variant_get_type_string(value)) == 0,
				      "%s is %s, described as %s", name,
				      g_variant_get_type_string(value), info->signature);
		}
	}
	free_desk(desk);
}
END_TEST

START_TEST(test_dispatch_every_described_method_has_a_function)
{
	Desk *desk = new_desk();

	for (unsigned i = 0; i < ts_object_tree_size(desk->tree); i++) {
		const TsInterface *interface = ts_object_tree_at(desk->tree, i)->interface;
		unsigned n_described = 0, n_functions = 0;
		for (GDBusMethodInfo **m = interface->info->methods; m && *m; m++)
			n_described++;
		for (const TsMethod *m = interface->methods; m && m->name; m++) {
			n_functions++;
			ck_assert_ptr_nonnull(g_dbus_interface_info_lookup_method(
				(GDBusInterfaceInfo *)interface->info, m->name));
		}
		ck_assert_uint_eq(n_described, n_functions);
	}
	free_desk(desk);
}
END_TEST

START_TEST(test_dispatch_source_without_answers_has_no_made_up_values)
{
	static const char *const options[] = {"server=unresolved.example", NULL};
	static const char *const unknown[] = {"Address", "Port", "Stratum", "Refid", "LastSampleAge",
					      "LastDelay", "Offset", "OffsetSd", "RootDistance", "Pool"};
	Desk *desk = new_desk();
	rig_add_source(desk->rig, options);

	g_autoptr(GVariant) all = get_all(desk, ROOT "/source/1");

	for (unsigned i = 0; i < G_N_ELEMENTS(unknown); i++)
		ck_assert_msg(!has(all, unknown[i]), "%s", unknown[i]);
	ck_assert(has(all, "Label"));
	free_desk(desk);
}
END_TEST

START_TEST(test_dispatch_clock_never_set_has_no_offset)
{
	Desk *desk = new_desk();

	g_autoptr(GVariant) all = get_all(desk, CLOCK_PATH);
	ck_assert(!has(all, "Offset"));
	ck_assert(!has(all, "ReferenceTime"));
	ck_assert(!has(all, "MaxError"));
	ck_assert(has(all, "State"));

	ck_assert_ptr_null(
		call(desk, CLOCK_PATH, PROPERTIES, "Get", g_variant_new("(ss)", CLOCK, "Offset")));
	ck_assert_str_eq(desk->error, "org.timesrv1.Error.NotKnown");
	ck_assert_ptr_null(
		call(desk, CLOCK_PATH, PROPERTIES, "Get", g_variant_new("(ss)", CLOCK, "Colour")));
	ck_assert_str_eq(desk->error, "org.freedesktop.DBus.Error.UnknownProperty");
	free_desk(desk);
}
END_TEST

START_TEST(test_dispatch_source_with_sample_shows_it)
{
	Desk *desk = new_desk();
	TsSource *source = rig_add_source(desk->rig, server);
	rig_add_sample(desk->rig, source, 0.001);

	g_autoptr(GVariant) all = get_all(desk, ROOT "/source/1");

	const char *refid, *address;
	guint32 stratum;
	double delay;
	ck_assert(g_variant_lookup(all, "Refid", "&s", &refid));
	ck_assert(g_variant_lookup(all, "Address", "&s", &address));
	ck_assert(g_variant_lookup(all, "Stratum", "u", &stratum));
	ck_assert(g_variant_lookup(all, "LastDelay", "d", &delay));
	ck_assert_str_eq(refid, "GPS");
	ck_assert_str_eq(address, "192.0.2.1");
	ck_assert_uint_eq(stratum, 1);
	ck_assert_double_eq_tol(delay, 0.001, 1e-12);
	ck_assert(has(all, "Offset"));
	free_desk(desk);
}
END_TEST

START_TEST(test_dispatch_introspection_of_every_node_can_be_read)
{
	Desk *desk = new_desk();
	rig_add_source(desk->rig, server);
	const char *paths[] = {"/", "/org", ROOT, CLOCK_PATH, ROOT "/server", ROOT "/source",
			       ROOT "/source/1"};

	for (unsigned i = 0; i < G_N_ELEMENTS(paths); i++) {
		g_autoptr(GError) error = NULL;
		const char *xml;
		GVariant *result = call(desk, paths[i], "org.freedesktop.DBus.Introspectable",
					"Introspect", NULL);
		ck_assert_ptr_nonnull(result);
		g_variant_get(result, "(&s)", &xml);
		g_autoptr(GDBusNodeInfo) node = g_dbus_node_info_new_for_xml(xml, &error);
		ck_assert_msg(node, "%s: %s", paths[i], error ? error->message : "");
		TsObject *object = ts_object_tree_find(desk->tree, paths[i]);
		ck_assert_int_eq(object != NULL,
				 object && g_dbus_node_info_lookup_interface(
						   node, object->interface->info->name));
	}
	ck_assert_ptr_null(call(desk, "/com", "org.freedesktop.DBus.Introspectable", "Introspect",
				NULL));
	free_desk(desk);
}
END_TEST

START_TEST(test_dispatch_managed_objects_are_all_below_the_root)
{
	Desk *desk = new_desk();
	rig_add_source(desk->rig, server);

	GVariant *result = call(desk, ROOT, "org.freedesktop.DBus.ObjectManager",
				"GetManagedObjects", NULL);

	ck_assert_ptr_nonnull(result);
	g_autoptr(GVariant) objects = g_variant_get_child_value(result, 0);
	ck_assert_uint_eq(g_variant_n_children(objects), ts_object_tree_size(desk->tree) - 1);
	ck_assert(has(objects, ROOT "/source/1"));
	ck_assert(!has(objects, ROOT));
	free_desk(desk);
}
END_TEST

static const struct {
	const char *path, *interface, *member, *argument, *error;
} wrong_calls[] = {
	{"/nowhere", CLOCK, "Step", NULL, "org.freedesktop.DBus.Error.UnknownObject"},
	{CLOCK_PATH, MANAGER, "Reload", NULL, "org.freedesktop.DBus.Error.UnknownInterface"},
	{CLOCK_PATH, CLOCK, "Stop", NULL, "org.freedesktop.DBus.Error.UnknownMethod"},
	{CLOCK_PATH, NULL, "Stop", NULL, "org.freedesktop.DBus.Error.UnknownMethod"},
	{CLOCK_PATH, CLOCK, "Step", "('x',)", "org.freedesktop.DBus.Error.InvalidArgs"},
	{ROOT, MANAGER, "AddSource", "('x', true)", "org.freedesktop.DBus.Error.InvalidArgs"},
	{ROOT, MANAGER, "AddSource", "()", "org.freedesktop.DBus.Error.InvalidArgs"},
	{ROOT, MANAGER, "AddSource", "(@as [], true)", "org.timesrv1.Error.InvalidConfig"},
	{ROOT, MANAGER, "AddSource", "(['server=x', 'pol=3'], true)", "org.timesrv1.Error.InvalidConfig"},
	{ROOT, MANAGER, "SetLogLevel", "('loud',)", "org.timesrv1.Error.InvalidConfig"},
	{ROOT, MANAGER, "RemoveSource", "('x', false)", "org.timesrv1.Error.NotFound"},
	{ROOT, MANAGER, "FindSource", "('',)", "org.timesrv1.Error.NotFound"},
	{ROOT, MANAGER, "Burst", "('', uint32 4, uint32 1000)", "org.timesrv1.Error.InvalidConfig"},
	{ROOT, MANAGER, "Burst", "('', uint32 4, uint32 8)", "org.timesrv1.Error.Unavailable"},
	{ROOT, MANAGER, "UnloadPlugin", "('x',)", "org.timesrv1.Error.NotFound"},
	{ROOT "/server", "org.timesrv1.Server", "ListClients", "(uint32 0,)",
	 "org.timesrv1.Error.Unavailable"},
	{ROOT, PROPERTIES, "Get", "('x',)", "org.freedesktop.DBus.Error.InvalidArgs"},
	{ROOT, PROPERTIES, "GetAll", "('x',)", "org.freedesktop.DBus.Error.UnknownInterface"},
	{"/org", PROPERTIES, "GetAll", "('',)", "org.freedesktop.DBus.Error.UnknownObject"},
	{ROOT, PROPERTIES, "Set", "('" MANAGER "', 'LogLevel', <'debug'>)",
	 "org.freedesktop.DBus.Error.PropertyReadOnly"},
	{CLOCK_PATH, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", NULL,
	 "org.freedesktop.DBus.Error.UnknownMethod"},
	{ROOT, "org.freedesktop.DBus.Peer", "Pong", NULL, "org.freedesktop.DBus.Error.UnknownMethod"},
};

START_TEST(test_dispatch_wrong_call_has_its_error)
{
	Desk *desk = new_desk();
	const char *argument = wrong_calls[_i].argument;

	ck_assert_ptr_null(call(desk, wrong_calls[_i].path, wrong_calls[_i].interface,
				wrong_calls[_i].member,
				argument ? g_variant_new_parsed(argument) : NULL));

	ck_assert_str_eq(desk->error, wrong_calls[_i].error);
	free_desk(desk);
}
END_TEST

START_TEST(test_dispatch_stranger_may_read_but_not_change)
{
	Desk *desk = new_desk();
	desk->caller.uid = 1000;
	desk->groups[0] = 1000;
	desk->caller.n_groups = 1;

	for (unsigned i = 0; i < ts_object_tree_size(desk->tree); i++) {
		TsObject *object = ts_object_tree_at(desk->tree, i);
		g_autoptr(GVariant) all = get_all(desk, object->path);
		ck_assert_ptr_nonnull(all);
	}
	ck_assert_ptr_nonnull(call_manager(desk, "ListMetrics", NULL));
	ck_assert_ptr_null(call_manager(desk, "Reload", NULL));
	ck_assert_str_eq(desk->error, "org.timesrv1.Error.Permission");
	ck_assert_ptr_nonnull(strstr(desk->text, "keepers"));
	ck_assert_ptr_null(call_manager(desk, "ShowConfig", NULL));
	ck_assert_str_eq(desk->error, "org.timesrv1.Error.Permission");
	ck_assert_ptr_null(call_manager(desk, "InspectPlugin", g_variant_new("(s)", "/etc/shadow")));
	ck_assert_str_eq(desk->error, "org.timesrv1.Error.Permission");
	ck_assert_uint_eq(desk->rig->n_reloads, 0);
	free_desk(desk);
}
END_TEST

START_TEST(test_dispatch_stranger_may_use_no_method_that_is_not_for_reading)
{
	Desk *desk = new_desk();
	unsigned n_refused = 0;
	desk->caller.uid = 1000;

	for (unsigned i = 0; i < ts_object_tree_size(desk->tree); i++) {
		TsObject *object = ts_object_tree_at(desk->tree, i);
		for (GDBusMethodInfo **m = object->interface->info->methods; m && *m; m++) {
			if (ts_access_of_method(*m) == TS_ACCESS_READ)
				continue;
			g_autoptr(GString) types = g_string_new("(");
			for (GDBusArgInfo **a = (*m)->in_args; a && *a; a++)
				g_string_append(types, (*a)->signature);
			g_string_append_c(types, ')');
			/* any value of the right type */
			g_autoptr(GVariant) none = g_variant_ref_sink(g_variant_new_from_data(
				G_VARIANT_TYPE(types->str), "", 0, FALSE, NULL, NULL));
			ck_assert_ptr_null(call(desk, object->path, object->interface->info->name,
						(*m)->name, g_variant_get_normal_form(none)));
			ck_assert_msg(strcmp(desk->error, "org.timesrv1.Error.Permission") == 0,
				      "%s: %s", (*m)->name, desk->error);
			n_refused++;
		}
	}
	ck_assert_uint_ge(n_refused, 14);
	free_desk(desk);
}
END_TEST

START_TEST(test_dispatch_group_member_and_own_user_may_change)
{
	Desk *desk = new_desk();

	desk->caller.uid = 1000;
	desk->groups[0] = 1000;
	desk->groups[1] = 200;
	desk->caller.n_groups = 2;
	ck_assert_ptr_nonnull(call_manager(desk, "Reload", NULL));
	desk->caller.uid = 100;
	desk->caller.n_groups = 0;
	ck_assert_ptr_nonnull(call_manager(desk, "Reload", NULL));
	ck_assert_uint_eq(desk->rig->n_reloads, 2);
	free_desk(desk);
}
END_TEST

START_TEST(test_dispatch_no_reply_wanted_is_done_all_the_same)
{
	Desk *desk = new_desk();
	g_autoptr(GDBusMessage) message = make_call(ROOT, MANAGER, "Reload", NULL);
	g_dbus_message_set_flags(message, G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED);

	ck_assert_ptr_null(
		ts_dispatch(desk->tree, &desk->rig->authoriser, &desk->caller, message));

	ck_assert_uint_eq(desk->rig->n_reloads, 1);
	free_desk(desk);
}
END_TEST

static GVariant *
source_arguments(const char *const *options, bool is_kept)
{
	return g_variant_new("(^asb)", options, (gboolean)is_kept);
}

START_TEST(test_dispatch_source_added_set_and_removed)
{
	static const char *const changes[] = {"max-poll=12", "prefer=true", NULL};
	Desk *desk = new_desk();
	const char *label;
	bool is_runtime;

	GVariant *result = call_manager(desk, "AddSource", source_arguments(server, false));
	ck_assert_ptr_nonnull(result);
	g_variant_get(result, "(&s)", &label);
	ck_assert_str_eq(label, "one");
	ck_assert_ptr_nonnull(ts_object_tree_find(desk->tree, ROOT "/source/1"));
	ck_assert_ptr_null(desk->rig->kept);

	ck_assert_ptr_nonnull(call_manager(desk, "SetSource",
					   g_variant_new("(s^asb)", "192.0.2.1", changes, TRUE)));
	const TsSourceSettings *settings = ts_roster_find(desk->rig->roster, "one", &is_runtime);
	ck_assert_int_eq(settings->max_poll, 12);
	ck_assert_int_eq(settings->min_poll, 4);
	ck_assert(settings->prefer);
	ck_assert(is_runtime);
	ck_assert_str_eq(desk->rig->kept, "one");

	ck_assert_ptr_nonnull(
		call_manager(desk, "RemoveSource", g_variant_new("(sb)", "one", FALSE)));
	ck_assert_ptr_null(ts_roster_find(desk->rig->roster, "one", NULL));
	ck_assert_ptr_null(ts_object_tree_find(desk->tree, ROOT "/source/1"));
	free_desk(desk);
}
END_TEST

START_TEST(test_dispatch_source_that_cannot_be_kept_is_not_changed)
{
	static const char *const changes[] = {"max-poll=12", NULL};
	static const char *const other[] = {"server=192.0.2.2", NULL};
	Desk *desk = new_desk();
	rig_add_source(desk->rig, server);
	desk->rig->keep_fails = true;

	ck_assert_ptr_null(call_manager(desk, "AddSource", source_arguments(other, true)));
	ck_assert_str_eq(desk->error, "org.timesrv1.Error.Permission");
	ck_assert_ptr_null(call_manager(desk, "SetSource",
					g_variant_new("(s^asb)", "one", changes, TRUE)));
	ck_assert_ptr_null(call_manager(desk, "RemoveSource", g_variant_new("(sb)", "one", TRUE)));

	ck_assert_uint_eq(ts_roster_size(desk->rig->roster), 1);
	ck_assert_int_eq(ts_roster_find(desk->rig->roster, "one", NULL)->max_poll, 10);
	free_desk(desk);
}
END_TEST

START_TEST(test_dispatch_source_twice_exists)
{
	Desk *desk = new_desk();
	rig_add_source(desk->rig, server);

	ck_assert_ptr_null(call_manager(desk, "AddSource", source_arguments(server, false)));

	ck_assert_str_eq(desk->error, "org.timesrv1.Error.Exists");
	free_desk(desk);
}
END_TEST

START_TEST(test_dispatch_pool_member_and_new_name_are_refused)
{
	static const char *const pool[] = {"pool=pool.example", NULL};
	static const char *const rename[] = {"name=two", NULL};
	Desk *desk = new_desk();
	rig_add_source(desk->rig, pool);
	rig_add_source(desk->rig, server);

	ck_assert_ptr_null(
		call_manager(desk, "RemoveSource", g_variant_new("(sb)", "pool.example#1", FALSE)));
	ck_assert_ptr_nonnull(strstr(desk->text, "name the pool"));
	ck_assert_ptr_null(
		call_manager(desk, "SetSource", g_variant_new("(s^asb)", "one", rename, FALSE)));
	ck_assert_str_eq(desk->error, "org.timesrv1.Error.InvalidConfig");
	ck_assert_ptr_nonnull(
		call_manager(desk, "RemoveSource", g_variant_new("(sb)", "pool.example", FALSE)));
	free_desk(desk);
}
END_TEST

START_TEST(test_dispatch_source_is_found_by_a_beginning_that_is_its_own)
{
	static const char *const other[] = {"server=192.0.2.2", "name=only", NULL};
	Desk *desk = new_desk();
	rig_add_source(desk->rig, server);
	rig_add_source(desk->rig, other);
	const char *path;

	GVariant *result = call_manager(desk, "FindSource", g_variant_new("(s)", "onl"));
	ck_assert_ptr_nonnull(result);
	g_variant_get(result, "(&o)", &path);
	ck_assert_str_eq(path, ROOT "/source/2");
	ck_assert_ptr_nonnull(call_manager(desk, "FindSource", g_variant_new("(s)", "192.0.2.2")));
	ck_assert_ptr_null(call_manager(desk, "FindSource", g_variant_new("(s)", "192.0.2")));
	ck_assert_ptr_nonnull(strstr(desk->text, "several"));
	free_desk(desk);
}
END_TEST

START_TEST(test_dispatch_burst_and_offline_reach_all_or_a_pool)
{
	static const char *const pool[] = {"pool=pool.example", NULL};
	Desk *desk = new_desk();
	rig_add_source(desk->rig, server);
	rig_add_source(desk->rig, pool);

	ck_assert_ptr_nonnull(call_manager(desk, "Burst", g_variant_new("(suu)", "", 4, 8)));
	ck_assert_uint_eq(desk->rig->n_bursts, 2);
	ck_assert_ptr_nonnull(
		call_manager(desk, "SetOnline", g_variant_new("(sb)", "pool.example", FALSE)));
	ck_assert_uint_eq(desk->rig->n_offline, 1);
	g_autoptr(GVariant) all = get_all(desk, ROOT "/source/2");
	const char *verdict;
	ck_assert(g_variant_lookup(all, "Verdict", "&s", &verdict));
	ck_assert_str_eq(verdict, "offline");
	free_desk(desk);
}
END_TEST

static bool
has_signal(Desk *desk, const char *signal)
{
	for (unsigned i = 0; i < desk->signals->len; i++)
		if (strcmp(g_ptr_array_index(desk->signals, i), signal) == 0)
			return true;
	return false;
}

START_TEST(test_dispatch_sources_come_and_go_by_signals)
{
	Desk *desk = new_desk();

	rig_add_source(desk->rig, server);
	ck_assert(has_signal(desk,
			     ROOT " org.freedesktop.DBus.ObjectManager.InterfacesAdded"));
	ck_assert(ts_roster_remove(desk->rig->roster, "one", NULL));

	ck_assert(has_signal(desk,
			     ROOT " org.freedesktop.DBus.ObjectManager.InterfacesRemoved"));
	free_desk(desk);
}
END_TEST

static bool
is_log_level_told(void *user_data)
{
	return has_signal(user_data, ROOT " " PROPERTIES ".PropertiesChanged");
}

START_TEST(test_dispatch_changed_property_is_told)
{
	Desk *desk = new_desk();

	ck_assert_ptr_nonnull(call_manager(desk, "SetLogLevel", g_variant_new("(s)", "error")));
	ts_publisher_touch_all(desk->publisher);
	rig_run_until(is_log_level_told, desk);

	free_desk(desk);
}
END_TEST

static GVariant *
diff(const char *before, const char *after)
{
	g_autoptr(GVariant) old = g_variant_ref_sink(g_variant_new_parsed(before));
	g_autoptr(GVariant) new = g_variant_ref_sink(g_variant_new_parsed(after));
	GVariant *result = ts_properties_diff(ts_clock_object_interface.info, old, new);

	return result ? g_variant_ref_sink(result) : NULL;
}

START_TEST(test_properties_diff_tells_changed_new_and_gone)
{
	g_autoptr(GVariant) got =
		diff("{'State': <'locked'>, 'Offset': <1.0>, 'Stratum': <uint32 2>, 'StateAge': <1.0>}",
		     "{'State': <'holdover'>, 'Stratum': <uint32 2>, 'Refid': <'GPS'>, 'StateAge': <2.0>}");
	g_autoptr(GVariant) wanted = g_variant_ref_sink(g_variant_new_parsed(
		"('" CLOCK "', {'State': <'holdover'>, 'Refid': <'GPS'>}, ['Offset'])"));

	ck_assert(g_variant_equal(got, wanted));
}
END_TEST

START_TEST(test_properties_diff_of_what_moves_all_the_time_tells_nothing)
{
	ck_assert_ptr_null(diff("{'StateAge': <1.0>, 'MaxError': <0.1>, 'State': <'locked'>}",
				"{'StateAge': <2.0>, 'State': <'locked'>}"));
}
END_TEST

TS_TEST_MAIN("dispatch", {
	TCase *core = tcase_create("core");
	tcase_add_test(core, test_dispatch_all_properties_are_described_with_their_types);
	tcase_add_test(core, test_dispatch_every_described_method_has_a_function);
	tcase_add_test(core, test_dispatch_source_without_answers_has_no_made_up_values);
	tcase_add_test(core, test_dispatch_clock_never_set_has_no_offset);
	tcase_add_test(core, test_dispatch_source_with_sample_shows_it);
	tcase_add_test(core, test_dispatch_introspection_of_every_node_can_be_read);
	tcase_add_test(core, test_dispatch_managed_objects_are_all_below_the_root);
	tcase_add_loop_test(core, test_dispatch_wrong_call_has_its_error, 0,
			    G_N_ELEMENTS(wrong_calls));
	tcase_add_test(core, test_dispatch_stranger_may_read_but_not_change);
	tcase_add_test(core, test_dispatch_stranger_may_use_no_method_that_is_not_for_reading);
	tcase_add_test(core, test_dispatch_group_member_and_own_user_may_change);
	tcase_add_test(core, test_dispatch_no_reply_wanted_is_done_all_the_same);
	tcase_add_test(core, test_dispatch_source_added_set_and_removed);
	tcase_add_test(core, test_dispatch_source_that_cannot_be_kept_is_not_changed);
	tcase_add_test(core, test_dispatch_source_twice_exists);
	tcase_add_test(core, test_dispatch_pool_member_and_new_name_are_refused);
	tcase_add_test(core, test_dispatch_source_is_found_by_a_beginning_that_is_its_own);
	tcase_add_test(core, test_dispatch_burst_and_offline_reach_all_or_a_pool);
	tcase_add_test(core, test_dispatch_sources_come_and_go_by_signals);
	tcase_add_test(core, test_dispatch_changed_property_is_told);
	tcase_add_test(core, test_properties_diff_tells_changed_new_and_gone);
	tcase_add_test(core, test_properties_diff_of_what_moves_all_the_time_tells_nothing);
	suite_add_tcase(suite, core);
})
