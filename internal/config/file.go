package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// File is the name of the settings file at the repository's top.
const File = "headgate.yaml"

// file is what headgate.yaml says: a map of the settings' names to a value, or to a list where the setting is one. Under
// services each name has such a map of its own.
type file struct {
	values   map[string][]string
	services []service
}

type service struct {
	name   string
	values map[string][]string
}

// servicesKey is the key of headgate.yaml that is no setting.
const servicesKey = "services"

// serviceName is what a service can be called: its name stands in file names, in a workflow's matrix and in messages.
var serviceName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

func readFile(settings []Setting, text []byte) (f file, err error) {
	raw, err := decode(text)
	if err != nil {
		return f, fmt.Errorf("%s cannot be read: %w", File, err)
	}
	var services any
	raw = slices.DeleteFunc(raw, func(item yaml.MapItem) bool {
		if item.Key != servicesKey {
			return false
		}
		services = item.Value
		return true
	})
	if f.values, err = readValues(settings, raw, File); err != nil || services == nil {
		return f, err
	}
	for _, s := range settings {
		if s.Scope == Own && len(f.values[s.Name]) > 0 {
			return f, fmt.Errorf("%s: %s is about one service; set it under %s", File, s.Name, servicesKey)
		}
	}
	named, ok := services.(yaml.MapSlice)
	if !ok || len(named) == 0 {
		return f, fmt.Errorf("%s: %s is a map of names to settings, such as billing: {migrations: billing/migrations}", File, servicesKey)
	}
	for _, item := range named {
		one, err := readService(settings, item)
		if err != nil {
			return f, err
		}
		f.services = append(f.services, one)
	}
	return f, nil
}

func readService(settings []Setting, item yaml.MapItem) (s service, err error) {
	s.name = fmt.Sprint(item.Key)
	if !serviceName.MatchString(s.name) {
		return s, fmt.Errorf("%s: %s: %q is no name of a service; it has letters, digits and the signs . _ -", File, servicesKey, s.name)
	}
	place := fmt.Sprintf("%s: service %s", File, s.name)
	raw, ok := item.Value.(yaml.MapSlice)
	if !ok && item.Value != nil {
		return s, fmt.Errorf("%s: it is no map of settings, such as {migrations: %s/migrations}", place, s.name)
	}
	if s.values, err = readValues(settings, raw, place); err != nil {
		return s, err
	}
	for _, setting := range settings {
		if setting.Scope == Run && len(s.values[setting.Name]) > 0 {
			return s, fmt.Errorf("%s: %s is about the whole run; set it at the top of the file, or on the command line", place, setting.Name)
		}
	}
	return s, nil
}

// readValues reads one map of settings. The place is for errors.
func readValues(settings []Setting, raw yaml.MapSlice, place string) (map[string][]string, error) {
	values := map[string][]string{}
	for _, item := range raw {
		name := fmt.Sprint(item.Key)
		at := slices.IndexFunc(settings, func(s Setting) bool { return s.Name == name })
		if at < 0 {
			return nil, fmt.Errorf("%s: there is no setting %q; the settings are %s", place, name, names(settings))
		}
		list, isList := item.Value.([]any)
		switch {
		case item.Value == nil:
			continue
		case !isList:
			list = []any{item.Value}
		case !settings[at].Many:
			return nil, fmt.Errorf("%s: %s takes one value, not a list", place, name)
		}
		for _, v := range list {
			switch v.(type) {
			case string, bool, int64, uint64, float64:
				values[name] = append(values[name], fmt.Sprint(v))
			default:
				return nil, fmt.Errorf("%s: %s has a value that is neither text nor a number", place, name)
			}
		}
	}
	return values, nil
}

// decode reads the YAML map. Aliases are refused, since a few lines of them stand for any amount of memory.
func decode(text []byte) (raw yaml.MapSlice, err error) {
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, err
	}
	for _, document := range file.Docs {
		if document.Body != nil && len(ast.Filter(ast.AliasType, document.Body)) > 0 {
			return nil, errors.New("it has an alias (*name); write the value out")
		}
	}
	if err := yaml.NewDecoder(bytes.NewReader(text), yaml.UseOrderedMap()).Decode(&raw); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return raw, nil
}
