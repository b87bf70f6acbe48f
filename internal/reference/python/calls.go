package python

import (
	"strings"

	"github.com/headgate/headgate/internal/reference"
	py "github.com/headgate/headgate/internal/syntax/python"
)

// databaseCalls are the methods and functions that hand a text to a database, with the position of the text: the DB-API (PEP 249),
// psycopg and its extras, asyncpg, aiopg, SQLAlchemy, Django, databases, pandas.
var databaseCalls = map[string]int{
	"execute": 0, "executemany": 0, "mogrify": 0, "stream": 0, "copy_expert": 0, "copy": 0,
	"fetch": 0, "fetchrow": 0, "fetchval": 0, "fetchmany": 0, "prepare": 0, "cursor": 0,
	"fetch_all": 0, "fetch_one": 0, "fetch_val": 0, "iterate": 0,
	"exec_driver_sql": 0, "scalar": 0, "scalars": 0, "exec": 0, "query": 0, "stream_scalars": 0, "from_statement": 0,
	"raw": 0, "RawSQL": 0, "read_sql": 0, "read_sql_query": 0, "execute_sql": 0,
	"execute_values": 1, "execute_batch": 1,
}

// textKeywords are the names of the argument that has the text.
var textKeywords = wordSet("query sql statement operation command raw_query")

// forPeople are the arguments whose texts are read by people.
var forPeople = wordSet(`help description title summary detail message msg doc docs label placeholder example examples tooltip comment
	docstring epilog prompt short_help verbose_name help_text error_message reason`)

// isMessage tells whether the function's arguments are messages for people.
func isMessage(on, name string) bool {
	switch name {
	case "debug", "info", "warning", "warn", "error", "exception", "critical", "log", "fatal":
		return strings.Contains(on, "log") || on == "warnings"
	case "print", "gettext", "ngettext", "_", "HTTPException", "input", "_print", "pprint":
		return on == ""
	case "echo", "secho", "add_argument", "add_parser", "flash":
		return true
	}
	return false
}

// styleOf is how placeholders are written in the text of a call; zero where that is not known.
func (r *reader) styleOf(name string, on py.Expr) reference.Placeholders {
	switch name {
	case "exec_driver_sql", "copy_expert", "copy", "mogrify", "execute_values", "execute_batch", "raw", "RawSQL":
		return reference.Percent
	case "fetch_all", "fetch_one", "fetch_val", "iterate":
		return reference.Colon
	}
	switch at := receiver(on); {
	case strings.Contains(at, "session"):
		return reference.Colon
	case strings.HasSuffix(at, "cursor"), strings.HasPrefix(at, "cur"):
		return reference.Percent
	case r.imports("psycopg"), r.imports("psycopg2"), r.imports("aiopg"), r.imports("django"):
		return reference.Percent
	}
	return 0
}

// talks tells whether a call surely hands a text to a database, whatever the text.
func (r *reader) talks(name string, on py.Expr) bool {
	if name == "exec_driver_sql" {
		return true
	}
	if name != "execute" && name != "executemany" && name != "fetchrow" && name != "fetchval" && name != "fetch" &&
		name != "execute_values" && name != "execute_batch" {
		return false
	}
	at := receiver(on)
	isCursor := strings.HasSuffix(at, "cursor") || at == "cur" || at == "curs" || at == "execute_values" || at == "execute_batch"
	driver := r.imports("psycopg") || r.imports("psycopg2") || r.imports("aiopg") || r.imports("asyncpg")
	if driver && !r.imports("sqlalchemy") {
		return isCursor || strings.Contains(at, "conn") || strings.Contains(at, "pool") || at == ""
	}
	return isCursor && (driver || r.imports("django"))
}

// imports tells whether the file imports a library.
func (r *reader) imports(library string) bool { return r.libraries[library] }
