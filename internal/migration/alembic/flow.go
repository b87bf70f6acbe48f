package alembic

import (
	"slices"

	"github.com/headgate/headgate/internal/syntax/python"
)

// undecided runs a part that may or may not run, or run any number of times, depending on data. That is exact as long
// as it changes no schema.
func (f *frame) undecided(why string, body []python.Stmt) (flow, error) {
	before := f.dataOnly
	if before == "" {
		f.dataOnly = why
	}
	defer func() { f.dataOnly = before }()
	how, _, err := f.block(body)
	return how, err
}

func (f *frame) execIf(s *python.If) (flow, value, error) {
	unsure := false
	for _, branch := range s.Branches {
		test, err := f.eval(branch.Test)
		if err != nil {
			return goesOn, nil, err
		}
		is, known := truth(test)
		switch {
		case !known:
			unsure = true
			how, err := f.undecided(describe(test), branch.Body)
			if err != nil {
				return goesOn, nil, err
			}
			f.ends(how, describe(test))
		case is && unsure:
			_, err := f.undecided(describe(test), branch.Body)
			return goesOn, nil, err
		case is:
			return f.block(branch.Body)
		}
	}
	if unsure {
		_, err := f.undecided("the condition above", s.Else)
		return goesOn, nil, err
	}
	return f.block(s.Else)
}

// ends looks at how an undecided part ended. A return in it leaves open whether the rest of the function runs: then the
// rest may not change the schema either.
func (f *frame) ends(how flow, why string) {
	if how == returned && f.dataOnly == "" {
		f.dataOnly = "a return that depends on " + why
	}
}

func (f *frame) execFor(s *python.For) (flow, value, error) {
	source, err := f.eval(s.Iter)
	if err != nil {
		return goesOn, nil, err
	}
	if loopsOverData(source) {
		if err := f.assignUnknown(s.Target, source); err != nil {
			return goesOn, nil, err
		}
		_, err := f.undecided(describe(source), s.Body)
		return goesOn, nil, err
	}
	items, err := f.iterate(s.Iter, source)
	if err != nil {
		return goesOn, nil, err
	}
	for _, item := range slices.Clone(items) {
		if err := f.assign(s.Target, item); err != nil {
			return goesOn, nil, err
		}
		how, v, err := f.block(s.Body)
		if err != nil || how == returned {
			return how, v, err
		}
		if how == broke {
			return goesOn, nil, nil
		}
	}
	return f.block(s.Else)
}

func (f *frame) assignUnknown(target python.Expr, source value) error {
	return f.assign(target, &runtime{why: describe(source)})
}

func (f *frame) execWhile(s *python.While) (flow, value, error) {
	for {
		if err := f.step(s); err != nil {
			return goesOn, nil, err
		}
		test, err := f.eval(s.Test)
		if err != nil {
			return goesOn, nil, err
		}
		is, known := truth(test)
		// The end of a "while True" hangs on the rows that it works on.
		if c, constant := s.Test.(*python.Constant); !known || f.dataOnly != "" || constant && c.Kind == python.True {
			_, err := f.undecided(describe(test), s.Body)
			return goesOn, nil, err
		}
		if !is {
			return f.block(s.Else)
		}
		how, v, err := f.block(s.Body)
		if err != nil || how == returned {
			return how, v, err
		}
		if how == broke {
			return goesOn, nil, nil
		}
	}
}

func (f *frame) execTry(s *python.Try) (flow, value, error) {
	how, v, err := f.block(s.Body)
	if err != nil {
		return how, v, err // what the server refuses has also ended the transaction, so no handler could go on
	}
	if how == goesOn {
		how, v, err = f.block(s.Else)
	}
	if err != nil {
		return how, v, err
	}
	if last, w, err := f.block(s.Finally); err != nil || last != goesOn {
		return last, w, err
	}
	return how, v, nil
}

func (f *frame) execWith(s *python.With) (flow, value, error) {
	var leave []func() error
	for _, item := range s.Items {
		context, err := f.eval(item.Context)
		if err != nil {
			return goesOn, nil, err
		}
		entered, exit, err := f.enter(item, context)
		if err != nil {
			return goesOn, nil, err
		}
		if exit != nil {
			leave = append(leave, exit)
		}
		if item.Target != nil {
			if err := f.assign(item.Target, entered); err != nil {
				return goesOn, nil, err
			}
		}
	}
	how, v, err := f.block(s.Body)
	for _, exit := range slices.Backward(leave) {
		if err == nil {
			err = exit()
		}
	}
	return how, v, err
}
