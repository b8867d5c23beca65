// Scenarios: given this visitor at this time with this history, when these calls, then these offers, reasons
// and state. People write them in YAML (tests of a channel, kept with its configuration; README.md has the
// form); `parley test` runs them.
#pragma once
#include "base/yaml.h"
#include "cli.h"

enum {
	SCENARIO_FILE_MAX = 1024 * 1024,
	SCENARIO_FILES_MAX = 256,
	SCENARIOS_MAX = 10000, // cases counted
	SCENARIO_CASES_MAX = 1000,
	SCENARIO_NODES_MAX = 2000000, // of all cases, with what stands for columns
	SCENARIO_STEPS_MAX = 200,
	SCENARIO_PAST_MAX = 1000,
};

// --- the model ---

struct ExpectKind;

// Something that has to be as it says.
typedef struct Expectation {
	const struct ExpectKind *kind;
	const json_t *value;
	const char *point; // NULL: the first that was asked for
	int line;
} Expectation;

typedef struct Expectations {
	Expectation *items;
	size_t count;
} Expectations;

// Whose visit it is.
typedef struct ScenarioVisitor {
	const char *audience; // LEVEL:KEY=VALUE,…
	const json_t
	        *profile;  // {attribute: value}, as the profile table has it; NULL: it has no such visitor
	const json_t *set; // {attribute: value}, as the touchpoint says
} ScenarioVisitor;

// Something that happened before.
typedef struct ScenarioPast {
	const char *offer, *kind, *until; // until: NULL if not given
	double score;
	int64_t times, ago_us, at_us; // one of the last two is 0
	int line;
} ScenarioPast;

typedef enum ScenarioDoes {
	DOES_LOOK, // nothing: only expects
	DOES_OFFERS,
	DOES_EVENT,
	DOES_RESPOND,
	DOES_WAIT,
	DOES_SIGN_IN,
	DOES_START,
	DOES_END,
} ScenarioDoes;

typedef struct ScenarioStep {
	ScenarioDoes does;
	int line;
	int64_t after_us, at_us; // time passes first: so long, or until then; 0: none
	const json_t *points;    // OFFERS: PointRequests
	bool across;
	const char *word;  // EVENT: its name; RESPOND: what
	const char *offer; // EVENT, RESPOND: about the treatment of it that the visitor got last; NULL: none
	const json_t *set; // EVENT
	uint64_t seed;     // 0: the next
	ScenarioVisitor who; // SIGN_IN
	Expectations expects;
} ScenarioStep;

typedef struct Scenario {
	const char *file, *name;
	const char *family; // the name of all its cases
	int line;
	ScenarioVisitor who;
	int64_t at_us;
	uint64_t seed;
	ScenarioPast *past;
	size_t past_count;
	ScenarioStep *steps; // the last one has what is expected in the end
	size_t step_count;
} Scenario;

typedef struct ScenarioSet {
	const char *channel; // NULL: the files name none
	Scenario *items;
	size_t count, room;
	size_t nodes;
	json_t *keep; // what the model borrows
} ScenarioSet;

// --- files (file.c) ---

// Reads files and folders (their .yaml files, sorted); cases are scenarios of their own. Zero `ret` first,
// and free it in the end also after a failure. Errors: IO; YAML_INVALID, FIELD_*, LIMIT, all with file, line
// and column.
Err scenarios_read(Cli *cli, const char *const *paths, size_t count, ScenarioSet *ret);
// The same of one text: what scenarios_read does with each file.
Err scenarios_read_text(Cli *cli, Str text, const char *file, ScenarioSet *ret);
void scenarios_free(ScenarioSet *set);

// --- what files share (read.c) ---

typedef struct ScenarioPersona {
	struct ScenarioPersona *next;
	Str name;
	const YamlNode *node;
	const char *file;
} ScenarioPersona;

typedef struct ScenarioReader {
	Cli *cli;
	ScenarioSet *set;
	const char *file;
	int64_t at_us; // of scenarios that do not say; 0: none
	ScenarioPersona *personas;
} ScenarioReader;

// A failure at a node: "FILE:LINE:COLUMN: …".
Err scenario_refuse(const ScenarioReader *reader, const YamlNode *node, Err id, const char *fmt, ...)
        __attribute__((format(printf, 4, 5)));
// Refuses members that are not among `allowed`, which ends in NULL.
Err scenario_members(const ScenarioReader *reader, const YamlNode *node, const char *const *allowed);
// The text of a scalar member; NULL if there is none.
Err scenario_text(const ScenarioReader *reader, const YamlNode *mapping, const char *name, const char **ret);
// The node as JSON, kept as long as the set.
Err scenario_json(const ScenarioReader *reader, const YamlNode *node, const json_t **ret);
// A list of texts, or one text that stands for a list of one; numbers count as they are written.
Err scenario_texts(const ScenarioReader *reader, const YamlNode *node, const json_t **ret);
// One scenario, its cases' columns replaced, but for its name.
Err scenario_read(ScenarioReader *reader, const YamlNode *node, Scenario *ret);
// A time, such as 2026-06-01T09:00:00Z.
Err scenario_time(const ScenarioReader *reader, const YamlNode *node, int64_t *ret);

// --- a table of cases (cases.c) ---

// `node` with each column's name, where it stands as <name>, replaced by what the row has for it.
Err scenario_case(ScenarioReader *reader, const YamlNode *node, const YamlNode *columns, const YamlNode *row,
        const YamlNode **ret);

// --- steps (step.c) ---

Err scenario_visitor(const ScenarioReader *reader, const YamlNode *node, ScenarioVisitor *ret);
Err scenario_past(const ScenarioReader *reader, const YamlNode *node, Scenario *ret);
Err scenario_step(const ScenarioReader *reader, const YamlNode *node, ScenarioStep *ret);
// What is asked of points by the members offers or point, max, filter and across of a mapping.
Err scenario_points(
        const ScenarioReader *reader, const YamlNode *mapping, const YamlNode *points, ScenarioStep *ret);

// --- expectations (expect.c, judge.c) ---

enum { LOOK_OFFERS = 1, LOOK_VISITOR = 2, LOOK_STATE = 4, LOOK_REFUSAL = 8 };

Err scenario_expects(const ScenarioReader *reader, const YamlNode *node, Expectations *ret);
// What has to be looked at to judge them: LOOK_*.
unsigned expectations_look(const Expectations *expects);

// What was seen.
typedef struct Seen {
	const json_t *points;     // PointOffers of the last question; NULL: there was none
	const json_t *segments;   // names
	const json_t *attributes; // {name: value}
	const json_t *state;      // [{offer, kind, count, …}]
	const char *refused;      // why the step was refused; empty: it was not
} Seen;

// Appends {line, what, expected, got, why} to `failures` for each that is not met; `why` is a list of texts.
void expectations_judge(const Expectations *expects, const Seen *seen, Arena *arena, json_t *failures);

// --- running ---

struct Coverage;

// One who plays the other side of a scenario.
typedef struct ScenarioStage {
	Cli *cli;
	const struct Parley__Snapshot__V1__Snapshot *snapshot;
	const char *digest;
	struct Rehearser *rehearser; // NULL: live
	struct Coverage *coverage;
	int64_t now_us; // when scenarios happen that do not say
} ScenarioStage;

// {name, family, file, line, result: passed, failed or skipped, failures or why}. A new reference. Fails only
// if no scenario can be run.
Err scenario_run(const ScenarioStage *stage, const Scenario *scenario, json_t **ret);
