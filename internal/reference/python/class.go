package python

import (
	"slices"

	py "github.com/headgate/headgate/internal/syntax/python"
)

// class is a class of the repository.
type class struct {
	def   *py.ClassDef
	env   *env // where it is defined
	names *names
	// bases are what its bases stand for, in order, found when they are first asked for.
	bases   []entity
	resolve bool
	order   []*class
	foreign []foreign
	ordered bool
}

// foreign is a base from outside of the repository, and where it is named.
type foreign struct {
	entity
	src *source
	at  py.Expr
}

// mostBases is how many classes a class may derive from.
const mostBases = 64

// basesOf are what a class's bases stand for.
func (r *resolver) basesOf(c *class) []entity {
	if !c.resolve {
		c.resolve = true
		c.bases = make([]entity, len(c.def.Bases))
		for i, b := range c.def.Bases {
			c.bases[i] = r.resolve(b, c.env)
		}
	}
	return c.bases
}

// order is the class and its bases in the order in which Python looks for an attribute (https://docs.python.org/3/howto/mro.html), and
// the bases from outside of the repository. Bases that contradict each other, which Python refuses, are taken depth first.
func (r *resolver) order(c *class) ([]*class, []foreign) {
	if c.ordered {
		return c.order, c.foreign
	}
	if r.height > mostBases {
		return []*class{c}, nil
	}
	r.height++
	defer func() { r.height-- }()
	c.ordered = true // what derives from itself ends here
	c.order = []*class{c}
	var lists [][]*class
	var direct []*class
	for i, b := range r.basesOf(c) {
		if i > mostBases {
			break
		}
		switch {
		case b.class != nil && b.class != c:
			above, outside := r.order(b.class)
			lists = append(lists, slices.Clone(above))
			direct = append(direct, b.class)
			c.foreign = append(c.foreign, outside...)
		case b.external != "":
			c.foreign = append(c.foreign, foreign{b, c.env.mod.src, c.def.Bases[i]})
			if made := r.madeOf(b); made != nil && made != c {
				above, outside := r.order(made)
				lists = append(lists, slices.Clone(above))
				direct = append(direct, made)
				c.foreign = append(c.foreign, outside...)
			}
		default:
			c.foreign = append(c.foreign, foreign{entity{}, c.env.mod.src, c.def.Bases[i]})
		}
	}
	c.order = append(c.order, merge(append(lists, direct))...)
	c.order = c.order[:min(len(c.order), mostBases)]
	c.foreign = c.foreign[:min(len(c.foreign), mostBases)]
	return c.order, c.foreign
}

// madeOf is the class that declarative_base(cls=…) and SQLAlchemy(model_class=…) build on.
func (r *resolver) madeOf(b entity) *class {
	call, ok := b.value.(*py.Call)
	if !ok {
		return nil
	}
	for _, name := range []string{"cls", "model_class"} {
		if e := keyword(call, name); e != nil {
			return r.resolve(e, b.env).class
		}
	}
	return nil
}

// merge is the C3 linearization of what stands before it.
func merge(lists [][]*class) []*class {
	var out []*class
	for {
		lists = slices.DeleteFunc(lists, func(l []*class) bool { return len(l) == 0 })
		if len(lists) == 0 {
			return out
		}
		next := lists[0][0]
		for _, l := range lists {
			inTail := slices.ContainsFunc(lists, func(other []*class) bool { return slices.Contains(other[1:], l[0]) })
			if !inTail {
				next = l[0]
				break
			}
		}
		out = append(out, next)
		for i := range lists {
			lists[i] = slices.DeleteFunc(lists[i], func(c *class) bool { return c == next })
		}
	}
}
