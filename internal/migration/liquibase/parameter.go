package liquibase

import (
	"errors"
	"strings"

	"github.com/headgate/headgate/internal/migration/script"
)

// parameters are what stands for ${name} (ChangeLogParameters.java): of the environment, then what is set globally, the first of a
// name first, then what one changelog alone has, the last first. Names are compared without regard to case.
type parameters struct {
	env    func(name string) (string, bool)
	global []parameter
	local  map[string][]parameter // by the changelog's path
}

type parameter struct{ name, value string }

func newParameters(placeholders map[string]string, env func(string) (string, bool)) *parameters {
	p := &parameters{env: env, local: map[string][]parameter{}}
	for name, value := range placeholders {
		p.global = append(p.global, parameter{name, script.OneLine(value)})
	}
	return p
}

func (p *parameters) set(name, value string, global bool, changelog string) {
	value = script.OneLine(value)
	if global {
		p.global = append(p.global, parameter{name, value})
		return
	}
	p.local[changelog] = append(p.local[changelog], parameter{name, value})
}

func (p *parameters) value(name, changelog string) (string, bool) {
	if p.env != nil {
		if value, ok := p.env(name); ok {
			return script.OneLine(value), true
		}
	}
	for _, g := range p.global {
		if strings.EqualFold(g.name, name) {
			return g.value, true
		}
	}
	own := p.local[changelog]
	for i := len(own) - 1; i >= 0; i-- {
		if strings.EqualFold(own[i].name, name) {
			return own[i].value, true
		}
	}
	return "", false
}

// A parameter's value may have parameters itself, which hostile ones repeat without end.
const (
	deepest = 50
	largest = 64 << 20 // bytes of what a text becomes
)

var errEndless = errors.New("parameters stand for one another without end, or for more than 64 MiB")

// expand puts the values in (ExpressionExpander.java). What has none stays as it is.
func (p *parameters) expand(text, changelog string) (string, error) {
	e := expander{parameters: p, changelog: changelog, left: largest}
	return e.expand(text, 0)
}

type expander struct {
	*parameters
	changelog string
	left      int // bytes
}

func (e *expander) expand(text string, depth int) (string, error) {
	if !strings.Contains(text, "${") {
		return text, nil
	}
	if depth > deepest {
		return "", errEndless
	}
	stack := []*strings.Builder{{}} // the text, and the names that are being read
	write := func(s string) { stack[len(stack)-1].WriteString(s) }
	for at := 0; at < len(text); {
		switch {
		case strings.HasPrefix(text[at:], "${"):
			stack = append(stack, &strings.Builder{})
			at += 2
		case text[at] == '}' && len(stack) > 1:
			name := stack[len(stack)-1].String()
			stack = stack[:len(stack)-1]
			value, err := e.replace(name, depth)
			if err != nil {
				return "", err
			}
			write(value)
			at++
		default:
			next := strings.IndexAny(text[at+1:], "$}")
			if next < 0 {
				next = len(text) - at - 1
			}
			write(text[at : at+1+next])
			at += 1 + next
		}
		if stack[len(stack)-1].Len() > e.left {
			return "", errEndless
		}
	}
	var b strings.Builder
	for i, part := range stack {
		if i > 0 {
			b.WriteString("${") // which nothing closes
		}
		b.WriteString(part.String())
	}
	e.left -= b.Len()
	if e.left < 0 {
		return "", errEndless
	}
	return b.String(), nil
}

// replace is what stands for ${expression}.
func (e *expander) replace(expression string, depth int) (string, error) {
	if strings.HasPrefix(expression, "${") {
		return expression, nil
	}
	value, ok := e.value(strings.TrimFunc(expression, isTrimmed), e.changelog)
	if !ok {
		return "${" + expression + "}", nil
	}
	return e.expand(value, depth+1)
}
