/* SPDX-License-Identifier: BSD-2-Clause */
/* expect.c - see expect.h */
#include "expect.h"

#include <string.h>

#include "config/scalar.h"
#include "config/suggest.h"

static void
free_expectation(gpointer data)
{
	SimExpectation *expectation = data;

	g_free(expectation->text);
	g_free(expectation->word);
	g_free(expectation);
}

GPtrArray *
sim_expectations_new(void)
{
	return g_ptr_array_new_with_free_func(free_expectation);
}

/* Takes "median " off the front. */
static bool
read_median(const char **text)
{
	if (!g_str_has_prefix(*text, "median "))
		return false;
	*text += strlen("median ");
	return true;
}

/* Takes "<", "<=", ">", ">=" off the front; without one, "=". */
static char
read_relation(const char **text)
{
	char relation = **text;

	if (relation != '<' && relation != '>')
		return '=';
	(*text)++;
	if (**text == '=') {
		relation = relation == '<' ? 'l' : 'g';
		(*text)++;
	}
	while (**text == ' ')
		(*text)++;
	return relation;
}

/* Returns: (transfer full) (nullable): what is wrong. */
static char *
read_value(SimExpectation *expectation, const char *text)
{
	g_autoptr(TsNode) scalar = ts_node_new_scalar(text, false, NULL);

	switch (expectation->figure->kind) {
	case SIM_KIND_SECONDS:
		return ts_scalar_read_quantity(scalar, TS_QUANTITY_DURATION, &expectation->value);
	case SIM_KIND_PPM:
		return ts_scalar_read_quantity(scalar, TS_QUANTITY_PPM, &expectation->value);
	case SIM_KIND_NUMBER:
		return ts_scalar_read_quantity(scalar, TS_QUANTITY_NUMBER, &expectation->value);
	case SIM_KIND_STATE:
	case SIM_KIND_LEAP:
		expectation->word = g_strdup(text);
		for (double value = 0; value <= SIM_STATE_STOPPED; value++)
			if (g_str_equal(sim_figure_word(expectation->figure, value), text))
				return expectation->relation == '='
					       ? NULL
					       : g_strdup("a word is neither less nor more");
		return g_strdup_printf("'%s' is no %s", text, expectation->figure->name);
	}
	return NULL;
}

static void
read_one(GPtrArray *list, TsProblems *problems, const SimFigure *figure, const TsNode *node)
{
	if (ts_node_kind(node) != TS_NODE_SCALAR) {
		ts_problems_error(problems, ts_node_origin(node),
				  "%s: a condition is written as \"<50us\", \">=3\", 0 or a word",
				  figure->name);
		return;
	}
	const char *text = ts_node_text(node);
	SimExpectation *expectation = g_new0(SimExpectation, 1);
	expectation->figure = figure;
	expectation->text = g_strdup(text);
	expectation->origin = *ts_node_origin(node);
	expectation->is_of_median = read_median(&text);
	expectation->relation = read_relation(&text);
	g_ptr_array_add(list, expectation);
	g_autofree char *complaint = read_value(expectation, text);
	if (complaint)
		ts_problems_error(problems, ts_node_origin(node), "%s: %s", figure->name, complaint);
}

static const char *
nearest_figure(const char *name)
{
	const char *known[64];
	unsigned n = MIN(sim_n_figures, G_N_ELEMENTS(known));

	for (unsigned i = 0; i < n; i++)
		known[i] = sim_figures[i].name;
	return ts_suggest(name, known, n);
}

void
sim_expectations_read(GPtrArray *list, TsProblems *problems, const TsNode *map)
{
	for (unsigned i = 0; i < ts_node_size(map); i++) {
		const char *name = ts_node_key_at(map, i);
		const SimFigure *figure = sim_figure_find(name);
		const TsNode *value = ts_node_value_at(map, i);
		if (!figure) {
			const char *nearest = nearest_figure(name);
			ts_problems_error(problems, ts_node_key_origin_at(map, i),
					  "nothing of the name '%s' is measured%s%s%s", name,
					  nearest ? "; did you mean '" : "", nearest ? nearest : "",
					  nearest ? "'?" : "");
		} else if (ts_node_kind(value) == TS_NODE_LIST) {
			for (unsigned j = 0; j < ts_node_size(value); j++)
				read_one(list, problems, figure, ts_node_at(value, j));
		} else {
			read_one(list, problems, figure, value);
		}
	}
}

static bool
holds(const SimExpectation *expectation, double value)
{
	const char *word = sim_figure_word(expectation->figure, value);

	if (word)
		return g_str_equal(word, expectation->word);
	switch (expectation->relation) {
	case '<':
		return value < expectation->value;
	case '>':
		return value > expectation->value;
	case 'l':
		return value <= expectation->value;
	case 'g':
		return value >= expectation->value;
	default:
		return value == expectation->value;
	}
}

static bool
speaks_of(const GPtrArray *list, const SimFigure *figure)
{
	for (unsigned i = 0; i < list->len; i++)
		if (((const SimExpectation *)list->pdata[i])->figure == figure)
			return true;
	return false;
}

unsigned
sim_expectations_check(const GPtrArray *common, const GPtrArray *own, const SimFigures *figures,
		       bool are_medians,
		       void (*complain)(void *user_data, const SimExpectation *expectation,
					double value),
		       void *user_data)
{
	unsigned n_broken = 0;

	for (unsigned i = 0; i < common->len + own->len; i++) {
		bool is_common = i < common->len;
		const SimExpectation *expectation = is_common ? common->pdata[i]
							      : own->pdata[i - common->len];
		double value = sim_figure_get(expectation->figure, figures);
		if (expectation->is_of_median != are_medians ||
		    (is_common && speaks_of(own, expectation->figure)) || holds(expectation, value))
			continue;
		complain(user_data, expectation, value);
		n_broken++;
	}
	return n_broken;
}
