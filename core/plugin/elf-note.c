/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * elf-note.c - see elf-note.h
 *
 * Found by the program headers (PT_NOTE), not by sections: those a file may do without.
 */
#include "plugin/elf-note.h"

#include <elf.h>
#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <link.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "plugin/elf-file.h"

/* A schema of a hundred settings is 10 kB; what is far beyond is no schema. */
#define MAX_SCHEMA_BYTES (64 * 1024)

/* Minor 0 had members up to here; later ones only append. */
#define MIN_INFO_BYTES sizeof(struct timesrv_note_info)

static gboolean
refuse(GError **error, const char *path, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_autofree char *what = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_INCOMPATIBLE, "%s: %s", path, what);
	return FALSE;
}

static gboolean
has_end(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

static gboolean
is_plugin_name(const char *name)
{
	return *name && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name);
}

static gboolean
take_info(TsPluginFacts *facts, const char *content, size_t size, const char *path, GError **error)
{
	struct timesrv_note_info *info = &facts->info;

	if (size < MIN_INFO_BYTES)
		return refuse(error, path,
			      "its info note has %zu bytes where %zu are the least; it is "
			      "damaged, or was not made by TIMESRV_PLUGIN_INFO",
			      size, MIN_INFO_BYTES);
	memcpy(info, content, sizeof *info);
	if (info->struct_size < MIN_INFO_BYTES || info->struct_size > size)
		return refuse(error, path,
			      "its info note claims %u bytes and has %zu; it is damaged",
			      info->struct_size, size);
	if (!has_end(info->name, sizeof info->name) ||
	    !has_end(info->version, sizeof info->version) ||
	    !has_end(info->license, sizeof info->license) ||
	    !has_end(info->summary, sizeof info->summary))
		return refuse(error, path, "a text in its info note has no end; it is damaged");
	if (!is_plugin_name(info->name))
		return refuse(error, path, "its info note has no name of [a-z0-9-]");
	return TRUE;
}

static gboolean
take_schema(TsPluginFacts *facts, const char *content, size_t size, const char *path,
	    GError **error)
{
	if (size > MAX_SCHEMA_BYTES || size == 0 || content[size - 1] != '\0' ||
	    strlen(content) != size - 1 || !g_utf8_validate(content, -1, NULL))
		return refuse(error, path,
			      "its schema note is no text of at most %d bytes that ends "
			      "with a NUL",
			      MAX_SCHEMA_BYTES);
	if (facts->schema)
		return refuse(error, path,
			      "it has two schema notes; TIMESRV_PLUGIN_SCHEMA stands once");
	facts->schema = g_strndup(content, size);
	return TRUE;
}

/* One note; those of others are skipped. */
static gboolean
take_note(TsPluginFacts *facts, const GElf_Nhdr *header, const char *owner, const char *content,
	  const char *path, GError **error)
{
	if (header->n_namesz != sizeof TIMESRV_NOTE_OWNER ||
	    memcmp(owner, TIMESRV_NOTE_OWNER, sizeof TIMESRV_NOTE_OWNER) != 0)
		return TRUE;
	if (header->n_type == TIMESRV_NOTE_SCHEMA)
		return take_schema(facts, content, header->n_descsz, path, error);
	if (header->n_type != TIMESRV_NOTE_INFO)
		return TRUE;
	if (facts->info.struct_size)
		return refuse(error, path,
			      "it has two info notes; TIMESRV_PLUGIN_INFO stands once");
	return take_info(facts, content, header->n_descsz, path, error);
}

static gboolean
take_segment(TsPluginFacts *facts, Elf *elf, const GElf_Phdr *segment, const char *path,
	     GError **error)
{
	Elf_Data *data = elf_getdata_rawchunk(elf, (int64_t)segment->p_offset, segment->p_filesz,
					      segment->p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
	GElf_Nhdr header;
	size_t offset = 0, owner_offset, content_offset;

	if (!data)
		return refuse(error, path,
			      "its notes lie outside of the file; it is cut short or damaged");
	/* gelf_getnote() returns 0 for a note that does not fit into the segment */
	while (offset + sizeof header <= data->d_size) {
		offset = gelf_getnote(data, offset, &header, &owner_offset, &content_offset);
		if (offset == 0)
			return refuse(error, path,
				      "a note does not fit into its segment; it is damaged");
		const char *bytes = data->d_buf;
		if (!take_note(facts, &header, bytes + owner_offset, bytes + content_offset, path,
			       error))
			return FALSE;
	}
	return TRUE;
}

/* ld.so maps what the headers say: what lies past the end of the file would crash us with
 * SIGBUS. */
static gboolean
is_in_file(const GElf_Phdr *segment, uint64_t file_bytes)
{
	return segment->p_offset <= file_bytes &&
	       segment->p_filesz <= file_bytes - segment->p_offset &&
	       segment->p_filesz <= segment->p_memsz;
}

static gboolean
take_segments(TsPluginFacts *facts, Elf *elf, uint64_t file_bytes, const char *path, GError **error)
{
	size_t n_segments;

	if (elf_getphdrnum(elf, &n_segments) != 0)
		return refuse(error, path, "its program headers can't be read; it is damaged");
	for (size_t i = 0; i < n_segments; i++) {
		GElf_Phdr segment;
		if (!gelf_getphdr(elf, (int)i, &segment))
			return refuse(error, path,
				      "its program headers can't be read; it is damaged");
		if (segment.p_type == PT_LOAD && !is_in_file(&segment, file_bytes))
			return refuse(error, path, "is cut short: copy it anew");
		if (segment.p_type == PT_LOAD)
			facts->memory_bytes += segment.p_memsz;
		if (segment.p_type == PT_NOTE && !take_segment(facts, elf, &segment, path, error))
			return FALSE;
	}
	return TRUE;
}

/* Of this machine: as this very program, whose own header the linker has named. */
static gboolean
check_machine(Elf *elf, const char *path, GError **error)
{
	extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));
	GElf_Ehdr header;

	if (elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &header))
		return refuse(error, path, "is no ELF file; give a shared object (.so)");
	if (header.e_ident[EI_CLASS] != __ehdr_start.e_ident[EI_CLASS] ||
	    header.e_ident[EI_DATA] != __ehdr_start.e_ident[EI_DATA] ||
	    header.e_machine != __ehdr_start.e_machine)
		return refuse(error, path,
			      "was built for another machine (ELF machine %u, %s; here %u, "
			      "%s); rebuild it on this one",
			      header.e_machine,
			      header.e_ident[EI_CLASS] == ELFCLASS64 ? "64 bits" : "32 bits",
			      __ehdr_start.e_machine,
			      __ehdr_start.e_ident[EI_CLASS] == ELFCLASS64 ? "64 bits" : "32 bits");
	if (header.e_type != ET_DYN)
		return refuse(error, path,
			      "is no shared object (ELF type %u); link it with -shared",
			      header.e_type);
	return TRUE;
}

TsPluginFacts *
ts_plugin_facts_read(int fd, const char *path, GError **error)
{
	g_autoptr(TsPluginFacts) facts = g_new0(TsPluginFacts, 1);
	g_autoptr(TsElf) elf = ts_elf_open(fd);
	struct stat status;

	if (fstat(fd, &status) != 0) {
		ts_set_error_errno(error, errno, "cannot look at %s", path);
		return NULL;
	}
	if (!elf) {
		refuse(error, path, "is no ELF file; give a shared object (.so)");
		return NULL;
	}
	if (!check_machine(elf, path, error) ||
	    !take_segments(facts, elf, (uint64_t)status.st_size, path, error))
		return NULL;
	if (!facts->info.struct_size) {
		refuse(error, path,
		       "is no timesrv plugin: it has no note of one; state its facts with "
		       "TIMESRV_PLUGIN_INFO of <timesrv/plugin.h>");
		return NULL;
	}
	return g_steal_pointer(&facts);
}

void
ts_plugin_facts_free(TsPluginFacts *facts)
{
	if (!facts)
		return;
	g_free(facts->schema);
	g_free(facts);
}

const char *
ts_plugin_kind_name(unsigned kind)
{
	switch (kind) {
	case TIMESRV_KIND_REFCLOCK:
		return "refclock";
	case TIMESRV_KIND_AUTH:
		return "auth";
	case TIMESRV_KIND_SERVICE:
		return "service";
	case TIMESRV_KIND_KEYSTORE:
		return "keystore";
	case TIMESRV_KIND_ACCELERATOR:
		return "accelerator";
	default: /* a number out of a file */
		return "unknown";
	}
}

gboolean
ts_plugin_facts_check(const TsPluginFacts *facts, const char *path, GError **error)
{
	const struct timesrv_note_info *info = &facts->info;

	if (info->abi_major != TIMESRV_ABI_MAJOR)
		return refuse(error, path, "was built for ABI %u, this daemon has ABI %u; %s",
			      info->abi_major, TIMESRV_ABI_MAJOR,
			      info->abi_major > TIMESRV_ABI_MAJOR
				      ? "get a newer timesrv, or an older version of the plugin"
				      : "rebuild the plugin against the SDK of this version");
	/* a later minor of the daemon is compared the same way */
	unsigned minor = TIMESRV_ABI_MINOR;
	if (info->abi_minor_min > minor)
		return refuse(error, path,
			      "needs ABI %u.%u, this daemon has %u.%u; get a newer timesrv, "
			      "or an older version of the plugin",
			      info->abi_major, info->abi_minor_min, TIMESRV_ABI_MAJOR, minor);
	if (info->kind != TIMESRV_KIND_REFCLOCK && info->kind != TIMESRV_KIND_SERVICE)
		return refuse(error, path,
			      "is of kind %s (%u), which this version of timesrv does not "
			      "load; it loads refclock and service",
			      ts_plugin_kind_name(info->kind), info->kind);
	return TRUE;
}
