package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// File is the name of the settings file at the repository's top.
const File = "headgate.yaml"

// Sources is where values come from, the strongest first: Flags, Inputs, then YAML.
type Sources struct {
	// Flags are those that were given on the command line.
	Flags map[string][]string
	// Environ is the environment, in which an action finds its inputs as INPUT_NAME=value.
	Environ []string
	// YAML is the text of headgate.yaml, nil if there is none.
	YAML []byte
}

// Load makes the config. Every error is wrong usage and names the place of the wrong value.
func Load(settings []Setting, s Sources) (*Config, error) {
	inputs, err := inputs(settings, s.Environ)
	if err != nil {
		return nil, err
	}
	file, err := fileValues(settings, s.YAML)
	if err != nil {
		return nil, err
	}
	c := &Config{}
	for _, setting := range settings {
		values, from := s.Flags[setting.Name], "--"
		if len(values) == 0 {
			values, from = inputs[setting.Name], "input "
		}
		if len(values) == 0 {
			values, from = file[setting.Name], File+": "
		}
		if len(values) == 0 && setting.Default != "" {
			values = []string{setting.Default}
		}
		for _, v := range values {
			if err := setting.put(c, v); err != nil {
				return nil, fmt.Errorf("%s%w", from, err)
			}
		}
	}
	return c, nil
}

// Names are the settings' names, for errors.
func names(settings []Setting) string {
	list := make([]string, len(settings))
	for i, s := range settings {
		list[i] = s.Name
	}
	return strings.Join(list, ", ")
}

// inputs reads an action's inputs. The runner makes INPUT_POSTGRES-VERSION of postgres-version, and sets an input
// that was left out to the empty string. An action in a container has two inputs of the runner's own.
func inputs(settings []Setting, environ []string) (map[string][]string, error) {
	values := map[string][]string{}
	for _, entry := range environ {
		key, value, _ := strings.Cut(entry, "=")
		key, isInput := strings.CutPrefix(key, "INPUT_")
		name := strings.ToLower(key)
		if !isInput || name == "args" || name == "entrypoint" {
			continue
		}
		at := slices.IndexFunc(settings, func(s Setting) bool { return s.Name == name })
		if at < 0 {
			return nil, fmt.Errorf("there is no input %q; the inputs are %s", name, names(settings))
		}
		if settings[at].Many {
			for line := range strings.Lines(value) {
				if line = strings.TrimSpace(line); line != "" {
					values[name] = append(values[name], line)
				}
			}
		} else if value = strings.TrimSpace(value); value != "" {
			values[name] = []string{value}
		}
	}
	return values, nil
}

// fileValues reads headgate.yaml: a map of the settings' names to a value, or to a list where the setting is one.
func fileValues(settings []Setting, text []byte) (map[string][]string, error) {
	raw, err := decode(text)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", File, err)
	}
	values := map[string][]string{}
	for name, value := range raw {
		at := slices.IndexFunc(settings, func(s Setting) bool { return s.Name == name })
		if at < 0 {
			return nil, fmt.Errorf("%s: there is no setting %q; the settings are %s", File, name, names(settings))
		}
		list, isList := value.([]any)
		switch {
		case value == nil:
			continue
		case !isList:
			list = []any{value}
		case !settings[at].Many:
			return nil, fmt.Errorf("%s: %s takes one value, not a list", File, name)
		}
		for _, v := range list {
			switch v.(type) {
			case string, bool, int64, uint64, float64:
				values[name] = append(values[name], fmt.Sprint(v))
			default:
				return nil, fmt.Errorf("%s: %s has a value that is neither text nor a number", File, name)
			}
		}
	}
	return values, nil
}

// decode reads the YAML map. Aliases are refused, since a few lines of them stand for any amount of memory.
func decode(text []byte) (map[string]any, error) {
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, err
	}
	for _, document := range file.Docs {
		if document.Body != nil && len(ast.Filter(ast.AliasType, document.Body)) > 0 {
			return nil, errors.New("it has an alias (*name); write the value out")
		}
	}
	raw := map[string]any{}
	if err := yaml.NewDecoder(bytes.NewReader(text)).Decode(&raw); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return raw, nil
}

// repositoryPath checks that a path stays in the repository and cleans it.
func repositoryPath(value string) (string, error) {
	clean := path.Clean(strings.ReplaceAll(value, `\`, "/"))
	if !fs.ValidPath(clean) {
		return "", fmt.Errorf("%q is not inside the repository; write it from the repository's top, such as db/migrations", value)
	}
	return clean, nil
}

func setCode(c *Config, value string) error {
	if !doublestar.ValidatePattern(strings.TrimPrefix(value, "!")) {
		return fmt.Errorf("%q is no valid pattern; write one such as store/**/*.go", value)
	}
	c.Code = append(c.Code, strings.TrimPrefix(value, "./"))
	return nil
}

// Reads tells whether the code patterns take in a file: one of the patterns without ! does, or there are none, and none of
// those with ! does. A pattern that names a folder takes in all that is in it.
func (c *Config) Reads(file string) bool {
	taken, anyTaking := false, false
	for _, pattern := range c.Code {
		leaveOut, isOut := strings.CutPrefix(pattern, "!")
		if isOut {
			if matches(leaveOut, file) {
				return false
			}
			continue
		}
		anyTaking = true
		taken = taken || matches(pattern, file)
	}
	return taken || !anyTaking
}

// Contracts tells whether the setting says of a migration that it runs after the code is live.
func (c *Config) Contracts(file string) bool {
	return slices.ContainsFunc(c.Contract, func(pattern string) bool { return matches(pattern, file) })
}

func matches(pattern, file string) bool {
	pattern = strings.TrimSuffix(pattern, "/")
	return doublestar.MatchUnvalidated(pattern, file) || doublestar.MatchUnvalidated(pattern+"/**", file)
}
