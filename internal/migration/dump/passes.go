package dump

import (
	"regexp"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/headgate/headgate/internal/migration"
	"github.com/headgate/headgate/internal/sqltext"
)

// settings are those that pg_dump sets at the head of a dump and that a server of another version may not know
// (_doSetFixedOutputState and _selectTableAccessMethod in src/bin/pg_dump/pg_backup_archiver.c).
var settings = []string{
	"statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "transaction_timeout", "client_encoding",
	"standard_conforming_strings", "check_function_bodies", "xmloption", "client_min_messages", "row_security", "default_tablespace",
	"default_table_access_method", "default_with_oids", "escape_string_warning",
}

// handsOver is how the server refuses to give an object to a role that whoever loads the dump is no member of (check_can_set_role, and
// before version 16 check_is_member_of_role, in src/backend/utils/adt/acl.c), or one of an owner that is somebody else
// (aclcheck_error in src/backend/catalog/aclchk.c).
var handsOver = regexp.MustCompile(`^must be (able to SET ROLE|member of role|owner of) `)

// missingRole is how the server says that there is no role of a name (get_role_oid in src/backend/utils/adt/acl.c). Where the roles can be made,
// Target.Provide has done it before.
var missingRole = regexp.MustCompile(`^role ".+" does not exist$`)

// schemaMade is the name of the schema that a statement makes, empty for any other statement.
func schemaMade(sql string) string {
	e := migration.SQL(sql, 1)
	if len(e) < 3 || e[0].Text != "create" || e[1].Text != "schema" || e[2].Text == "if" {
		return ""
	}
	return sqltext.Unquote(e[2].Text)
}

// passes tells which refusals of a statement people live with who load a dump as an ordinary role: of what says no word of
// the schema's shape (settings of a newer pg_dump, owners, privileges, comments on what a superuser has made) and of a
// schema that is there: public, which a new database has, and those of extensions that only a superuser may make and that
// were made before. It is nil for all other statements.
func passes(sql string) func(*pgconn.PgError) bool {
	var words []string
	for _, t := range migration.SQL(sql, 1) {
		words = append(words, t.Text)
	}
	is := func(want ...string) bool { return len(words) >= len(want) && slices.Equal(words[:len(want)], want) }
	code := func(want string) func(*pgconn.PgError) bool {
		return func(e *pgconn.PgError) bool { return e.Code == want }
	}
	noRole := func(e *pgconn.PgError) bool { return e.Code == "42704" && missingRole.MatchString(e.Message) }
	switch {
	case is("set") && len(words) > 1 && slices.Contains(settings, words[1]):
		return code("42704") // undefined_object
	case is("create", "schema"):
		return code("42P06") // duplicate_schema
	case is("comment", "on", "extension"), is("comment", "on", "schema", "public"):
		return code("42501") // insufficient_privilege
	case is("grant"), is("revoke"), is("alter", "default", "privileges"):
		return func(e *pgconn.PgError) bool { return e.Code == "42501" || noRole(e) }
	case is("alter") && len(words) > 4 && slices.Equal(words[len(words)-4:len(words)-2], []string{"owner", "to"}):
		return func(e *pgconn.PgError) bool {
			return e.Code == "42501" && handsOver.MatchString(e.Message) || noRole(e)
		}
	}
	return nil
}
