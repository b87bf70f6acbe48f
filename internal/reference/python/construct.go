package python

import (
	py "github.com/headgate/headgate/internal/syntax/python"
)

// constructOf tells what a call of an entity makes of an attribute: the library's own constructs, classes that derive from them, and
// functools.partial of one.
func (r *resolver) constructOf(callee entity) construct {
	switch {
	case callee.external == "functools.partial()":
		call, ok := callee.value.(*py.Call)
		if ok && len(call.Args) > 0 {
			return r.constructOf(r.resolve(call.Args[0], callee.env))
		}
	case callee.external != "":
		return constructOf(callee.external)
	case callee.class != nil:
		_, outside := r.order(callee.class)
		for _, f := range outside {
			if c := constructOf(f.external); c == columnConstruct || c == tableConstruct {
				return c
			}
		}
	}
	return unknownConstruct
}

// made is a call of a construct, and where it stands.
type made struct {
	construct
	call *py.Call
	env  *env
}

// construct tells what an expression makes of an attribute. The call is nil where it is nothing that is known.
func (r *resolver) construct(e py.Expr, in *env) made {
	found := r.resolve(e, in)
	call, ok := found.value.(*py.Call)
	if !ok || found.external != "" {
		return made{call: call, env: found.env}
	}
	callee := r.resolve(call.Func, found.env)
	if c := r.constructOf(callee); c != unknownConstruct {
		return made{c, call, found.env}
	}
	if method, ok := call.Func.(*py.Attribute); ok && (method.Attr.Name == "copy" || method.Attr.Name == "_copy") {
		if r.depth < deepest {
			r.depth++
			defer func() { r.depth-- }()
			return r.construct(method.Value, found.env)
		}
	}
	return made{call: call, env: found.env}
}
