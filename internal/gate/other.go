package gate

import (
	"context"
	"fmt"

	"github.com/headgate/headgate/internal/postgres"
	"github.com/headgate/headgate/internal/schema"
)

// Other is another service that reads some of the same files. Where nothing says which service's database a statement goes to,
// the schemas do: a reference that holds on another service's is that service's.
type Other struct {
	Name string
	// First says that it comes before the one that is judged: of those that a reference fits equally, the first has it.
	First bool
	// Shares tells whether it reads a file, too.
	Shares  func(file string) bool
	Schemas []Schema
}

// fit is how well a reference fits the schemas of a service.
type fit int

// The fits, the worst first.
const (
	fitNothing fit = iota // it is refused for another reason than a missing object
	fitUnknown            // its relations are not known
	fitRelated            // it names a relation, and lacks something else
	fitSome               // it holds on one of the schemas
	fitEverywhere
)

// divide takes out the references that no schema holds and that fit another service better.
func (j *judge) divide(ctx context.Context, cases []hearing, texts []string) ([]hearing, error) {
	if len(j.Others) == 0 {
		return cases, nil
	}
	fits := make([]fit, len(cases))
	var inDoubt []*hearing
	for i := range cases {
		h := &cases[i]
		if fits[i] = fitOf(h.answers, j.mentionsTable(h.SQL)); fits[i] < fitSome {
			inDoubt = append(inDoubt, h)
		}
	}
	others, err := j.askOthers(ctx, inDoubt, texts)
	if err != nil {
		return nil, err
	}
	var kept []hearing
	for i := range cases {
		if owner, other := others.owner(&cases[i], fits[i]); other {
			j.leave(&cases[i].use, owner)
			continue
		}
		kept = append(kept, cases[i])
	}
	return kept, nil
}

// leave counts a use as another service's, where the proposed code has it: the others are no references of the coverage.
func (j *judge) leave(u *use, owner string) {
	if !u.proposed {
		return
	}
	if j.coverage.Elsewhere == nil {
		j.coverage.Elsewhere = map[string]int{}
	}
	j.coverage.Elsewhere[owner]++
}

// doubt weakens what was found of references that another service holds everywhere: nothing says whose they are, so that the
// finding can be a false alarm.
func (j *judge) doubt(ctx context.Context, texts []string) error {
	if len(j.Others) == 0 {
		return nil
	}
	var inDoubt []*hearing
	for i := range j.findings {
		if h := j.about[i]; h != nil {
			inDoubt = append(inDoubt, h)
		}
	}
	others, err := j.askOthers(ctx, inDoubt, texts)
	if err != nil {
		return err
	}
	for i := range j.findings {
		h, f := j.about[i], &j.findings[i]
		if h == nil {
			continue
		}
		if owner := others.holder(h); owner != "" {
			if f.Severity == Error {
				f.Severity = Warning
			}
			f.Message += fmt.Sprintf(". It holds on the schemas of service %s, which reads this file too", owner)
			f.Remedy += fmt.Sprintf("; if the statement goes to the database of %s, say so with the patterns of `code`", owner)
		}
	}
	return nil
}

// firstReader is the first service that reads a file, where that is another one.
func (j *judge) firstReader(file string) (string, bool) {
	for _, o := range j.Others {
		if o.First && o.Shares(file) {
			return o.Name, true
		}
	}
	return "", false
}

// opinions are how well references fit the other services: by the service, and by the reference.
type opinions struct {
	others []Other
	fits   []map[*hearing]fit
}

// askOthers has the schemas of the other services judge what they share.
func (j *judge) askOthers(ctx context.Context, hearings []*hearing, texts []string) (*opinions, error) {
	all := &opinions{others: j.Others, fits: make([]map[*hearing]fit, len(j.Others))}
	for o := range j.Others {
		other := &j.Others[o]
		var shared []*hearing
		var asked []string
		at := map[int]int{} // the index of a text among those asked
		for _, h := range hearings {
			if !other.Shares(h.Place.File) {
				continue
			}
			shared = append(shared, h)
			for _, p := range h.probes {
				if _, known := at[p.text]; !known {
					at[p.text] = len(asked)
					asked = append(asked, texts[p.text])
				}
			}
		}
		if len(shared) == 0 {
			continue
		}
		answers, err := analyseAll(ctx, other.Schemas, asked)
		if err != nil {
			return nil, fmt.Errorf("ask the schemas of service %s: %w", other.Name, err)
		}
		named := tableNames(other.Schemas[len(other.Schemas)-1].Snapshot)
		all.fits[o] = make(map[*hearing]fit, len(shared))
		for _, h := range shared {
			rows := make([][]*postgres.Answer, len(h.probes))
			for i, p := range h.probes {
				for s := range other.Schemas {
					rows[i] = append(rows[i], &answers[s][at[p.text]])
				}
			}
			all.fits[o][h] = fitOf(rows, mentions(h.SQL, named))
		}
	}
	return all, nil
}

// owner is the service that a reference fits better than the one that is judged, or as well where it comes first.
func (o *opinions) owner(h *hearing, own fit) (string, bool) {
	if own >= fitSome {
		return "", false
	}
	name, best := "", own
	for i := range o.others {
		f, asked := o.fits[i][h]
		if asked && (f > best || f == best && name == "" && o.others[i].First) {
			name, best = o.others[i].Name, f
		}
	}
	return name, name != ""
}

// holder is a service all of whose schemas hold a reference; empty where there is none.
func (o *opinions) holder(h *hearing) string {
	for i := range o.others {
		if o.fits[i][h] == fitEverywhere {
			return o.others[i].Name
		}
	}
	return ""
}

// fitOf weighs the answers of a service's schemas, a row for each probe. Named says that one of its tables is named.
func fitOf(rows [][]*postgres.Answer, named bool) fit {
	best, holding := fitNothing, 0
	schemas := 0
	if len(rows) > 0 {
		schemas = len(rows[0])
	}
	for s := range schemas {
		on := fitEverywhere
		for _, row := range rows {
			on = min(on, fitOn(row[s], named))
		}
		if on == fitEverywhere {
			holding++
			on = fitSome
		}
		best = max(best, on)
	}
	if holding > 0 && holding == schemas {
		return fitEverywhere
	}
	return best
}

// fitOn weighs one answer.
func fitOn(a *postgres.Answer, named bool) fit {
	says := refused(a)
	if says == nil {
		return fitEverywhere
	}
	lacks, ok := readMissing(says)
	switch {
	case !ok:
		return fitNothing
	case lacks.kind == schema.Table || lacks.kind == schema.Namespace || !named:
		return fitUnknown
	}
	return fitRelated
}
