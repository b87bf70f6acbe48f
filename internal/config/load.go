package config

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// Sources is where values come from, the strongest first: Flags, Inputs, then YAML.
type Sources struct {
	// Flags are those that were given on the command line.
	Flags map[string][]string
	// Environ is the environment, in which an action finds its inputs as INPUT_NAME=value.
	Environ []string
	// YAML is the text of headgate.yaml, nil if there is none.
	YAML []byte
}

// Given makes the config of what the command line and the inputs say by themselves. Every error is wrong usage and names the
// place of the wrong value.
func Given(settings []Setting, s Sources) (*Config, error) {
	inputs, err := inputs(settings, s.Environ)
	if err != nil {
		return nil, err
	}
	return fill(settings, []layer{{s.Flags, "--"}, {inputs, "input "}})
}

// Load makes the config of each service that headgate.yaml names, in its order, or the one of a repository that is a single
// service. Which of them the run was asked about, Asked tells. Errors are as in Given.
func Load(settings []Setting, s Sources) ([]*Config, error) {
	inputs, err := inputs(settings, s.Environ)
	if err != nil {
		return nil, err
	}
	file, err := readFile(settings, s.YAML)
	if err != nil {
		return nil, err
	}
	given := []layer{{s.Flags, "--"}, {inputs, "input "}}
	top := layer{file.values, File + ": "}
	if len(file.services) == 0 {
		c, err := fill(settings, append(given, top))
		if err == nil && len(c.Only) > 0 {
			err = fmt.Errorf("service: %s names no services; list them there under `services`", File)
		}
		return []*Config{c}, err
	}
	var all []*Config
	for _, service := range file.services {
		own := layer{service.values, fmt.Sprintf("%s: service %s: ", File, service.name)}
		c, err := fill(settings, append(slices.Clone(given), own, top))
		if err != nil {
			return nil, err
		}
		c.Service = service.name
		all = append(all, c)
	}
	return all, checkServices(settings, given, all)
}

// checkServices holds what was asked for against the services that there are.
func checkServices(settings []Setting, given []layer, all []*Config) error {
	for _, name := range all[0].Only {
		if !slices.ContainsFunc(all, func(c *Config) bool { return c.Service == name }) {
			known := make([]string, len(all))
			for i, c := range all {
				known[i] = c.Service
			}
			return fmt.Errorf("service: %s names no service %q; it names %s", File, name, strings.Join(known, ", "))
		}
	}
	if len(all) == 1 || len(all[0].Only) == 1 {
		return nil
	}
	for _, s := range settings {
		for _, l := range given {
			if s.Scope == Own && len(l.values[s.Name]) > 0 {
				return fmt.Errorf("%s%s is about one service, and %s names %d; set it there, or say which with --service", l.from, s.Name, File, len(all))
			}
		}
	}
	return nil
}

// Asked tells whether the run was asked about the config's service.
func (c *Config) Asked() bool { return len(c.Only) == 0 || slices.Contains(c.Only, c.Service) }

// layer is values of one source, and how an error names the source.
type layer struct {
	values map[string][]string
	from   string
}

// fill makes a config of layers, the strongest first.
func fill(settings []Setting, layers []layer) (*Config, error) {
	c := &Config{}
	for _, setting := range settings {
		var values []string
		from := ""
		for _, l := range layers {
			if values, from = l.values[setting.Name], l.from; len(values) > 0 {
				break
			}
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
