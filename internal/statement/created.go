package statement

// Kind is what kind of object a statement creates.
type Kind string

// The kinds of object.
const (
	// Relation is a table, view, materialized view, index or sequence.
	Relation Kind = "relation"
	// ColumnOf is a column that ALTER TABLE adds, or renames another to.
	ColumnOf Kind = "column"
	// Type is a type or a domain.
	Type Kind = "type"
	// Function is a function, procedure or aggregate; its name comes without arguments.
	Function Kind = "function"
	// Namespace is a schema.
	Namespace Kind = "schema"
)

// Created is an object that a statement creates.
type Created struct {
	Kind Kind
	// Schema is empty where none is spelled out. Table is a Column's.
	Schema, Table, Name string
}

// Creates lists what a statement creates: where the code itself does that, it is no mistake that no migration does.
func Creates(sql string) []Created {
	p := &prober{reader: newReader(sql)}
	switch {
	case p.is("create"):
		return p.creates()
	case p.is("alter"):
		return p.alters()
	case p.is("select"), p.is("with"):
		if p.find("into") && p.is("into") {
			for p.any("temporary", "temp", "unlogged", "table") {
			}
			return p.made(Relation)
		}
	}
	return nil
}

// made is the object whose name comes next.
func (p *prober) made(kind Kind) []Created {
	n, ok := p.name()
	if !ok {
		return nil
	}
	return []Created{{Kind: kind, Schema: n.schema, Name: n.name}}
}

func (p *prober) creates() []Created {
	what := p.createdKind()
	p.is("concurrently")
	p.is("if", "not", "exists")
	switch what {
	case "table", "view", "sequence":
		return p.made(Relation)
	case "index":
		if p.word() != "on" {
			return p.made(Relation)
		}
	case "type", "domain":
		return p.made(Type)
	case "function", "procedure", "aggregate":
		return p.made(Function)
	case "schema":
		if p.word() != "authorization" {
			return p.made(Namespace)
		}
	}
	return nil
}

// alters lists the columns that ALTER TABLE adds, and the new names that it gives.
func (p *prober) alters() []Created {
	if !p.is("table") && !p.is("view") && !p.is("materialized", "view") && !p.is("foreign", "table") {
		return nil
	}
	p.is("if", "exists")
	table, ok := p.relation()
	if !ok {
		return nil
	}
	var made []Created
	p.items(func(_ int, s span) {
		d := definer{prober: p, added: map[string]bool{}}
		d.in(s, func() {
			switch {
			case d.word() == "add":
				d.adds()
				for column := range d.added {
					made = append(made, Created{Kind: ColumnOf, Schema: table.schema, Table: table.name, Name: column})
				}
			case d.is("rename", "to"):
				made = append(made, Created{Kind: Relation, Schema: table.schema, Name: fold(d.word())})
			case d.is("rename") && d.word() != "constraint" && d.find("to") && d.is("to"):
				made = append(made, Created{Kind: ColumnOf, Schema: table.schema, Table: table.name, Name: fold(d.word())})
			}
		})
	})
	return made
}
