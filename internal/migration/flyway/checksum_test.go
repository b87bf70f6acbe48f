package flyway

import "testing"

// The number is from Flyway's own documentation (Tutorial - Dry Runs, V3__Couple.sql, whose lines end in spaces).
func TestChecksumKnown(t *testing.T) {
	const couple = "create table COUPLE (\n    ID int not null,\n    PERSON1 int not null references PERSON(ID), \n    PERSON2 int not null references PERSON(ID) \n);\n"
	crlf := "\ufeffcreate table COUPLE (\r\n    ID int not null,\r\n    PERSON1 int not null references PERSON(ID), \r\n    PERSON2 int not null references PERSON(ID) \r\n);"
	for _, text := range []string{couple, crlf} {
		if got := checksum(text); got != -722651034 {
			t.Errorf("checksum of %q is %d", text, got)
		}
	}
}

func FuzzParseName(f *testing.F) {
	for _, seed := range []string{"V1__a.sql", "V1_2.3__a__b.SQL", "R__x.sql", "R.sql", "B10__b.sql", "V__x.sql", "V1..2__x.sql", "beforeMigrate.sql"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, base string) {
		s := defaults()
		n := s.parseName(base, s.suffixes)
		if n.kind == repeatable && n.version != "" || n.kind != none && n.kind != repeatable && compareVersions(n.version, n.version+".0") != 0 {
			t.Errorf("%q is %+v", base, n)
		}
	})
}

func FuzzReplace(f *testing.F) {
	f.Add("a ${b} c\n${d")
	f.Add("${\n${b}}")
	f.Fuzz(func(t *testing.T, text string) {
		_, _ = defaults().replace("f", text, map[string]string{"b": "v"})
	})
}
