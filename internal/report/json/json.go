// Package json writes the JSON report, version 1: the whole result for machines. Fields are added
// to it and none is ever taken away.
package json

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/headgate/headgate/internal/gate"
	"github.com/headgate/headgate/internal/report"
)

// Format is the JSON report. It is indented by two spaces and ends with a line end.
type Format struct{}

// Name is "json".
func (Format) Name() string { return "json" }

// Write writes r. Lists are never null. Characters that would steer a terminal are written as \u
// escapes, which any reader of JSON undoes; HTML is not escaped.
func (Format) Write(w io.Writer, r *gate.Result) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(complete(*r)); err != nil {
		return fmt.Errorf("writing the JSON report: %w", err)
	}
	_, err := w.Write(escapeControls(b.Bytes()))
	return err
}

// complete is r with an empty list in place of each one that is nil, and with what its order promises.
func complete(r gate.Result) gate.Result {
	r.Promise = report.Promise(&r)
	r.Base.Heads = list(r.Base.Heads)
	r.Head.Heads = list(r.Head.Heads)
	r.Pending = list(r.Pending)
	r.Findings = list(r.Findings)
	r.Coverage.Unchecked = list(r.Coverage.Unchecked)
	r.Cells = list(r.Cells)
	if r.Timings == nil {
		r.Timings = map[string]int64{}
	}
	if len(r.Services) > 0 {
		services := make([]gate.Result, len(r.Services))
		for i, s := range r.Services {
			services[i] = complete(s)
		}
		r.Services = services
	}
	return r
}

func list[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}

// escapeControls escapes what encoding/json leaves as it is and a terminal acts on: DEL, the C1
// controls, bidirectional overrides and other invisible characters. Outside of strings JSON is
// ASCII, so all that is found stands in a string.
func escapeControls(text []byte) []byte {
	var out []byte
	done := 0
	for i := 0; i < len(text); {
		if c := text[i]; c < utf8.RuneSelf && c != 0x7f {
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		if !strconv.IsGraphic(r) {
			out = append(out, text[done:i]...)
			if r >= 0x10000 {
				high, low := utf16.EncodeRune(r)
				out = fmt.Appendf(out, `\u%04x`, high)
				r = low
			}
			out = fmt.Appendf(out, `\u%04x`, r)
			done = i + size
		}
		i += size
	}
	if out == nil {
		return text
	}
	return append(out, text[done:]...)
}
