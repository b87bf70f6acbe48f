// Package reporttest holds the cases that every report format is tested on. A case is a txtar file
// in testdata: its comment says what it is about, result.json is the result, and each other file is
// what the format of that name writes.
package reporttest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/headgate/headgate/internal/gate"
)

// input is the name of the result in a case.
const input = "result.json"

// Case is one result with what the formats make of it.
type Case struct {
	Name    string
	Result  *gate.Result
	Archive *txtar.Archive
}

// finding is a finding as a case writes it: with the source line, which the JSON report does not
// have, and as often as Repeat says, each time a line further down.
type finding struct {
	gate.Finding
	Source string `json:"source"`
	Repeat int    `json:"repeat"`
}

// unchecked is a reference that was not checked, as often as Repeat says.
type unchecked struct {
	gate.Unchecked
	Repeat int `json:"repeat"`
}

// Load reads the cases of a folder. Their causes are worked out from their findings; services are put together as the gate does. No case at all is an error, so that a
// test cannot pass on an empty folder.
func Load(fsys fs.FS, dir string) ([]Case, error) {
	names, err := fs.Glob(fsys, path.Join(dir, "*.txtar"))
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s holds no case (*.txtar)", dir)
	}
	cases := make([]Case, 0, len(names))
	for _, name := range names {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		c := Case{Name: strings.TrimSuffix(path.Base(name), ".txtar"), Archive: txtar.Parse(text)}
		content, ok := c.File(input)
		if !ok {
			return nil, fmt.Errorf("%s holds no %s", name, input)
		}
		if c.Result, err = decode(content); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", name, input, err)
		}
		cases = append(cases, c)
	}
	return cases, nil
}

// File is the content of a file of the case.
func (c *Case) File(name string) ([]byte, bool) {
	for _, f := range c.Archive.Files {
		if f.Name == name {
			return f.Data, true
		}
	}
	return nil, false
}

// SetFile replaces or adds a file.
func (c *Case) SetFile(name string, data []byte) {
	for i := range c.Archive.Files {
		if c.Archive.Files[i].Name == name {
			c.Archive.Files[i].Data = data
			return
		}
	}
	c.Archive.Files = append(c.Archive.Files, txtar.File{Name: name, Data: data})
}

func decode(content []byte) (*gate.Result, error) {
	var in struct {
		gate.Result
		Findings []finding `json:"findings"`
		Coverage struct {
			gate.Coverage
			Unchecked []unchecked `json:"unchecked"`
		} `json:"coverage"`
	}
	d := json.NewDecoder(bytes.NewReader(content))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return nil, err
	}
	if d.More() {
		return nil, errors.New("more than one value")
	}
	r := in.Result
	if len(r.Services) > 0 {
		timings := r.Timings
		r = *gate.Combine(r.Services)
		r.Timings = timings
		return &r, nil
	}
	r.Coverage = in.Coverage.Coverage
	for _, f := range in.Findings {
		for i := range max(1, f.Repeat) {
			one := f.Finding
			one.Source = f.Source
			if one.Line > 0 {
				one.Line += i
				one.EndLine += i
			}
			r.Findings = append(r.Findings, one)
		}
	}
	r.Causes = gate.Causes(r.Findings)
	for _, u := range in.Coverage.Unchecked {
		for i := range max(1, u.Repeat) {
			one := u.Unchecked
			one.Line += i
			r.Coverage.Unchecked = append(r.Coverage.Unchecked, one)
		}
	}
	return &r, nil
}
