package json

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headgate/headgate/internal/gate"
)

// TestListsAreNeverNull holds the report of an empty result, character for character.
func TestListsAreNeverNull(t *testing.T) {
	const want = `{
  "version": 1,
  "verdict": "pass",
  "order": "some-later-order",
  "base": {
    "ref": "",
    "commit": "",
    "heads": []
  },
  "head": {
    "ref": "",
    "commit": "",
    "heads": []
  },
  "pending": [],
  "findings": [],
  "coverage": {
    "files": 0,
    "references": 0,
    "checked": 0,
    "unchecked": []
  },
  "cells": [],
  "postgres": {
    "provider": "",
    "version": ""
  },
  "timings": {}
}
`
	var b bytes.Buffer
	r := gate.Result{Version: 1, Verdict: "pass", Order: "some-later-order"}
	if err := (Format{}).Write(&b, &r); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if r.Findings != nil {
		t.Error("Write changed the result")
	}
}

// FuzzStringsComeBack holds that what a reader decodes is what the result had, and that nothing in
// the text steers a terminal.
func FuzzStringsComeBack(f *testing.F) {
	for _, s := range []string{"<b> & \"q\"", "\x1b[31m\x7f\u009b\u202e\u2028\ufeff", "\U000e0041 🌲 樹", "\x00\n\r\t\\", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var b bytes.Buffer
		if err := (Format{}).Write(&b, &gate.Result{Order: s, Findings: []gate.Finding{{Message: s}}}); err != nil {
			t.Fatal(err)
		}
		var back gate.Result
		if err := json.Unmarshal(b.Bytes(), &back); err != nil {
			t.Fatalf("%v in %s", err, b.String())
		}
		want := string([]rune(s)) // each byte that is no UTF-8 is U+FFFD, as encoding/json has it
		if back.Order != want || back.Findings[0].Message != want {
			t.Errorf("%q came back as %q", s, back.Order)
		}
		if i := strings.IndexFunc(b.String(), func(r rune) bool { return r != '\n' && !strconv.IsGraphic(r) }); i >= 0 {
			t.Errorf("a control character is left in %q", b.String()[i:])
		}
	})
}
