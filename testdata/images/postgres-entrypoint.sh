#!/usr/bin/env bash
# docker-entrypoint.sh of the official postgres image, as far as Headgate relies on it: the same environment variables,
# the same first start (initdb, a temporary server on the socket alone, /docker-entrypoint-initdb.d, a restart), and the
# same drop from root to the postgres user.
set -Eeuo pipefail

die() {
	printf 'Error: %s\n' "$*" >&2
	exit 1
}

# file_env NAME [DEFAULT] takes NAME from the environment or from the file that NAME_FILE names.
file_env() {
	local name=$1 file="${1}_FILE" value=${2-}
	if [ -n "${!name-}" ] && [ -n "${!file-}" ]; then
		die "both $name and $file are set, but they exclude each other"
	fi
	if [ -n "${!name-}" ]; then
		value=${!name}
	elif [ -n "${!file-}" ]; then
		value=$(<"${!file}")
	fi
	export "$name=$value"
	unset "$file"
}

init_database() {
	file_env POSTGRES_USER postgres
	file_env POSTGRES_PASSWORD
	file_env POSTGRES_DB "$POSTGRES_USER"
	file_env POSTGRES_INITDB_ARGS
	if [ -z "$POSTGRES_PASSWORD" ] && [ "${POSTGRES_HOST_AUTH_METHOD-}" != trust ]; then
		die 'Database is uninitialized and superuser password is not specified.
       You must specify POSTGRES_PASSWORD to a non-empty value for the
       superuser, or POSTGRES_HOST_AUTH_METHOD=trust to let anyone in.'
	fi

	# POSTGRES_INITDB_ARGS is a command line by contract, so it is split on purpose.
	eval "initdb --username=\"\$POSTGRES_USER\" --pwfile=<(printf '%s\n' \"\$POSTGRES_PASSWORD\") $POSTGRES_INITDB_ARGS"

	local auth=${POSTGRES_HOST_AUTH_METHOD:-$(postgres -C password_encryption)}
	printf '\nhost all all all %s\n' "$auth" >>"$PGDATA/pg_hba.conf"

	# No TCP until all is set up: a client that gets an answer must find its database.
	PGUSER=$POSTGRES_USER pg_ctl -D "$PGDATA" -o "$(printf '%q ' "${@:2}" -c listen_addresses= -p 5432)" -w start

	export PGPASSWORD=${PGPASSWORD:-$POSTGRES_PASSWORD}
	local -a psql=(psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --no-password --no-psqlrc)
	if [ "$POSTGRES_DB" != postgres ]; then
		"${psql[@]}" --dbname postgres --set db="$POSTGRES_DB" <<<'CREATE DATABASE :"db"'
	fi
	psql+=(--dbname "$POSTGRES_DB")
	local script
	for script in /docker-entrypoint-initdb.d/*; do
		case $script in
		*.sh) if [ -x "$script" ]; then "$script"; else . "$script"; fi ;;
		*.sql) "${psql[@]}" -f "$script" ;;
		*.sql.gz) gunzip -c "$script" | "${psql[@]}" ;;
		esac
	done

	pg_ctl -D "$PGDATA" -m fast -w stop
	unset PGPASSWORD
	printf '\nPostgreSQL init process complete; ready for start up.\n\n'
}

# `docker run postgres -c fsync=off` means `postgres -c fsync=off`.
if [ "${1:0:1}" = - ]; then
	set -- postgres "$@"
fi

if [ "$1" = postgres ]; then
	if [ "$(id -u)" = 0 ]; then
		# A tmpfs or a volume on PGDATA arrives owned by root.
		mkdir -p "$PGDATA"
		chmod 00700 "$PGDATA"
		find "$PGDATA" \! -user postgres -exec chown postgres '{}' +
		export HOME=/var/lib/postgresql
		exec setpriv --reuid=postgres --regid=postgres --init-groups -- "${BASH_SOURCE[0]}" "$@"
	fi
	if [ ! -s "$PGDATA/PG_VERSION" ]; then
		init_database "$@"
	fi
fi

exec "$@"
