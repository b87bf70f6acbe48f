package liquibase

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// node is an entry of a changelog in XML, YAML or JSON.
type node struct {
	name       string
	line       int // from 1
	attributes map[string]string
	children   []*node
}

func newNode(name string, line int) *node {
	return &node{name: name, line: line, attributes: map[string]string{}}
}

// Limits of a changelog, which by hand has some hundreds of entries.
const (
	largestChangelog = 4 << 20 // bytes
	deepestChangelog = 40
)

// rootName is the root element of a changelog.
const rootName = "databaseChangeLog"

// isChangelog tells by a file's name and its beginning whether it can be a changelog that is no SQL.
func isChangelog(name string, beginning []byte) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".xml":
		return bytes.Contains(beginning, []byte("<"+rootName)) || bytes.Contains(beginning, []byte(":"+rootName))
	case ".yaml", ".yml", ".json":
		return bytes.Contains(beginning, []byte(rootName))
	}
	return false
}

// parseChangelog reads a changelog in XML, YAML or JSON.
func parseChangelog(name string, text []byte) (*node, error) {
	if len(text) > largestChangelog {
		return nil, fmt.Errorf("it is longer than %d MiB", largestChangelog>>20)
	}
	if strings.EqualFold(path.Ext(name), ".xml") {
		return parseXML(text)
	}
	return parseYAML(text) // of which JSON is a part, for Liquibase as well
}

func parseXML(text []byte) (root *node, err error) {
	d := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	var stack []*node
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) && root != nil && len(stack) == 0 {
			return root, nil
		}
		if errors.Is(err, io.EOF) {
			return nil, errors.New("it has no element " + rootName)
		}
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			line, _ := d.InputPos()
			n := newNode(t.Name.Local, line)
			for _, a := range t.Attr {
				n.attributes[a.Name.Local] = a.Value
			}
			switch {
			case len(stack) > 0:
				above := stack[len(stack)-1]
				above.children = append(above.children, n)
			case root != nil || n.name != rootName:
				return nil, fmt.Errorf("its element is %s, not %s", n.name, rootName)
			default:
				root = n
			}
			if stack = append(stack, n); len(stack) > deepestChangelog {
				return nil, errors.New("it is nested too deeply")
			}
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		}
	}
}

func parseYAML(text []byte) (*node, error) {
	if err := unreadable(text); err != nil {
		return nil, err
	}
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, errors.New(strings.SplitN(err.Error(), "\n", 2)[0])
	}
	for _, document := range file.Docs {
		for _, entry := range mapping(document.Body) {
			if keyOf(entry) != rootName {
				continue
			}
			root := newNode(rootName, entry.Key.GetToken().Position.Line)
			if entry.Value == nil || entry.Value.Type() == ast.NullType {
				return root, nil
			}
			list, ok := entry.Value.(*ast.SequenceNode)
			if !ok {
				return nil, errors.New(rootName + " is no list of entries")
			}
			for _, value := range list.Values {
				if err := root.addYAML(value, 1); err != nil {
					return nil, err
				}
			}
			return root, nil
		}
	}
	return nil, errors.New("it has no entry " + rootName)
}

// unreadable looks at the text itself, before a parser that calls itself does. Liquibase's reader takes no tabs before a token.
func unreadable(text []byte) error {
	depth, number := 0, 0
	for line := range bytes.Lines(text) {
		number++
		if rest := bytes.TrimLeft(line, " "); len(rest) > 0 && rest[0] == '\t' && len(bytes.TrimSpace(rest)) > 0 {
			return fmt.Errorf("line %d begins with a tab, which YAML does not take, nor Liquibase in JSON", number)
		}
		if indent := len(line) - len(bytes.TrimLeft(line, " -?:")); indent > 4*deepestChangelog && len(bytes.TrimSpace(line)) > 0 {
			return errors.New("it is nested too deeply")
		}
		for _, c := range line {
			switch c {
			case '[', '{':
				depth++
			case ']', '}':
				depth = max(depth-1, 0)
			}
		}
		if depth > deepestChangelog {
			return errors.New("it is nested too deeply")
		}
	}
	return nil
}

// addYAML takes in the entries of a list's item, or the keys of an entry.
func (n *node) addYAML(value ast.Node, depth int) error {
	if depth > deepestChangelog {
		return errors.New("it is nested too deeply")
	}
	if value != nil && (value.Type() == ast.AliasType || value.Type() == ast.AnchorType) {
		return errors.New("it has an anchor or an alias, which is not followed here")
	}
	for _, entry := range mapping(value) {
		key, line := keyOf(entry), entry.Key.GetToken().Position.Line
		switch inner := entry.Value.(type) {
		case *ast.MappingNode, *ast.MappingValueNode:
			child := newNode(key, line)
			n.children = append(n.children, child)
			if err := child.addYAML(inner, depth+1); err != nil {
				return err
			}
		case *ast.SequenceNode:
			child := newNode(key, line)
			n.children = append(n.children, child)
			for _, item := range inner.Values {
				if err := child.addYAML(item, depth+1); err != nil {
					return err
				}
			}
		case *ast.AliasNode, *ast.AnchorNode:
			return errors.New("it has an anchor or an alias, which is not followed here")
		default:
			n.attributes[key] = scalar(inner)
		}
	}
	return nil
}

func mapping(value ast.Node) []*ast.MappingValueNode {
	switch v := value.(type) {
	case *ast.MappingNode:
		return v.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{v}
	}
	return nil
}

func keyOf(entry *ast.MappingValueNode) string {
	if entry.Key == nil || entry.Key.GetToken() == nil {
		return ""
	}
	return entry.Key.GetToken().Value
}

func scalar(value ast.Node) string {
	switch v := value.(type) {
	case *ast.StringNode:
		return v.Value
	case *ast.LiteralNode:
		return v.Value.Value
	case nil, *ast.NullNode:
		return ""
	}
	if t := value.GetToken(); t != nil && t.Type != token.UnknownType {
		return t.Value
	}
	return ""
}
