package alembic

import (
	"maps"
	"slices"

	"github.com/headgate/headgate/internal/syntax/python"
)

// undecided runs a part that may or may not run, or run any number of times, depending on data. That is exact as long
// as it changes no schema; what it assigns is unknown from there on.
func (f *frame) undecided(why string, body []python.Stmt) error {
	return f.perhapsRun(why, body, false)
}

func (f *frame) perhapsRun(why string, body []python.Stmt, loop bool) error {
	before := f.dataOnly
	if before == "" {
		f.dataOnly = why
	}
	names := maps.Clone(f.names)
	how, _, err := f.block(body)
	f.dataOnly = before
	f.forget(why, body, names, loop)
	f.ends(how, why)
	return err
}

// ends looks at how an undecided part ended. Where that leaves open whether the rest runs, the rest may not change the
// schema either: after a return that of the function, after a break or continue that of the loop. After an exception
// nothing runs at all, unless it is caught.
func (f *frame) ends(how flow, why string) {
	if f.dataOnly != "" || how == goesOn || how == raised && f.catches == 0 {
		return
	}
	f.returns = f.returns || how == returned || how == raised
	f.dataOnly = "a return that depends on " + why
}

func (f *frame) execIf(s *python.If) (flow, value, error) {
	open := ""
	for _, branch := range s.Branches {
		test, err := f.eval(branch.Test)
		if err != nil {
			return goesOn, nil, err
		}
		is, known := truth(test)
		switch {
		case !known:
			open = describe(test)
			if err := f.undecided(open, branch.Body); err != nil {
				return goesOn, nil, err
			}
		case is && open != "":
			return goesOn, nil, f.undecided(open, branch.Body)
		case is:
			return f.block(branch.Body)
		}
	}
	if open != "" {
		return goesOn, nil, f.undecided(open, s.Else)
	}
	return f.block(s.Else)
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
		return goesOn, nil, f.undecidedLoop(describe(source), s.Body)
	}
	items, err := f.iterate(s.Iter, source)
	if err != nil {
		if _, ok := f.unknown(err); !ok {
			return goesOn, nil, err
		}
		return goesOn, nil, f.undecidedLoop(describe(source), s.Body)
	}
	end := f.loop()
	defer end()
	for _, item := range slices.Clone(items) {
		if err := f.assign(s.Target, item); err != nil {
			return goesOn, nil, err
		}
		how, v, err := f.block(s.Body)
		if err != nil || how == returned || how == raised {
			return how, v, err
		}
		if how == broke {
			return goesOn, nil, nil
		}
	}
	return f.block(s.Else)
}

// loop begins a loop; what it returns ends it, and with it what a break or continue in it left open.
func (f *frame) loop() (end func()) {
	before, returns := f.dataOnly, f.returns
	f.returns = false
	return func() {
		if !f.returns {
			f.dataOnly = before
		}
		f.returns = f.returns || returns
	}
}

// undecidedLoop is a loop over what only a run can tell.
func (f *frame) undecidedLoop(why string, body []python.Stmt) error {
	end := f.loop()
	defer end()
	return f.perhapsRun(why, body, true)
}

func (f *frame) assignUnknown(target python.Expr, source value) error {
	return f.assign(target, &runtime{why: describe(source)})
}

func (f *frame) execWhile(s *python.While) (flow, value, error) {
	end := f.loop()
	defer end()
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
			return goesOn, nil, f.undecidedLoop(describe(test), s.Body)
		}
		if !is {
			return f.block(s.Else)
		}
		how, v, err := f.block(s.Body)
		if err != nil || how == returned || how == raised {
			return how, v, err
		}
		if how == broke {
			return goesOn, nil, nil
		}
	}
}

func (f *frame) execTry(s *python.Try) (flow, value, error) {
	if len(s.Handlers) > 0 {
		f.catches++
	}
	how, v, err := f.block(s.Body)
	if len(s.Handlers) > 0 {
		f.catches--
	}
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
