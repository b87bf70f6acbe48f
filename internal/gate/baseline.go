package gate

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Baseline is the findings that stood when somebody decided to look at new ones only. "Baseline" is what such a file is
// called by PHPStan, Psalm, detekt and Android lint.
type Baseline struct {
	// File is its path from the repository's top.
	File    string
	Entries []BaselineEntry
}

// BaselineEntry is one finding of a baseline. The fingerprint alone decides; the rest is for people.
type BaselineEntry struct {
	Fingerprint string `json:"fingerprint"`
	Rule        string `json:"rule"`
	File        string `json:"file"`
	Message     string `json:"message"`
	// Line is the entry's own in the baseline.
	Line int `json:"-"`
}

// baselineVersion is the version of the file's format.
const baselineVersion = 1

// maxBaseline is how many bytes of a baseline are read: some 20,000 findings.
const maxBaseline = 8 << 20

// NewBaseline is the findings as they are. Those that cannot be ignored are left out.
func NewBaseline(file string, findings []Finding) *Baseline {
	b := &Baseline{File: file, Entries: []BaselineEntry{}}
	for i := range findings {
		if f := &findings[i]; ignorable(f) {
			b.Entries = append(b.Entries, BaselineEntry{Fingerprint: f.Fingerprint, Rule: f.Rule, File: f.File, Message: f.Message})
		}
	}
	slices.SortFunc(b.Entries, func(a, b BaselineEntry) int {
		return cmp.Or(strings.Compare(a.File, b.File), strings.Compare(a.Rule, b.Rule),
			strings.Compare(a.Message, b.Message), strings.Compare(a.Fingerprint, b.Fingerprint))
	})
	return b
}

// Write writes the file, one line a finding, so that a change of one is a change of one line.
func (b *Baseline) Write(w io.Writer) error {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	fmt.Fprintf(&out, "{\n\"version\": %d,\n\"findings\": [", baselineVersion)
	for i, entry := range b.Entries {
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteByte('\n')
		if err := e.Encode(entry); err != nil {
			return err
		}
		out.Truncate(out.Len() - 1) // the encoder's line end
	}
	out.WriteString("\n]\n}\n")
	_, err := w.Write(out.Bytes())
	return err
}

// ReadBaseline reads a file that Write wrote. It takes nothing else: an error names the file and the line.
func ReadBaseline(file string, r io.Reader) (*Baseline, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxBaseline+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxBaseline {
		return nil, fmt.Errorf("%s: a baseline has at most %d bytes; mend some of the findings first", file, maxBaseline)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	b := &Baseline{File: file}
	if err := b.decode(d, text); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		at := d.InputOffset()
		if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
			at = max(at, syntax.Offset-1)
		}
		return nil, fmt.Errorf("%s:%d: %w; headgate check --write-baseline writes it anew", file, lineAt(text, at), err)
	}
	return b, nil
}

func lineAt(text []byte, offset int64) int {
	return 1 + bytes.Count(text[:min(offset, int64(len(text)))], []byte("\n"))
}

// decode reads key by key, so that each entry's line is known.
func (b *Baseline) decode(d *json.Decoder, text []byte) error {
	if err := expect(d, json.Delim('{')); err != nil {
		return err
	}
	seen := map[any]bool{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		if seen[key] {
			return fmt.Errorf("%q stands there twice", key)
		}
		seen[key] = true
		switch key {
		case "version":
			err = decodeVersion(d)
		case "findings":
			err = b.decodeEntries(d, text)
		default:
			err = fmt.Errorf("there is no field %q; a baseline has version and findings", key)
		}
		if err != nil {
			return err
		}
	}
	if err := expect(d, json.Delim('}')); err != nil {
		return err
	}
	if !seen["version"] || !seen["findings"] {
		return errors.New("a baseline has the fields version and findings")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the end of the baseline")
	}
	return nil
}

func decodeVersion(d *json.Decoder) error {
	var version int
	if err := d.Decode(&version); err != nil {
		return err
	}
	if version != baselineVersion {
		return fmt.Errorf("version %d is not known, only %d is", version, baselineVersion)
	}
	return nil
}

func (b *Baseline) decodeEntries(d *json.Decoder, text []byte) error {
	if err := expect(d, json.Delim('[')); err != nil {
		return err
	}
	line, counted := 1, 0
	for d.More() {
		var entry BaselineEntry
		begins := int(d.InputOffset())
		begins += max(0, bytes.IndexByte(text[begins:], '{'))
		if err := d.Decode(&entry); err != nil {
			return err
		}
		line += bytes.Count(text[counted:begins], []byte("\n"))
		counted, entry.Line = begins, line
		if entry.Fingerprint == "" {
			return errors.New("a finding has no fingerprint")
		}
		b.Entries = append(b.Entries, entry)
	}
	return expect(d, json.Delim(']'))
}

func expect(d *json.Decoder, want json.Delim) error {
	got, err := d.Token()
	if err == nil && got != want {
		err = fmt.Errorf("%v stands where %v is expected", got, want)
	}
	return err
}
