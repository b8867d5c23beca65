# shellcheck shell=bash
# PostgreSQL for one machine: a private cluster that listens on a socket in a folder that only its user may enter, and in it
# the design server's database and one profile database an environment. Whoever can reach the socket is trusted; what each
# role may do there is PostgreSQL's to enforce. Needs process.sh. Sourced, never run.

postgres_bin=/usr/lib/postgresql/15/bin
design_reader=parley_reader   # analysts': may read the history
profile_reader=profile_reader # the runtimes' read-only login
profile_owner=profile_owner   # the data administrator's

# postgres_make FOLDER: the cluster, once. The folder is the service user's.
postgres_make()
{
	[ ! -f "$1/made" ] || return 0
	rm -rf "$1/data"
	as_service "$postgres_bin/initdb" -D "$1/data" -U parley -A trust --locale=C.UTF-8 -E UTF8 --no-instructions || return
	as_service tee -a "$1/data/postgresql.conf" >/dev/null <<-CONF || return
		listen_addresses = ''
		unix_socket_directories = '$1'
		unix_socket_permissions = 0700
		max_connections = 80
		shared_buffers = 64MB
		log_timezone = 'UTC'
		timezone = 'UTC'
	CONF
	as_service touch "$1/made"
}

postgres_running()
{
	[ -f "$1/made" ] && as_service "$postgres_bin/pg_isready" -q -h "$1"
}

# Whether its process lives. The pid file alone does not tell.
postgres_alive()
{
	local pid
	{ read -r pid <"$1/data/postmaster.pid"; } 2>/dev/null && [ -n "$(process_birth "$pid")" ]
}

postgres_start()
{
	! postgres_running "$1" || return 0
	# A dead one's pid file would stop the start where nobody reaps dead processes, as in many containers.
	postgres_alive "$1" || rm -f "$1/data/postmaster.pid"
	as_service "$postgres_bin/pg_ctl" -D "$1/data" -w -t 60 -s -l "$1/log" start </dev/null || {
		tail -n 20 "$1/log"
		return 1
	}
}

postgres_stop()
{
	! postgres_alive "$1" || as_service "$postgres_bin/pg_ctl" -D "$1/data" -w -t 30 -s -m fast stop ||
		as_service "$postgres_bin/pg_ctl" -D "$1/data" -w -t 10 -s -m immediate stop
}

# sql SOCKET-FOLDER DATABASE [psql-option…]: runs what stands on standard input, as the superuser.
sql()
{
	local socket=$1 database=$2
	shift 2
	(cd / && as_service "$postgres_bin/psql" -X -q -v ON_ERROR_STOP=1 -h "$socket" -U parley -d "$database" "$@")
}

database_make()
{
	local known
	known=$(sql "$1" postgres -At -c "SELECT 1 FROM pg_database WHERE datname = '$2'")
	[ -n "$known" ] || sql "$1" postgres -c "CREATE DATABASE \"$2\" OWNER \"$3\""
}

role_make()
{
	local known
	known=$(sql "$1" postgres -At -c "SELECT 1 FROM pg_roles WHERE rolname = '$2'")
	[ -n "$known" ] || sql "$1" postgres -c "CREATE ROLE \"$2\" LOGIN"
}

# databases_make SOCKET-FOLDER ENVIRONMENT…: databases and roles; again is harmless. The runtimes' login can read, in its
# transactions as by its grants, and nothing else.
databases_make()
{
	local socket=$1 environment
	shift
	role_make "$socket" parley_design || return
	role_make "$socket" parley_ingest || return
	role_make "$socket" "$design_reader" || return
	sql "$socket" postgres -c "ALTER ROLE $design_reader SET default_transaction_read_only = on" || return
	role_make "$socket" parley_owner || return
	sql "$socket" postgres -c "GRANT parley_design TO parley_owner" || return
	role_make "$socket" "$profile_owner" || return
	role_make "$socket" "$profile_reader" || return
	sql "$socket" postgres -c "ALTER ROLE $profile_reader SET default_transaction_read_only = on" || return
	database_make "$socket" parley_design parley_owner || return
	sql "$socket" postgres <<-SQL || return
		REVOKE ALL ON DATABASE parley_design FROM PUBLIC;
		GRANT CONNECT ON DATABASE parley_design TO parley_design, parley_ingest, $design_reader;
	SQL
	for environment in "$@"; do
		database_make "$socket" "profiles_$environment" "$profile_owner" || return
		sql "$socket" "profiles_$environment" <<-SQL || return
			REVOKE ALL ON DATABASE "profiles_$environment" FROM PUBLIC;
			GRANT CONNECT ON DATABASE "profiles_$environment" TO $profile_reader;
			ALTER SCHEMA public OWNER TO $profile_owner;
			GRANT USAGE ON SCHEMA public TO $profile_reader;
			ALTER DEFAULT PRIVILEGES FOR ROLE $profile_owner IN SCHEMA public GRANT SELECT ON TABLES TO $profile_reader;
		SQL
	done
}
