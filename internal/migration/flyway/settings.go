package flyway

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/goccy/go-yaml"

	"github.com/headgate/headgate/internal/migration"
)

// alias is an alias of YAML.
var alias = regexp.MustCompile(`(?m)[:\-\[,]\s+\*\w`)

// settings are those of Flyway's that decide which files are migrations and how they run, with its defaults
// (FlywayModel.java, defaults).
type settings struct {
	versionedPrefix, undoPrefix, repeatablePrefix, baselinePrefix string
	separator                                                     string
	suffixes                                                      []string
	placeholders                                                  map[string]string
	placeholderPrefix, placeholderSuffix, placeholderSeparator    string
	placeholderReplacement, executeInTransaction                  bool
	mixed, outOfOrder                                             bool
	table, defaultSchema                                          string
	schemas                                                       []string
	locations, callbackLocations                                  []string
	skipCallbacks, validateOnMigrate                              bool
	file                                                          string // that the settings are from; empty where there is none
}

func defaults() *settings {
	return &settings{
		versionedPrefix: "V", undoPrefix: "U", repeatablePrefix: "R", baselinePrefix: "B", separator: "__", suffixes: []string{".sql"},
		placeholders: map[string]string{}, placeholderPrefix: "${", placeholderSuffix: "}", placeholderSeparator: ":",
		placeholderReplacement: true, executeInTransaction: true, validateOnMigrate: true, table: "flyway_schema_history",
	}
}

// files are where a project keeps Flyway's settings, the first that is there holds: Flyway's own (which takes a TOML file
// rather than a .conf one), those of Spring Boot and of Quarkus, or those of the plugins for Maven and Gradle.
var files = []string{"flyway.toml", "conf/flyway.toml", "flyway.conf", "conf/flyway.conf", "application.properties", "application.yml", "application.yaml", "pom.xml", "build.gradle", "build.gradle.kts"}

// readSettings looks beside the migrations and in each folder above.
func readSettings(fsys fs.FS, dir string) (*settings, error) {
	for {
		for _, base := range files {
			file := path.Join(dir, base)
			text, err := fs.ReadFile(fsys, file)
			if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
				continue
			}
			if err != nil {
				return nil, err
			}
			found, err := flatten(base, text)
			if err != nil {
				return nil, &migration.Error{File: file, Line: 1, Problem: "Flyway's settings cannot be read: " + err.Error(), Remedy: "mend the file", Err: err}
			}
			if len(found) > 0 {
				s := defaults()
				s.file = file
				for key, value := range found {
					s.set(key, value)
				}
				return s, nil
			}
		}
		if dir == "." || dir == "/" || dir == "" {
			return defaults(), nil
		}
		dir = path.Dir(dir)
	}
}

// folderOfBuild is how Maven and Gradle write the folder that their file lies in.
var folderOfBuild = regexp.MustCompile(`\$\{?(project\.basedir|basedir|projectDir|rootDir|project\.projectDir)\}?/`)

// flatten reads a file's settings of Flyway by their names without "flyway.".
func flatten(base string, text []byte) (map[string]string, error) {
	found := map[string]string{}
	tree := map[string]any{}
	prefix := "flyway."
	switch path.Ext(base) {
	case ".xml":
		return maven(text), nil
	case ".gradle", ".kts":
		return gradle(string(text)), nil
	case ".toml":
		if err := toml.Unmarshal(text, &tree); err != nil {
			return nil, err
		}
	case ".yml", ".yaml":
		prefix = "spring.flyway."
		// A few lines of aliases can stand for any amount of memory.
		if alias.Match(text) || yaml.Unmarshal(text, &tree) != nil {
			return nil, nil //nolint:nilerr // another profile's document, or no YAML that concerns Flyway
		}
	default:
		if strings.HasPrefix(base, "application") {
			prefix = "spring.flyway."
		}
		for key, value := range properties(string(text)) {
			if key, ok := cutPrefix(key, prefix); ok {
				found[key] = value
			}
		}
		return found, nil
	}
	walk("", tree, func(key, value string) {
		if key, ok := cutPrefix(key, prefix); ok {
			found[key] = value
		}
	})
	return found, nil
}

// cutPrefix takes off what stands before Flyway's settings. Where that is Spring's, it can be Quarkus's too.
func cutPrefix(key, prefix string) (string, bool) {
	if key, ok := strings.CutPrefix(key, prefix); ok {
		return key, true
	}
	if prefix == "spring.flyway." {
		return strings.CutPrefix(key, "quarkus.flyway.")
	}
	return key, false
}

func walk(at string, value any, note func(key, value string)) {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			walk(strings.TrimPrefix(at+"."+key, "."), inner, note)
		}
	case []any:
		parts := make([]string, len(v))
		for i, part := range v {
			parts[i] = fmt.Sprint(part)
		}
		note(at, strings.Join(parts, ","))
	default:
		note(at, fmt.Sprint(v))
	}
}

// properties reads KEY=VALUE lines as java.util.Properties does, but for its escapes, of which names have none.
func properties(text string) map[string]string {
	found := map[string]string{}
	all := lines(text)
	for i := 0; i < len(all); i++ {
		line := strings.TrimSpace(all[i])
		for strings.HasSuffix(line, `\`) && i+1 < len(all) {
			i++
			line = strings.TrimSuffix(line, `\`) + strings.TrimSpace(all[i])
		}
		if line == "" || line[0] == '#' || line[0] == '!' {
			continue
		}
		if at := strings.IndexAny(line, "=:"); at > 0 {
			found[strings.TrimSpace(line[:at])] = strings.TrimSpace(line[at+1:])
		}
	}
	return found
}

// set takes one setting in. Spring writes the names with hyphens. A value that comes from the environment is not known here.
func (s *settings) set(key, value string) {
	value = folderOfBuild.ReplaceAllString(value, "")
	if strings.Contains(value, "${") && !strings.HasPrefix(value, "${") || strings.HasPrefix(value, "${") && strings.HasSuffix(value, "}") {
		return
	}
	if placeholder, ok := strings.CutPrefix(key, "placeholders."); ok {
		s.placeholders[placeholder] = value
		return
	}
	on := strings.EqualFold(value, "true")
	switch strings.ToLower(strings.ReplaceAll(key, "-", "")) {
	case "sqlmigrationprefix":
		s.versionedPrefix = value
	case "undosqlmigrationprefix":
		s.undoPrefix = value
	case "repeatablesqlmigrationprefix":
		s.repeatablePrefix = value
	case "baselinemigrationprefix":
		s.baselinePrefix = value
	case "sqlmigrationseparator":
		if value != "" {
			s.separator = value
		}
	case "sqlmigrationsuffixes":
		s.suffixes = list(value)
	case "placeholderprefix":
		if value != "" {
			s.placeholderPrefix = value
		}
	case "placeholdersuffix":
		if value != "" {
			s.placeholderSuffix = value
		}
	case "placeholderseparator":
		s.placeholderSeparator = value
	case "placeholderreplacement":
		s.placeholderReplacement = on
	case "executeintransaction":
		s.executeInTransaction = on
	case "mixed":
		s.mixed = on
	case "outoforder":
		s.outOfOrder = on
	case "table":
		if value != "" {
			s.table = value
		}
	case "locations":
		s.locations = list(value)
	case "callbacklocations":
		s.callbackLocations = list(value)
	case "skipdefaultcallbacks":
		s.skipCallbacks = on
	case "validateonmigrate":
		s.validateOnMigrate = on
	case "schemas":
		s.schemas = list(value)
	case "defaultschema":
		s.defaultSchema = value
	}
}

func list(value string) []string {
	var parts []string
	for part := range strings.SplitSeq(value, ",") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

// schema is the one that Flyway puts first into the search path and keeps its table in; empty where that is the connection's.
func (s *settings) schema() string {
	if s.defaultSchema != "" {
		return s.defaultSchema
	}
	if len(s.schemas) > 0 {
		return s.schemas[0]
	}
	return ""
}

// override is what stands in FILE.conf for one migration alone (SqlScriptMetadata.java).
type override struct {
	executeInTransaction, placeholderReplacement *bool
}

func readOverride(fsys fs.FS, file string) (o override, err error) {
	text, err := fs.ReadFile(fsys, file+".conf")
	if errors.Is(err, fs.ErrNotExist) {
		return o, nil
	}
	if err != nil {
		return o, err
	}
	for key, value := range properties(string(text)) {
		on := strings.EqualFold(value, "true")
		switch key {
		case "executeInTransaction":
			o.executeInTransaction = &on
		case "placeholderReplacement":
			o.placeholderReplacement = &on
		case "encoding":
		default:
			return o, &migration.Error{File: file + ".conf", Line: 1, Problem: fmt.Sprintf("the setting %.100q of one migration is not understood here", key),
				Remedy: "leave it out; executeInTransaction, placeholderReplacement and encoding are"}
		}
	}
	return o, nil
}
