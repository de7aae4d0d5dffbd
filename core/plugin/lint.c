/* SPDX-License-Identifier: BSD-2-Clause */
/* lint.c - see lint.h */
#include "plugin/lint.h"

#include <elf.h>
#include <gelf.h>
#include <string.h>

#include <timesrv/plugin.h>

#include "plugin/elf-file.h"

/* What is left behind by these outlives dlclose(); each was tried and seen to crash or to pin. */
typedef struct {
	const char *symbol;
	const char *why;
} BadImport;

static const BadImport bad_imports[] = {
	{"signal", "a signal handler of unmapped code crashes"},
	{"sigaction", "a signal handler of unmapped code crashes"},
	{"on_exit", "it is called after the code is unmapped"},
	{"pthread_key_create", "its destructor may run after the code is unmapped"},
	{"__cxa_thread_atexit_impl", "it keeps the code mapped until the thread ends"},
	{"g_type_register_static", "the type outlives the code: the next copy can't register it"},
	{"g_type_register_static_simple",
	 "the type outlives the code: the next copy can't register it"},
	{"g_quark_from_static_string", "the string is unmapped under the daemon's table"},
	{"g_intern_static_string", "the string is unmapped under the daemon's table"},
	{"g_private_get", "its destructor may run after the code is unmapped"},
	{"g_timeout_add", "use timer_add() of the host: it is revoked with the plugin"},
	{"g_timeout_add_seconds", "use timer_add() of the host: it is revoked with the plugin"},
	{"g_idle_add", "use timer_add() of the host: it is revoked with the plugin"},
	{"g_log_set_handler", "the handler outlives the code"},
	{"setlocale", "it changes the whole process"},
	{"umask", "it changes the whole process"},
	{"chdir", "it changes the whole process"},
};

G_GNUC_PRINTF(2, 3)
static void
found(GPtrArray *findings, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_ptr_array_add(findings, g_strdup_vprintf(format, arguments));
	va_end(arguments);
}

static void
look_at_dynamic(GPtrArray *findings, Elf_Data *data, size_t n_entries, gboolean is_resident)
{
	GElf_Dyn entry;

	for (size_t i = 0; i < n_entries && gelf_getdyn(data, (int)i, &entry); i++) {
		if (entry.d_tag == DT_FLAGS && (entry.d_un.d_val & DF_STATIC_TLS))
			found(findings,
			      "uses static TLS, of which there is little: after some reloads it "
			      "can't be loaded any more; build it with the default TLS model");
		if (entry.d_tag == DT_FLAGS_1 && (entry.d_un.d_val & DF_1_NODELETE) && !is_resident)
			found(findings, "is marked NODELETE: it stays mapped after it is unloaded");
		if (entry.d_tag == DT_TEXTREL)
			found(findings, "has text relocations; build it with -fPIC");
	}
}

static void
look_at_import(GPtrArray *findings, const char *name, gboolean is_resident)
{
	for (size_t i = 0; i < G_N_ELEMENTS(bad_imports) && !is_resident; i++)
		if (g_str_equal(name, bad_imports[i].symbol))
			found(findings, "calls %s(): %s", name, bad_imports[i].why);
}

static void
look_at_export(GPtrArray *findings, const GElf_Sym *symbol, const char *name, unsigned *n_others,
	       gboolean is_resident)
{
	unsigned binding = GELF_ST_BIND(symbol->st_info);

	/* AddressSanitizer puts one beside each global; nobody can hide it */
	if (g_str_has_prefix(name, "__odr_asan."))
		return;
	if (binding == STB_GNU_UNIQUE && !is_resident)
		found(findings,
		      "exports the unique symbol %s, which keeps it mapped for ever; build it "
		      "with -fno-gnu-unique",
		      name);
	if (binding != STB_LOCAL && !g_str_equal(name, TIMESRV_PLUGIN_SYMBOL) && (*n_others)++ == 0)
		found(findings, "exports %s besides %s; build it with -fvisibility=hidden", name,
		      TIMESRV_PLUGIN_SYMBOL);
}

static void
look_at_symbols(GPtrArray *findings, Elf *elf, Elf_Data *data, const GElf_Shdr *section,
		gboolean is_resident)
{
	size_t n_symbols = section->sh_entsize ? section->sh_size / section->sh_entsize : 0;
	unsigned n_others = 0;
	GElf_Sym symbol;

	for (size_t i = 1; i < n_symbols && gelf_getsym(data, (int)i, &symbol); i++) {
		const char *name = elf_strptr(elf, section->sh_link, symbol.st_name);
		if (!name || !*name)
			continue;
		if (symbol.st_shndx == SHN_UNDEF)
			look_at_import(findings, name, is_resident);
		else if (GELF_ST_TYPE(symbol.st_info) != STT_SECTION)
			look_at_export(findings, &symbol, name, &n_others, is_resident);
	}
	if (n_others > 1)
		found(findings, "exports %u symbols in all besides %s", n_others,
		      TIMESRV_PLUGIN_SYMBOL);
}

GPtrArray *
ts_plugin_lint(int fd, gboolean is_resident)
{
	GPtrArray *findings = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(TsElf) elf = ts_elf_open(fd);
	gboolean has_symbols = FALSE;
	Elf_Scn *section = NULL;

	while (elf && (section = elf_nextscn(elf, section))) {
		GElf_Shdr header;
		if (!gelf_getshdr(section, &header))
			continue;
		if (header.sh_type != SHT_DYNAMIC && header.sh_type != SHT_DYNSYM)
			continue;
		Elf_Data *data = elf_getdata(section, NULL);
		if (!data)
			continue;
		if (header.sh_type == SHT_DYNAMIC && header.sh_entsize) {
			look_at_dynamic(findings, data, header.sh_size / header.sh_entsize,
					is_resident);
		} else if (header.sh_type == SHT_DYNSYM) {
			has_symbols = TRUE;
			look_at_symbols(findings, elf, data, &header, is_resident);
		}
	}
	if (!has_symbols)
		found(findings, "has no section headers: its symbols were not looked at");
	return findings;
}
