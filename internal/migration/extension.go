package migration

import "regexp"

// images are what the publishers of extensions offer with the extension in it, for PostgreSQL 17
// (https://hub.docker.com/r/pgvector/pgvector, …/r/postgis/postgis, …/r/timescale/timescaledb and so on).
var images = map[string]string{
	"vector":              "pgvector/pgvector:pg17",
	"postgis":             "postgis/postgis:17-3.5",
	"postgis_topology":    "postgis/postgis:17-3.5",
	"timescaledb":         "timescale/timescaledb:latest-pg17",
	"timescaledb_toolkit": "timescale/timescaledb-ha:pg17",
	"vectorscale":         "timescale/timescaledb-ha:pg17",
	"citus":               "citusdata/citus:13",
	"pg_search":           "paradedb/paradedb:latest-pg17",
	"age":                 "apache/age:release_PG17_1.6.0",
}

// ImageWith names a container image that has an extension, or is empty where none is known.
func ImageWith(extension string) string { return images[extension] }

// absentExtension is how the server says that it lacks an extension (src/backend/commands/extension.c).
var absentExtension = regexp.MustCompile(`extension "([^"]+)" is not available|extension control file ".*/([^/"]+)\.control"`)

// extensionRemedy is what to do about an extension that the throwaway server lacks; empty where the message is of none.
func extensionRemedy(message string) string {
	m := absentExtension.FindStringSubmatch(message)
	if m == nil {
		return ""
	}
	if image := ImageWith(m[1] + m[2]); image != "" {
		return "name an image that has the extension with `postgres-image`, such as " + image
	}
	return "name an image that has the extension with `postgres-image`"
}
