// Campaigns and their cells.
#include "admin/validate.h"

#include "parley/design/v1/campaign.pb-c.h"

enum { CELLS_MAX = 200, ATTRIBUTES_MAX = 100, NAME_MAX_LEN = 63, VALUE_MAX = 1024, SALT_MAX = 200 };

typedef Parley__Design__V1__Campaign Campaign;
typedef Parley__Design__V1__CampaignCell CampaignCell;

static Err check_attribute(const Check *check, const Campaign *campaign, size_t index)
{
	const char *name = campaign->attributes[index]->key, *value = campaign->attributes[index]->value;
	if (!*name || strlen(name) > NAME_MAX_LEN)
		return check_fail(check, ERR_FIELD_INVALID, "attributes",
		        "a name of an attribute has 1 to %d bytes, \"%s\" has %zu", NAME_MAX_LEN, name,
		        strlen(name));
	if (strlen(value) > VALUE_MAX)
		return check_fail(check, ERR_FIELD_INVALID, "attributes",
		        "the text of \"%s\" has %zu bytes; at most %d are taken", name, strlen(value),
		        VALUE_MAX);
	for (size_t i = 0; i < index; i++)
		if (strcmp(campaign->attributes[i]->key, name) == 0)
			return check_fail(
			        check, ERR_FIELD_INVALID, "attributes", "\"%s\" is there twice", name);
	return OK;
}

static const CampaignCell *find_cell(const Campaign *campaign, const char *code)
{
	for (size_t i = 0; i < campaign->n_cells; i++)
		if (strcmp(campaign->cells[i]->code, code) == 0)
			return campaign->cells[i];
	return NULL;
}

static Err check_cell(const Check *check, const Campaign *campaign, size_t index)
{
	const CampaignCell *cell = campaign->cells[index];
	const char *prefix = check_at(check, "cells[%zu].", index);
	TRY(value_code(check, check_at(check, "%scode", prefix), cell->code));
	if (find_cell(campaign, cell->code) != cell)
		return check_fail(check, ERR_FIELD_INVALID, check_at(check, "%scode", prefix),
		        "\"%s\" is there twice: choose another code", cell->code);
	TRY(value_percent(check, check_at(check, "%scontrol_percent", prefix), cell->control_percent));
	if (strlen(cell->control_salt) > SALT_MAX)
		return check_fail(check, ERR_FIELD_INVALID, check_at(check, "%scontrol_salt", prefix),
		        "has more than %d bytes", SALT_MAX);
	if (*cell->control_cell &&
	        (!find_cell(campaign, cell->control_cell) || strcmp(cell->control_cell, cell->code) == 0))
		return check_fail(check, ERR_FIELD_INVALID, check_at(check, "%scontrol_cell", prefix),
		        "\"%s\" is not the code of another cell of the campaign: add it, or name none",
		        cell->control_cell);
	return OK;
}

Err validate_campaign(Check *check)
{
	const Campaign *campaign = (const void *)check->message;
	TRY(value_code(check, "code", campaign->code));
	if (campaign->n_attributes > ATTRIBUTES_MAX)
		return check_fail(check, ERR_FIELD_INVALID, "attributes",
		        "has %zu attributes; at most %d are taken", campaign->n_attributes, ATTRIBUTES_MAX);
	if (campaign->n_cells > CELLS_MAX)
		return check_fail(check, ERR_FIELD_INVALID, "cells", "has %zu cells; at most %d are taken",
		        campaign->n_cells, CELLS_MAX);
	for (size_t i = 0; i < campaign->n_attributes; i++)
		TRY(check_attribute(check, campaign, i));
	for (size_t i = 0; i < campaign->n_cells; i++)
		TRY(check_cell(check, campaign, i));
	return value_dates(check);
}
