# Makes C of SQL files: queries (NAME per "-- name: NAME" line) and whole migrations, as string constants. What several
# queries of a file share stands before them after "-- part: NAME", and in each of them as a line "-- use: NAME".
# usage: awk -v header=1|0 -f embed.awk migrations/*.sql queries/*.sql
function quoted(line) {
	gsub(/\\/, "\\\\", line)
	gsub(/"/, "\\\"", line)
	return "\t\"" line "\\n\"\n"
}

function flush_query() {
	if (part != "") {
		parts[part] = text
	} else if (name != "") {
		declared = declared "extern const char sql_" name "[];\n"
		defined = defined "const char sql_" name "[] =\n" text ";\n"
	}
	name = part = text = ""
}

FNR == 1 {
	flush_query()
	delete parts
	file = FILENAME
	sub(/.*\//, "", file)
	migration = FILENAME ~ /migrations\//
	if (migration) {
		if (file !~ /^[0-9][0-9][0-9][0-9]_[a-z0-9_]+\.sql$/) {
			print "bad migration name: " FILENAME > "/dev/stderr"
			exit failed = 1
		}
		list = list (list == "" ? "" : "\t},\n") "\t{\"" file "\",\n"
	}
}

migration {
	list = list quoted($0)
	next
}

/^-- name: / {
	flush_query()
	name = $3
	next
}

/^-- part: / {
	flush_query()
	part = $3
	next
}

/^[ \t]*-- use: / {
	if (!($3 in parts)) {
		print FILENAME ":" FNR ": no part \"" $3 "\" stands before this" > "/dev/stderr"
		exit failed = 1
	}
	text = text parts[$3]
	next
}

/^[ \t]*(--.*)?$/ { next }

name != "" || part != "" {
	text = text quoted($0)
	next
}

{
	print FILENAME ":" FNR ": SQL outside a query: begin it with \"-- name: …\"" > "/dev/stderr"
	exit failed = 1
}

END {
	if (failed)
		exit 1
	flush_query()
	if (header) {
		print "// Made from ../sql by embed.awk.\n#pragma once\n#include <stddef.h>\n"
		print "typedef struct SqlMigration {\n\tconst char *name; // NNNN_name.sql\n\tconst char *sql;\n} SqlMigration;\n"
		print "extern const SqlMigration sql_migrations[]; // in order\nextern const size_t sql_migration_count;\n"
		printf "%s", declared
	} else {
		print "#include \"sql.h\"\n"
		printf "%s\n", defined
		print "const SqlMigration sql_migrations[] = {\n" list "\t},\n};"
		print "const size_t sql_migration_count = sizeof(sql_migrations) / sizeof(*sql_migrations);"
	}
}
