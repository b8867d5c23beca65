// parley-design: the design server and its operator's commands.
#include "admin/admin.h"
#include "base/cleanup.h"
#include "design.h"
#include "environment/environment.h"
#include "rpc/rpc.h"

#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, PASSWORD_FILE_MAX = 4096 };

typedef struct Arguments {
	const char *config, *role, *password_file;
	char **rest; // after the command
	int rest_count;
} Arguments;

static const char help[] =
        "usage: parley-design --config FILE [COMMAND]\n"
        "\n"
        "commands:\n"
        "  serve                the design server (default); ends on SIGTERM after draining\n"
        "  migrate              brings the database to this program's schema\n"
        "  user [add] NAME --role ROLE --password-file FILE | --password-stdin\n"
        "                       makes a user, or gives an existing one this role and password;\n"
        "                       roles: viewer, designer, qa, approver, administrator\n"
        "  check-config         reads the configuration and says what is wrong with it\n"
        "\n"
        "options:\n"
        "  --config FILE        YAML; default /etc/parley/design/design.yaml\n"
        "  --help-config        prints every configuration key with its meaning\n"
        "  --help-environment   the same of the deploy profiles, ENVIRONMENT/environment.yaml\n"
        "  --version, --help\n";

static Err run_serve(const Arguments *arguments, const DesignConfig *config, Arena *arena)
{
	(void)arguments;
	return design_serve(config, arena);
}

static Err run_migrate(const Arguments *arguments, const DesignConfig *config, Arena *arena)
{
	Str conninfo = config->database.owner_conninfo.len ? config->database.owner_conninfo
	                                                   : config->database.conninfo;
	int applied = 0;
	(void)arguments;
	TRY(store_migrate(arena_cstr(arena, conninfo), &applied));
	printf("%d migrations applied; the database is up to date\n", applied);
	return OK;
}

static Err read_password(const char *path, Arena *arena, Str *ret)
{
	TRY(file_read(strcmp(path, "-") == 0 ? "/dev/stdin" : path, PASSWORD_FILE_MAX, arena, ret));
	while (ret->len && (ret->ptr[ret->len - 1] == '\n' || ret->ptr[ret->len - 1] == '\r'))
		ret->len--;
	return OK;
}

static Err run_user(const Arguments *arguments, const DesignConfig *config, Arena *arena)
{
	char **names = arguments->rest;
	int count = arguments->rest_count;
	if (count == 2 && strcmp(names[0], "add") == 0) {
		names++;
		count--;
	}
	if (count != 1 || !arguments->role || !arguments->password_file)
		return err(
		        ERR_FIELD_MISSING, "user: give NAME, --role and --password-file or --password-stdin");
	Services services = {.clock = clock_system(), .config = config};
	Str password;
	TRY(read_password(arguments->password_file, arena, &password));
	services.store = store_new(arena_cstr(arena, config->database.conninfo), 1);
	if (!services.store)
		return err(ERR_NO_MEMORY, "no memory for a database connection");
	Err failed = store_check(services.store);
	if (failed == OK)
		failed = admin_set_user(&services, str(names[0]), str(arguments->role), password);
	ErrDetail why = *err_detail();
	store_free(services.store);
	if (failed != OK)
		return err_restore(&why);
	printf("user %s is %s\n", names[0], arguments->role);
	return OK;
}

static Err check_readable(Str path, Arena *arena)
{
	if (path.len && access(arena_cstr(arena, path), R_OK) != 0)
		return err_errno(ERR_CONFIG_INVALID, "cannot read " STR_FMT, STR_ARG(path));
	return OK;
}

static Err run_check_config(const Arguments *arguments, const DesignConfig *config, Arena *arena)
{
	const Str files[] = {config->tls.certificate, config->tls.key, config->tls.ca, config->builder_key,
	        config->environments};
	for (size_t i = 0; i < ARRAY_COUNT(files); i++)
		TRY(check_readable(files[i], arena));
	printf("%s: the configuration is fine\n", arguments->config);
	return OK;
}

static const struct {
	const char *name;
	Err (*run)(const Arguments *arguments, const DesignConfig *config, Arena *arena);
} commands[] = {
        {"serve", run_serve},
        {"migrate", run_migrate},
        {"user", run_user},
        {"check-config", run_check_config},
};

// *ret_exit is what to exit with if there is nothing to run.
static bool parse(int argc, char **argv, Arguments *ret, int *ret_exit)
{
	static const struct option options[] = {
	        {"config", required_argument, NULL, 'c'},
	        {"role", required_argument, NULL, 'r'},
	        {"password-file", required_argument, NULL, 'p'},
	        {"password-stdin", no_argument, NULL, 's'},
	        {"help", no_argument, NULL, 'h'},
	        {"help-config", no_argument, NULL, 'H'},
	        {"help-environment", no_argument, NULL, 'E'},
	        {"version", no_argument, NULL, 'v'},
	        {0},
	};
	int option;
	while ((option = getopt_long(argc, argv, "c:h", options, NULL)) >= 0) {
		switch (option) {
		case 'c':
			ret->config = optarg;
			continue;
		case 'r':
			ret->role = optarg;
			continue;
		case 'p':
			ret->password_file = optarg;
			continue;
		case 's':
			ret->password_file = "-";
			continue;
		case 'h':
			fputs(help, stdout);
			break;
		case 'H':
			config_print_help(design_config_fields);
			break;
		case 'E':
			environment_print_help();
			break;
		case 'v':
			puts("parley-design " PARLEY_VERSION);
			break;
		default:
			fputs("try parley-design --help\n", stderr);
			*ret_exit = EXIT_USAGE;
			return false;
		}
		*ret_exit = EXIT_OK;
		return false;
	}
	ret->rest = argv + optind;
	ret->rest_count = argc - optind;
	return true;
}

static int run(const char *command, const Arguments *arguments)
{
	CLEANUP(arena_freep) Arena *arena = arena_new(16 * 1024, 0);
	DesignConfig config = {0};
	LogLevel level;
	for (size_t i = 0; i < ARRAY_COUNT(commands); i++) {
		if (strcmp(command, commands[i].name) != 0)
			continue;
		Err failed = design_config_load(arguments->config, arena, &config);
		if (failed == OK && !log_level_parse(config.log_level, &level))
			failed = err(ERR_CONFIG_INVALID, "%s: log_level is debug, info, warn or error",
			        arguments->config);
		if (failed == OK) {
			log_init("parley-design", level);
			failed = commands[i].run(arguments, &config, arena);
		}
		if (failed == OK)
			return EXIT_OK;
		fprintf(stderr, "parley-design: %s\n", err_detail()->message);
		return EXIT_FAILED;
	}
	fprintf(stderr, "parley-design: there is no command \"%s\"; try --help\n", command);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	Arguments arguments = {.config = "/etc/parley/design/design.yaml"};
	int status = EXIT_OK;
	if (!parse(argc, argv, &arguments, &status))
		return status;
	const char *command = "serve";
	if (arguments.rest_count) {
		command = *arguments.rest++;
		arguments.rest_count--;
	}
	rpc_exit(run(command, &arguments));
}
