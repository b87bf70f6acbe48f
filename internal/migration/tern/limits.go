package tern

import (
	"fmt"
	"reflect"
	"strings"
)

// limits hold down what the templates of one folder do all together: they come from a pull request.
type limits struct {
	work   int // what is left
	nested int
	env    func(name string) (string, bool)
}

const (
	mostWork = 128 << 20 // bytes written or handled
	stepCost = 200       // what a round of a loop, or the call of a function, costs besides
	mostSize = 16 << 20  // of what a function is given or gives, in bytes
	mostDeep = 200       // lists in lists
	itemSize = 16        // of an item in a list, besides its own
)

// refusal is why a template is not run to its end.
type refusal struct{ problem, remedy string }

func (r *refusal) Error() string { return r.problem }

// absent stands for data that a template asks for and that nobody gave. It counts as empty, as nothing does for tern, until
// it matters.
type absent chan struct{}

// absentError is data that are needed; names are those that could be meant.
type absentError struct{ names []string }

func (e *absentError) Error() string { return "a value is absent" }

func (e *absentError) words(names []string) (problem, remedy string) {
	if len(names) == 0 {
		return "the template writes a value that is absent", "test for it with if, or give it with `placeholders`"
	}
	lines := make([]string, len(names))
	for i, name := range names {
		lines[i] = name + "=VALUE"
	}
	return "the template needs data that no tern.conf gives: " + strings.Join(names, ", "),
		"give the data with `placeholders`, as " + strings.Join(lines, " and ") + " (an empty value counts as false)"
}

func (l *limits) spend(work int) error {
	if l.work -= work; l.work < 0 {
		return &refusal{"the templates of this folder do more work than Headgate lets them", "write the SQL out"}
	}
	return nil
}

// carrying are functions that only pass on what they are given, or that ask whether it is there.
var carrying = words(`default coalesce empty dict list tuple get set hasKey pluck keys pick omit merge mergeOverwrite mustMerge
	mustMergeOverwrite append push mustAppend mustPush prepend mustPrepend first mustFirst rest mustRest last mustLast initial mustInitial
	reverse mustReverse slice mustSlice concat dig chunk mustChunk deepCopy mustDeepCopy ternary compact mustCompact unset`)

// spelling are functions that write out all that is in what they are given.
var spelling = words(`toJson toRawJson mustToJson mustToRawJson toString toStrings print printf println quote squote cat join html js urlquery ` + guardOut)

func words(list string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(list) {
		set[word] = true
	}
	return set
}

// check looks through what a function is given, or what it gives.
func (l *limits) check(function string, fields []string, values ...any) error {
	m := measure{}
	for _, v := range values {
		if v == nil && function == guardOut {
			return &refusal{"the template writes a value that is absent, as <no value>", "give the value, or test for it with if"}
		}
		if _, gone := v.(absent); gone && !carrying[function] {
			return &absentError{fields}
		}
		if !m.add(reflect.ValueOf(v), 0) {
			return &refusal{fmt.Sprintf("the function %s is given, or gives, more than Headgate lets it", strings.TrimPrefix(function, "_")), "write the SQL out"}
		}
	}
	if m.absent && spelling[function] {
		return &absentError{fields}
	}
	return l.spend(m.size + stepCost)
}

// measure is how large values are once they are written out.
type measure struct {
	size   int
	absent bool
}

// add is false where there is too much.
func (m *measure) add(v reflect.Value, deep int) bool {
	m.size += itemSize
	if m.size > mostSize || deep > mostDeep {
		return false
	}
	switch v.Kind() {
	case reflect.String:
		m.size += v.Len()
	case reflect.Interface, reflect.Pointer:
		if !v.IsNil() {
			return m.add(v.Elem(), deep+1)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if !m.add(v.Index(i), deep+1) {
				return false
			}
		}
	case reflect.Map:
		for each := v.MapRange(); each.Next(); {
			if !m.add(each.Key(), deep+1) || !m.add(each.Value(), deep+1) {
				return false
			}
		}
	case reflect.Chan:
		m.absent = m.absent || v.Type() == reflect.TypeFor[absent]()
	}
	return m.size <= mostSize
}
