package tern

import (
	"bytes"
	"strings"

	"github.com/headgate/headgate/internal/migration"
)

// output is what a template writes, with where each piece of it comes from.
type output struct {
	set    *set
	text   strings.Builder
	pieces []migration.Piece
	at     spot // of the action that writes
	// installed is the output of a snapshot that is still to be written, as the value of an action.
	installed *output
}

// Write is given each text of a template by itself, in the memory where the parser put it, and each value of an action.
func (o *output) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if err := o.set.limits.spend(len(p)); err != nil {
		return 0, err
	}
	start := o.text.Len()
	from, literal := o.set.texts[&p[0]]
	switch {
	case literal:
		o.literal(p, from, start)
	case o.installed != nil && o.installed.text.String() == string(p):
		for _, piece := range o.installed.pieces {
			piece.Offset += start
			o.pieces = append(o.pieces, piece)
		}
		o.installed = nil
	default:
		o.pieces = append(o.pieces, migration.Piece{Offset: start, File: o.at.source.file, Line: o.at.line, Column: o.at.column})
	}
	o.text.Write(p)
	return len(p), nil
}

// literal notes a piece of each line of a text.
func (o *output) literal(p []byte, from spot, start int) {
	line, column := from.line, from.column
	for at := 0; at < len(p); {
		o.pieces = append(o.pieces, migration.Piece{Offset: start + at, File: from.source.file, Line: line, Column: column, Literal: true})
		length := bytes.IndexByte(p[at:], '\n') + 1
		if length == 0 {
			return
		}
		at += length
		line, column = line+1, 1
	}
}

// keep remembers what an action is about to write.
func (o *output) keep(installed *output) string {
	o.installed = installed
	return installed.text.String()
}
